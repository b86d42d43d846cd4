with prices as (
    {{ newest_rows('raw_eod_prices', key=['symbol', 'price_date']) }}
)

select
    {{ as_text('symbol') }} as symbol,
    {{ as_date('price_date') }} as price_date,
    {{ as_decimal('close_price', scale=6) }} as close_price,
    {{ as_bigint('volume') }} as volume,
    _load_id,
    _filename,
    _loaded_at
from prices
