-- A price that came twice would count a position twice.
select account, symbol, position_date, count(*) as times
from {{ ref('position_values') }}
group by account, symbol, position_date
having count(*) > 1
