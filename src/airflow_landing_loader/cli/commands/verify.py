"""The command `verify`: whether a table holds exactly the records of an archived file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from airflow_landing_loader.cli import session
from airflow_landing_loader.cli.failures import ExitCode, explain
from airflow_landing_loader.cli.grid import Grid
from airflow_landing_loader.cli.terminal import Screen
from airflow_landing_loader.clients import DefaultClients
from airflow_landing_loader.loading.warehouses.opening import open_warehouse
from airflow_landing_loader.maintenance.chosen import chosen_load
from airflow_landing_loader.maintenance.proof import Proof
from airflow_landing_loader.maintenance.verification import verify
from airflow_landing_loader.safe_text import counted, delivered, escaped, shown_name
from airflow_landing_loader.storage.opening import open_zones


def verify_load(out: Screen, err: Screen, load: str, *, as_json: bool) -> ExitCode:
    """Verify one load and write what was found.

    :param load: as :func:`~airflow_landing_loader.maintenance.chosen.chosen_load` takes it.
    :returns: ``DATA`` if the table holds anything else.
    :raises LandingError: the load cannot be verified, and why.
    """
    settings = session.read_settings()
    mappings = session.mappings_of(settings).mappings
    warehouse = open_warehouse(settings, open_zones(settings), on_wait=err.line)
    load_id = chosen_load(warehouse, load)
    with _progress(err) as tell:
        proof = verify(
            load_id,
            warehouse=warehouse,
            mappings=mappings,
            clients=DefaultClients(settings.gcp_project),
            tell=tell,
        )
    if as_json:
        out.json(_document(proof))
    else:
        _tell(out, proof)
    if proof.error is not None:
        explain(proof.error, err)
        return ExitCode.DATA
    return ExitCode.GOOD


@contextmanager
def _progress(screen: Screen) -> Iterator[Callable[[int, int], None] | None]:
    """A bar on a terminal; nothing elsewhere."""
    if not screen.is_terminal:
        yield None
        return
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
    from rich.progress import TimeRemainingColumn as Remaining

    columns = (TextColumn("comparing"), BarColumn(), TaskProgressColumn(), Remaining())
    with Progress(*columns, console=screen.console, transient=True) as bar:
        task = bar.add_task("comparing", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _tell(out: Screen, proof: Proof) -> None:
    load = proof.load
    out.grid(
        Grid(
            title=f"{escaped(delivered(load.filename))} in {load.table_name}",
            headers=("column", "in the table", "sum of the file", "sum of the table"),
            rows=tuple(
                (
                    column.name,
                    column.hindrance or ("equal" if column.equal else "differs"),
                    column.file,
                    "" if column.table == column.file else column.table,
                )
                for column in proof.columns
            ),
        )
    )
    if proof.totals:
        out.grid(_totals(proof))
    if proof.equal:
        rejected = counted(load.rejected_count, "record")
        more = f", and load_rejects the {rejected} set aside" if load.rejected_count else ""
        out.line(
            f"Proved: {load.table_name} holds exactly the {counted(proof.rows, 'record')} of "
            f"{shown_name(delivered(load.filename))}{more}. Sum of the rows: {proof.table}",
            "green",
        )


def _totals(proof: Proof) -> Grid:
    return Grid(
        title="Totals that the sender promised",
        headers=("column", "total", "in the books", "of the file"),
        rows=tuple(
            (
                total.booked.column_name,
                total.booked.kind,
                total.booked.computed or "",
                "" if total.equal else total.file or "",
            )
            for total in proof.totals
        ),
    )


def _document(proof: Proof) -> dict[str, Any]:
    load = proof.load
    return {
        "load_id": load.load_id,
        "filename": load.filename,
        "table_name": load.table_name,
        "archive_uri": load.archive_uri,
        "equal": proof.equal,
        "records": proof.records,
        "rows": proof.rows,
        "rejected": load.rejected_count,
        "sum_file": proof.file,
        "sum_table": proof.table,
        "totals": [
            {
                "column": total.booked.column_name,
                "kind": total.booked.kind,
                "promised_by": total.booked.promised_by,
                "promised": total.booked.promised,
                "booked": total.booked.computed,
                "file": total.file,
                "equal": total.equal,
            }
            for total in proof.totals
        ],
        "columns": [
            {
                "name": column.name,
                "equal": column.equal,
                "sum_file": column.file,
                "sum_table": column.table,
                "hindrance": column.hindrance,
            }
            for column in proof.columns
        ],
        "error": proof.error.to_dict() if proof.error else None,
    }
