"""All tables at a glance, the worst first: what arrived, what did not, and what is wrong."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from airflow_landing_loader.config.mapping.dag_ids import dag_id_of
from airflow_landing_loader.config.mapping.mapping_set import MappingSet
from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.loading.model import ArrivalRecord
from airflow_landing_loader.loading.reading.quality import shown_score
from airflow_landing_loader.loading.summary import Summary, TableSummary
from airflow_landing_loader.monitoring.expected import Expected
from airflow_landing_loader.monitoring.landing import Landed, LandingPicture
from airflow_landing_loader.monitoring.outcomes import WindowState
from airflow_landing_loader.safe_text import counted

ProblemKind = Literal[
    "mapping", "failed", "missing", "wrong", "late", "refused", "stuck", "dbt", "quality", "drift"
]
"""What may be wrong with a table, the worst first.

``mapping``: a mapping of it is broken. ``failed``: deliveries lie in failed. ``missing``,
``wrong``: a window has ended without what was expected, or with something else. ``late``: a window
has not ended, and what should be there is not. ``refused``: files are refused where they lie, in
landing. ``stuck``: files wait for something that does not come by itself. ``dbt``: it failed for
the table's newest load. ``quality``: the newest load broke rules. ``drift``: columns are in
``_extra``.
"""
Level = Literal["bad", "warning", "good", "idle"]
"""``idle``: nothing was ever loaded, and nothing is wrong."""

_KINDS: tuple[ProblemKind, ...] = (
    *("mapping", "failed", "missing", "wrong", "late", "refused", "stuck", "dbt"),
    *("quality", "drift"),
)
_WARNINGS: tuple[ProblemKind, ...] = ("stuck", "quality", "drift")
_LEVELS: tuple[Level, ...] = ("bad", "warning", "good", "idle")


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing that is wrong with a table.

    :param count: of how many files, windows, columns.
    :param text: a short sentence.
    """

    kind: ProblemKind
    count: int
    text: str

    @property
    def level(self) -> Level:
        """How bad it is."""
        return "warning" if self.kind in _WARNINGS else "bad"


@dataclass(frozen=True, kw_only=True)
class TableState:
    """One raw table.

    :param mapped: whether a mapping feeds it still.
    :param problems: the worst first.
    :param books: what the books come to; ``None``: they know nothing of it.
    :param landed: what lies in landing for it.
    :param windows: its windows that have not ended, those first that are due first.
    """

    table: str
    dag_id: str
    description: str
    mapped: bool
    problems: tuple[Problem, ...]
    books: TableSummary | None
    landed: Landed
    windows: tuple[WindowState, ...]

    @property
    def level(self) -> Level:
        """How bad the worst problem is."""
        if self.problems:
            return self.problems[0].level
        return "idle" if self.books is None or self.books.last_load is None else "good"


@dataclass(frozen=True, kw_only=True)
class LandingOverview:
    """All tables.

    :param as_of: when the books were as told, UTC without zone.
    :param busy_with: who has the database now, if somebody does.
    :param is_copy: whether they are not on this machine, and a copy of what they come to is told.
    :param landing_as_of: when landing was as told.
    :param landing_trouble: why landing cannot be read.
    :param expected_as_of: when the windows were as told.
    :param tables: the worst first.
    :param unmatched: what lies in landing and belongs to no table.
    """

    as_of: datetime
    busy_with: str | None
    is_copy: bool
    landing_as_of: datetime
    landing_trouble: str | None
    expected_as_of: datetime
    tables: tuple[TableState, ...]
    unmatched: Landed

    def levels(self) -> Mapping[Level, int]:
        """How many tables are of each level."""
        count = Counter(table.level for table in self.tables)
        return {level: count[level] for level in _LEVELS}

    def problems(self) -> Mapping[ProblemKind, int]:
        """How many tables have a problem of each kind."""
        count = Counter(problem.kind for table in self.tables for problem in table.problems)
        return {kind: count[kind] for kind in _KINDS if count[kind]}


