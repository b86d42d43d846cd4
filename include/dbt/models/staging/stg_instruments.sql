with instruments as (
    {{ newest_rows('raw_instruments', key=['symbol']) }}
)

select
    {{ as_text('symbol') }} as symbol,
    {{ as_text('name') }} as name,
    upper({{ as_text('currency') }}) as currency,
    {{ as_text('exchange') }} as exchange,
    {{ as_text('asset_class') }} as asset_class,
    _load_id,
    _filename,
    _loaded_at
from instruments
