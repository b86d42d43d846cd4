-- Positions valued at the closing price of their day, beside the value that the sender reported.
-- A position whose price has not arrived yet stays, without a value.
select
    positions.account,
    positions.symbol,
    positions.position_date,
    positions.quantity,
    prices.close_price,
    cast(positions.quantity * prices.close_price as decimal(38, 2)) as value_at_close,
    positions.market_value as reported_value,
    cast(positions.quantity * prices.close_price as decimal(38, 2)) - positions.market_value
        as difference
from {{ ref('stg_positions') }} as positions
left join {{ ref('stg_eod_prices') }} as prices
    on positions.symbol = prices.symbol
    and positions.position_date = prices.price_date
