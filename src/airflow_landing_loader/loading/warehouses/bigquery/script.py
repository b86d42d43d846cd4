"""The transaction that moves a batch's rows and books out of staging: its SQL and parameters.

Its first statement updates the one row of ``load_sequence``. BigQuery lets one transaction at a
time change a table, so that of two loaders the second fails there, and tries again when it can see
what the first has committed.
"""

from __future__ import annotations

from typing import Any

from airflow_landing_loader.config.mapping.own_tables import LOAD_SEQUENCE
from airflow_landing_loader.loading.columns.names import EXTRA, LOAD_ID, ROW_NUMBER
from airflow_landing_loader.loading.ledger.outbox import IS_NEW
from airflow_landing_loader.loading.ledger.tables import (
    LOAD_COLUMNS,
    LOAD_DELIVERIES,
    LOAD_EVENTS,
    LOAD_METADATA,
    LOAD_QUALITY,
    LOAD_REJECTS,
    LOAD_TOTALS,
)
from airflow_landing_loader.loading.warehouses.bigquery import values
from airflow_landing_loader.loading.warehouses.bigquery.ledger import insert
from airflow_landing_loader.loading.warehouses.bigquery.raw_table import quoted, quoted_name
from airflow_landing_loader.loading.warehouses.bigquery.values import cast_type, own_type
from airflow_landing_loader.loading.warehouses.manifest import Manifest, Part
from airflow_landing_loader.loading.warehouses.recovery import MISCOUNTED, OUTDATED

# Loads that were committed after it was decided what the batch's loads are, and that would have
# been part of the decision.
COUNT_BETWEEN = f"""
SELECT COUNT(*) FROM {LOAD_METADATA.name} m
JOIN UNNEST(@{LOAD_METADATA.name}) r ON m.load_id = r.load_id OR (
  m.sequence > @basis AND m.table_name = r.table_name
  AND (m.filename = r.filename OR m.sha256 = r.sha256 OR m.sequence_key = r.sequence_key))
"""
# The same for columns: those that another name has taken meanwhile.
COUNT_TAKEN = f"""
SELECT COUNT(*) FROM UNNEST(@{LOAD_COLUMNS.name}) r
JOIN UNNEST(@{LOAD_METADATA.name}) l ON r.load_id = l.load_id
JOIN {LOAD_METADATA.name} m ON m.table_name = l.table_name AND m.sequence > @basis
JOIN {LOAD_COLUMNS.name} c ON c.load_id = m.load_id
WHERE r.owner IS NOT NULL AND c.owner IS NOT NULL AND c.owner != r.owner
AND LOWER(c.column_name) = LOWER(r.column_name)
"""
_TOLD_ANEW = tuple(n for n in LOAD_DELIVERIES.column_names if n not in ("delivery_id", "failed_at"))
COUNT_COMMITTED = f"SELECT COUNT(*) FROM {LOAD_METADATA.name} WHERE load_id IN UNNEST(@load_ids)"


def script(manifest: Manifest) -> str:
    """Return the transaction. Run again after it has committed, it changes nothing."""
    count = len(manifest.loads)
    moves = [
        statement
        for index, part in enumerate(manifest.parts)
        if not part.direct
        for statement in _moves(part, stage_name(manifest, index), f"@table_{index}")
    ]
    replaces = [
        f"DELETE FROM {quoted(table)} WHERE {LOAD_ID} IN UNNEST(@replaced)"
        for table in sorted({table for table, _ in manifest.replaces})
    ]
    if replaces:
        replaces += [
            "UPDATE load_deliveries SET outcome = 'superseded' "
            "WHERE load_id IN UNNEST(@replaced) AND outcome = 'loaded'",
            f"UPDATE {LOAD_METADATA.name} t SET removed_sequence = first_sequence + r.sequence "
            f"FROM UNNEST(@{LOAD_METADATA.name}) r WHERE t.load_id = r.restates_load_id "
            "AND t.load_id IN UNNEST(@replaced) AND t.removed_sequence IS NULL",
        ]
    sequence, at = "first_sequence + r.sequence", "CURRENT_TIMESTAMP()"
    statements = [
        _assert(f"({COUNT_BETWEEN}) = 0", OUTDATED),
        *([_assert(f"({COUNT_TAKEN}) = 0", OUTDATED)] if manifest.takes_columns else []),
        f"SET first_sequence = (SELECT next - {count} FROM {LOAD_SEQUENCE})",
        *replaces,
        *moves,
        insert(LOAD_METADATA, sequence=sequence, completed_at=at),
        insert(LOAD_COLUMNS),
        *([insert(LOAD_TOTALS)] if manifest.load_totals else []),
        *([insert(LOAD_QUALITY)] if manifest.load_quality else []),
        *([f"{insert(LOAD_EVENTS)} WHERE {IS_NEW}"] if manifest.events else []),
        # When one was first refused stays.
        f"UPDATE {LOAD_DELIVERIES.name} t SET "
        + ", ".join(f"{n} = {at if n == 'recorded_at' else f'r.{n}'}" for n in _TOLD_ANEW)
        + f" FROM UNNEST(@{LOAD_DELIVERIES.name}) r WHERE t.delivery_id = r.delivery_id",
        f"{insert(LOAD_DELIVERIES, recorded_at=at)} WHERE NOT EXISTS (SELECT 1 "
        f"FROM {LOAD_DELIVERIES.name} d WHERE d.delivery_id = r.delivery_id)",
    ]
    body = "".join(f"  {statement};\n" for statement in statements)
    return f"""
DECLARE committed INT64;
DECLARE first_sequence INT64;
BEGIN TRANSACTION;
UPDATE {LOAD_SEQUENCE} SET next = next + {count} WHERE TRUE;
SET committed = ({COUNT_COMMITTED});
IF committed = {count} THEN
  UPDATE {LOAD_SEQUENCE} SET next = next - {count} WHERE TRUE;
ELSE
{body}END IF;
COMMIT TRANSACTION;
"""


