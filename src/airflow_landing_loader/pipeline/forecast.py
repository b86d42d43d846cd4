"""What the database would make of a delivery, without writing to it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from airflow_landing_loader.config.mapping.column_names import clean_name, same
from airflow_landing_loader.exceptions import TransientError
from airflow_landing_loader.landing.formats.csv.first_file import require_plain
from airflow_landing_loader.landing.model import Validated
from airflow_landing_loader.loading.columns.drift import (
    ColumnPlan,
    Owners,
    TableColumn,
    plan_columns,
)
from airflow_landing_loader.loading.columns.names import column_name, columns_of
from airflow_landing_loader.loading.columns.typed import typed_columns
from airflow_landing_loader.loading.model import short_id
from airflow_landing_loader.loading.planning.identity import (
    AlreadyLoaded,
    Decision,
    DuplicateOf,
    NewLoad,
    PriorLoad,
    contents_of,
    decide,
)
from airflow_landing_loader.loading.planning.sequences import Positions, counting
from airflow_landing_loader.loading.warehouses.opening import open_warehouse
from airflow_landing_loader.safe_text import counted
from airflow_landing_loader.settings import Settings
from airflow_landing_loader.storage.opening import open_zones

_PATIENCE = 2.0


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """What would happen.

    :param would: ``create``: make the table and load; ``load``; ``restate``: load, while an earlier
        load of the same name had other content; ``skip``: archive as a duplicate; ``move``: its
        rows are in the table already; ``unknown``: the database is in use.
    :param load_id: of the new load, or of the one that is there already.
    :param known: columns that the table has, or will be made with.
    :param extra: columns that go to ``_extra``.
    :param missing: columns of the table that the file lacks.
    """

    would: Literal["create", "load", "restate", "skip", "move", "unknown"]
    records: int
    load_id: str | None = None
    known: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def sentence(self, table: str) -> str:
        """What would happen, in words."""
        rows, load = counted(self.records, "row"), short_id(self.load_id or "")
        return {
            "create": f"would create {table} and load {rows}",
            "load": f"would load {rows} into {table}",
            "restate": f"would load {rows} into {table}, restating an earlier load",
            "skip": f"would load nothing: a duplicate of load {load}",
            "move": f"would only be archived: its rows are in {table} as load {load}",
            "unknown": f"would load {rows} into {table}, as far as the file alone can tell",
        }[self.would]


def forecast(settings: Settings, validated: Validated) -> Forecast:
    """Hold a delivery that is good in itself against its table and its earlier loads.

    :raises TerminalError: the table cannot take it, or knows none of its columns, or the mapping
        refuses duplicates or restatements and it is one.
    """
    inspection, name = validated.inspection, validated.delivery.data.name
    columns = columns_of(validated.delivery, inspection)
    names = tuple(column.column for column in columns)
    try:
        table, owners, prior, missing = _look_up(settings, validated)
    except TransientError as error:
        return Forecast(
            would="unknown",
            records=inspection.records,
            known=names,
            notes=(f"its table was not looked at: {error.detail.message}",),
        )
    decision = decide(validated, prior)
    gap = _told(validated, missing) if isinstance(decision, NewLoad) else ()
    if table is None and names:
        landing = open_zones(settings).landing
        require_plain(landing.source(validated.delivery.data), validated)
        made = Forecast(
            would="create",
            records=inspection.records,
            known=names,
            notes=(*gap, *_quality(validated)),
        )
        return _named(decision, made)
    plan = plan_columns(columns, table or (), owners, file=name)
    typed_columns(validated.delivery.mapping.table, plan.known, file=name)
    becoming = _becoming(validated, plan)
    ahead = Forecast(
        would="load",
        records=inspection.records,
        known=(*(column.name for _, column in plan.known), *becoming.values()),
        extra=tuple(extra for _, extra in plan.extra if extra not in becoming),
        missing=tuple(column.name for column in plan.missing),
        notes=(
            *(("it lacks more than half of the table's columns",) if plan.lacks_most else ()),
            *(taken.sentence() for taken in plan.taken),
            *_quality(validated),
            *(f"types would make {name!r} a column of the table first" for name in becoming),
            *gap,
        ),
    )
    return _named(decision, ahead)


def _quality(validated: Validated) -> tuple[str, ...]:
    """What the load will count."""
    rules = validated.delivery.mapping.quality
    if rules is None:
        return ()
    least = rules.fail_below
    fails = "" if least is None else f"; a score below {least:g} fails the file"
    return (f"the load counts its quality: {', '.join(rules.sentences()) or 'no rules'}{fails}",)


def _becoming(validated: Validated, plan: ColumnPlan) -> dict[str, str]:
    """The columns that the mapping's ``types`` would make before the load, by their names in
    ``_extra``; whether their history fits is seen by the load."""
    wanted = {same(clean_name(name)) for name in validated.delivery.mapping.types}
    taken = {taken.name for taken in plan.taken}
    names = (name for _, name in plan.extra if same(name) in wanted and name not in taken)
    return {name: column_name(name) for name in names}


def _named(decision: Decision, ahead: Forecast) -> Forecast:
    """The forecast with what the earlier loads have to say."""
    if isinstance(decision, AlreadyLoaded):
        return replace(ahead, would="move", load_id=decision.load.load_id)
    if isinstance(decision, DuplicateOf):
        return replace(ahead, would="skip", load_id=decision.load.load_id)
    notes = (*ahead.notes, *decision.notes)
    if decision.same_content is not None:
        twin = decision.same_content
        notes += (f"its content equals load {short_id(twin.load_id)} of {twin.filename}",)
    if decision.restates is None:
        return replace(ahead, load_id=decision.load_id, notes=notes)
    notes += (f"restates load {short_id(decision.restates.load_id)}",)
    return replace(ahead, would="restate", load_id=decision.load_id, notes=notes)


def _told(validated: Validated, missing: int | None) -> tuple[str, ...]:
    """What is to be said of a number that is missing."""
    sequence = validated.delivery.mapping.sequence
    if missing is None or sequence is None:
        return ()
    gap = f"number {missing:,} of its sequence is missing"
    return (f"{gap}: it waits for it in landing",) if sequence.waits else (f"{gap} before it",)


def _look_up(
    settings: Settings, validated: Validated
) -> tuple[tuple[TableColumn, ...] | None, Owners, tuple[PriorLoad, ...], int | None]:
    patient = replace(settings, lock_timeout=min(_PATIENCE, settings.lock_timeout))
    warehouse = open_warehouse(patient, open_zones(patient))
    delivery = validated.delivery
    tables = counting([delivery.mapping])
    positions = Positions(warehouse.sequences(tables) if tables else {})
    return (
        warehouse.columns_of(delivery.mapping.table, row_number=delivery.mapping.csv.row_number),
        warehouse.owners_of(delivery.mapping.table),
        warehouse.prior_loads(*contents_of([validated])),
        positions.missing(delivery),
    )
