with positions as (
    {{ newest_rows('raw_positions', key=['account', 'symbol', 'position_date']) }}
)

select
    {{ as_text('account') }} as account,
    {{ as_text('symbol') }} as symbol,
    {{ as_date('position_date') }} as position_date,
    {{ as_decimal('quantity') }} as quantity,
    {{ as_decimal('market_value', scale=2) }} as market_value,
    _load_id,
    _filename,
    _loaded_at
from positions