def stage_name(manifest: Manifest, index: int) -> str:
    """Return the name of a part's staging table, in the default dataset."""
    return f"_landing_stage_{manifest.id}_{index}"


def unload_script(table: str | None) -> str:
    """Return the transaction that takes the rows of load ``@id`` back; may be run again.

    :param table: the load's table; ``None``: it is gone.
    """
    delete = "" if table is None else f"  DELETE FROM {quoted(table)} WHERE {LOAD_ID} = @id;\n"
    return f"""
BEGIN TRANSACTION;
UPDATE {LOAD_SEQUENCE} SET next = next + 1 WHERE TRUE;
IF EXISTS (
  SELECT 1 FROM {LOAD_METADATA.name} WHERE load_id = @id AND removed_sequence IS NULL
) THEN
{delete}  UPDATE {LOAD_METADATA.name} SET removed_sequence = (SELECT next - 1 FROM {LOAD_SEQUENCE})
    WHERE load_id = @id;
  UPDATE {LOAD_DELIVERIES.name} SET outcome = 'unloaded', recorded_at = CURRENT_TIMESTAMP()
    WHERE load_id = @id AND outcome = 'loaded';
END IF;
COMMIT TRANSACTION;
"""


def parameters(manifest: Manifest) -> list[Any]:
    """Return what :func:`script` and the counts of this module are bound to."""
    return [
        values.texts("load_ids", manifest.load_ids),
        values.texts("replaced", [load_id for _, load_id in manifest.replaces]),
        values.whole("basis", manifest.basis),
        *(values.text(f"table_{i}", part.table) for i, part in enumerate(manifest.parts)),
        values.table_rows(LOAD_METADATA, manifest.loads),
        values.table_rows(LOAD_COLUMNS, manifest.load_columns),
        values.table_rows(LOAD_TOTALS, manifest.load_totals),
        values.table_rows(LOAD_DELIVERIES, manifest.deliveries),
        *(
            values.table_rows(table, rows)
            for table, rows in (
                (LOAD_QUALITY, manifest.load_quality),
                (LOAD_EVENTS, manifest.events),
            )
            if rows
        ),
    ]


def _moves(part: Part, stage: str, table: str) -> list[str]:
    """Rows and rejects from staging, once their numbers are right."""
    own = [LOAD_ID, EXTRA, *([ROW_NUMBER] if part.row_number else [])]
    sources = ["s.load_id", "s.extra", *(["s.record_number"] if part.row_number else [])]
    names = ", ".join(quoted_name(name) for name in [*(n for n, _ in part.columns), *own])
    cells = [
        f"s.c{i}" if type_ == "STRING" else f"CAST(s.c{i} AS {cast_type(type_)})"
        for i, (_, type_) in enumerate(part.columns)
    ]
    rejected = ", ".join(
        f"CAST(JSON_VALUE(s.reject, '$.{name}') AS {own_type(type_)})"
        for name, type_ in LOAD_REJECTS.columns
    )
    counted = (
        f"(SELECT COUNT(*) FROM UNNEST(@{LOAD_METADATA.name}) r LEFT JOIN ("
        "SELECT load_id, COUNTIF(reject IS NULL) AS good, COUNTIF(reject IS NOT NULL) AS bad"
        f" FROM {stage} GROUP BY load_id) s ON r.load_id = s.load_id"
        f" WHERE r.table_name = {table} AND (r.row_count != COALESCE(s.good, 0)"
        " OR r.rejected_count != COALESCE(s.bad, 0))) = 0"
    )
    return [
        _assert(counted, MISCOUNTED),
        f"INSERT INTO {quoted(part.table)} ({names}) SELECT {', '.join([*cells, *sources])}"
        f" FROM {stage} s WHERE s.reject IS NULL",
        f"INSERT INTO {LOAD_REJECTS.name} ({', '.join(LOAD_REJECTS.column_names)})"
        f" SELECT {rejected} FROM {stage} s WHERE s.reject IS NOT NULL",
    ]


def _assert(condition: str, message: str) -> str:
    return f"ASSERT {condition} AS '{message}'"
