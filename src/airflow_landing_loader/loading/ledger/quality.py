"""How good what was loaded is, table by table."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from airflow_landing_loader.loading.history import TableQuality
from airflow_landing_loader.loading.ledger.queries import Books
from airflow_landing_loader.loading.ledger.views import METRIC_OF_RULE

_RECORDS = """
SELECT m.table_name, SUM(m.record_count),
  SUM(m.record_count - COALESCE(q.failed_count, m.rejected_count))
FROM load_metadata m
LEFT JOIN load_quality q ON q.load_id = m.load_id AND q.rule = 'all'
WHERE m.completed_at >= :since GROUP BY m.table_name ORDER BY m.table_name
"""
_BROKEN = """
SELECT m.table_name, q.rule, SUM(q.failed_count)
FROM load_quality q JOIN load_metadata m ON m.load_id = q.load_id
WHERE m.completed_at >= :since AND q.rule = ANY(:rules) GROUP BY m.table_name, q.rule
"""


def quality_since(books: Books, since: datetime) -> tuple[TableQuality, ...]:
    """Return what all loads that were completed from a time on came to, by table.

    :param since: UTC without zone.
    """
    broken: dict[str, dict[str, int]] = defaultdict(dict)
    for table, rule, failed in books.ask(_BROKEN, since=since, rules=list(METRIC_OF_RULE)):
        broken[table][METRIC_OF_RULE[rule]] = int(failed)
    return tuple(
        TableQuality(table=table, records=int(records), good=int(good), **broken[table])
        for table, records, good in books.ask(_RECORDS, since=since)
    )