def overview(
    summary: Summary, landing: LandingPicture, expected: Expected, found: MappingSet
) -> LandingOverview:
    """Put together what is known of all tables: those with mappings, and those of the books."""
    books = {table.table: table for table in summary.tables}
    mappings = found.tables()
    broken = found.problems_by_table()
    dbt_failed = {due.table for due in summary.overview.dbt_due if due.last_attempt is not None}
    incidents: dict[str, list[ArrivalRecord]] = defaultdict(list)
    for record in expected.incidents:
        incidents[record.table_name].append(record)
    windows: dict[str, list[WindowState]] = defaultdict(list)
    for mapping, state in expected.open:
        windows[mapping.table].append(state)
    tables = [
        _state(
            table,
            mappings.get(table, ()),
            books.get(table),
            landing.of(table),
            tuple(windows[table]),
            tuple(
                _problems(
                    broken=len(broken.get(table, ())),
                    books=books.get(table),
                    landed=landing.of(table),
                    incidents=incidents[table],
                    windows=windows[table],
                    dbt_failed=table in dbt_failed,
                )
            ),
        )
        for table in sorted(mappings.keys() | books.keys() | broken.keys())
    ]
    return LandingOverview(
        as_of=summary.overview.as_of,
        busy_with=summary.overview.busy_with,
        is_copy=summary.is_copy,
        landing_as_of=landing.as_of,
        landing_trouble=landing.trouble,
        expected_as_of=expected.as_of,
        tables=tuple(sorted(tables, key=_worst_first)),
        unmatched=landing.others,
    )


def _state(
    table: str,
    mappings: Sequence[TableMapping],
    books: TableSummary | None,
    landed: Landed,
    windows: tuple[WindowState, ...],
    problems: tuple[Problem, ...],
) -> TableState:
    return TableState(
        table=table,
        dag_id=dag_id_of(table),
        description=next((m.dag.description for m in mappings if m.dag.description), ""),
        mapped=bool(mappings),
        problems=problems,
        books=books,
        landed=landed,
        windows=windows,
    )


def _worst_first(state: TableState) -> tuple[int, int, int, str]:
    first = state.problems[0] if state.problems else None
    kind = len(_KINDS) if first is None else _KINDS.index(first.kind)
    return _LEVELS.index(state.level), kind, -(first.count if first else 0), state.table


def _problems(
    *,
    broken: int,
    books: TableSummary | None,
    landed: Landed,
    incidents: Sequence[ArrivalRecord],
    windows: Sequence[WindowState],
    dbt_failed: bool,
) -> Iterator[Problem]:
    """What is wrong with a table, the worst first."""
    if broken:
        yield Problem(kind="mapping", count=broken, text="A mapping of it is broken.")
    if books is not None and books.open_failures:
        count = books.open_failures
        what = "delivery lies" if count == 1 else "deliveries lie"
        yield Problem(kind="failed", count=count, text=f"{count:,} {what} in failed.")
    yield from _incidents(incidents)
    overdue = [state for state in windows if state.standing == "overdue"]
    if overdue:
        yield Problem(kind="late", count=len(overdue), text=f"Late: {overdue[0].reason}.")
    yield from _in_landing(landed)
    if dbt_failed:
        yield Problem(kind="dbt", count=1, text="dbt failed after the newest load.")
    if books is not None:
        yield from _in_books(books)


def _incidents(incidents: Sequence[ArrivalRecord]) -> Iterator[Problem]:
    kinds: tuple[Literal["missing", "wrong"], ...] = ("missing", "wrong")
    for kind in kinds:
        own = [record for record in incidents if record.outcome == kind]
        if own:
            newest = max(own, key=lambda record: record.until_at)
            text = f"{newest.day}: {newest.reason}."
            yield Problem(kind=kind, count=len(own), text=text)


def _in_landing(landed: Landed) -> Iterator[Problem]:
    refused = landed.count("refused")
    if refused:
        text = f"{counted(refused, 'file')} in landing refused where it lies."
        yield Problem(kind="refused", count=refused, text=text)
    stuck = landed.count("orphan")
    if stuck:
        text = f"{counted(stuck, 'go file')} in landing without data file."
        yield Problem(kind="stuck", count=stuck, text=text)


def _in_books(books: TableSummary) -> Iterator[Problem]:
    if books.quality is not None and books.quality < 100:
        # Of what the score has as good: a share that is not nothing is never told as 0.00 %.
        bad = 100 - float(shown_score(books.quality))
        text = f"{bad:.2f} % of the newest load's records break a rule."
        yield Problem(kind="quality", count=1, text=text)
    if books.drift:
        names = ", ".join(column.name for column in books.drift[:3])
        more = f" and {len(books.drift) - 3} more" if len(books.drift) > 3 else ""
        text = f"In _extra: {names}{more}."
        yield Problem(kind="drift", count=len(books.drift), text=text)
