with trades as (
    {{ newest_rows('raw_trades', key=['trade_id']) }}
)

select
    {{ as_text('trade_id') }} as trade_id,
    {{ as_date('trade_date') }} as trade_date,
    {{ as_text('symbol') }} as symbol,
    {{ as_decimal('quantity') }} as quantity,
    {{ as_decimal('price', scale=6) }} as price,
    case upper(trim(side))
        when 'B' then 'BUY'
        when 'S' then 'SELL'
        else upper(trim(side))
    end as side,
    {{ as_text('account') }} as account,
    -- A column that the sender added later and the raw table does not have: it waits in _extra.
    {{ extra('venue') }} as venue,
    _load_id,
    _filename,
    _loaded_at
from trades
