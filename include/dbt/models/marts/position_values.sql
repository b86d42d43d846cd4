-- Positions valued at the closing price of their day, beside the value that the sender reported.
-- A position whose price has not arrived yet stays, without a value.
select
    positions.account,
    positions.symbol,
    positions.position_date,
    positions.quantity,
    prices.close_price,
    {{ as_amount('positions.quantity * prices.close_price') }} as value_at_close,
    positions.market_value as reported_value,
    {{ as_amount('positions.quantity * prices.close_price') }} - positions.market_value
        as difference
from {{ ref('stg_positions') }} as positions
left join {{ ref('stg_eod_prices') }} as prices
    on positions.symbol = prices.symbol
    and positions.position_date = prices.price_date
