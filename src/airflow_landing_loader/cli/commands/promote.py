"""The command `promote`: a drift column becomes a column, with its history."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import typer
from pydantic_core import PydanticCustomError

from airflow_landing_loader.cli import session
from airflow_landing_loader.cli.terminal import Screen
from airflow_landing_loader.config.mapping.column_types import TEXT, column_type
from airflow_landing_loader.loading.columns.promotion import Prospect
from airflow_landing_loader.loading.warehouses.opening import open_warehouse
from airflow_landing_loader.safe_text import counted
from airflow_landing_loader.storage.opening import open_zones


@dataclass(frozen=True, kw_only=True)
class PromoteOptions:
    """How it is done.

    :param yes: without asking.
    :param dry_run: not at all, but shown.
    """

    yes: bool
    dry_run: bool
    as_json: bool


def promote_column(
    out: Screen, err: Screen, table: str, column: str, type_: str | None, options: PromoteOptions
) -> None:
    """Show what would be done, ask, and do it.

    :raises LandingError: the column cannot be promoted, and why.
    """
    chosen = None if type_ is None else _type_of(type_)
    settings = session.read_settings()
    warehouse = open_warehouse(settings, open_zones(settings), on_wait=err.line)
    prospect = warehouse.prospect(table, column, chosen)
    if not options.as_json:
        _tell(out, prospect, chosen)
    done = False
    if not prospect.is_done and not options.dry_run:
        if not options.yes:
            typer.confirm("Do it?", abort=True, err=True)
        prospect, done = warehouse.promote(table, column, chosen), True
    if options.as_json:
        out.json(_document(prospect, done=done))
    elif done:
        out.line(f"Done: {prospect.sentence()}. `landing-loader verify` proves each load.", "green")


def _type_of(text: str) -> str:
    try:
        return column_type(text)
    except PydanticCustomError as error:
        raise typer.BadParameter(error.message(), param_hint="--type") from None


def _tell(out: Screen, prospect: Prospect, chosen: str | None) -> None:
    where = f"the column {prospect.column} of {prospect.table}"
    if prospect.is_done:
        out.line(
            f"{prospect.name!r} is {where} already ({prospect.type}); nothing is left in _extra."
        )
        return
    made = "fills" if prospect.there else "becomes"
    out.line(
        f"{prospect.name!r} {made} {where}, {prospect.type}: {counted(prospect.values, 'value')} "
        f"in {counted(prospect.rows, 'row')} of {counted(prospect.loads, 'load')}."
    )
    _tell_of_type(out, prospect, chosen)
    if prospect.padded:
        out.line(
            f"{counted(prospect.padded, 'value')} with a sign or zeros that {prospect.type} does "
            "not keep, as 007 becomes 7: only the archived files will have them.",
            "yellow",
            hang=2,
        )
    out.line("Statements, in this order:")
    for step in prospect.steps:
        for line in step.sql.strip().split("\n"):
            out.line(f"  {line}", hang=4)
    bound = {name: value for step in prospect.steps for name, value in step.values.items()}
    for name, value in bound.items():
        out.line(f"  {name} is bound to {value!r}", hang=4)


def _tell_of_type(out: Screen, prospect: Prospect, chosen: str | None) -> None:
    proposed = prospect.proposed
    if proposed is None or prospect.there:
        return
    if proposed == TEXT:
        out.line(f"No narrower type than {TEXT} keeps every value as it is.")
    elif chosen is None:
        out.line(
            f"Every value so far is a {proposed} (--type '{proposed}'). A typed column takes only "
            "such values from then on: on_bad_row decides about any other.",
            hang=2,
        )
    elif proposed != chosen:
        out.line(f"The narrowest type that takes every value so far is {proposed}.")


def _document(prospect: Prospect, *, done: bool) -> dict[str, Any]:
    return {
        "table_name": prospect.table,
        "name": prospect.name,
        "column_name": prospect.column,
        "type": prospect.type,
        "proposed_type": prospect.proposed,
        "loads": prospect.loads,
        "rows": prospect.rows,
        "values": prospect.values,
        "padded_values": prospect.padded,
        "statements": [
            {
                "sql": step.sql,
                "values": [{"name": name, "value": value} for name, value in step.values.items()],
            }
            for step in prospect.steps
        ],
        "promoted": done,
        "already": prospect.is_done,
    }
