"""Errors, verdicts and outcomes in one line each, as logs and tables show them; names, counts and
places, no cells."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from airflow_landing_loader.exceptions import ErrorDetail
from airflow_landing_loader.landing.model import Validated
from airflow_landing_loader.loading.model import ArrivalRecord, Loaded, Refused, short_id
from airflow_landing_loader.pipeline.outcome import Outcome
from airflow_landing_loader.safe_text import counted, delivered, ended, printable

if TYPE_CHECKING:
    from airflow_landing_loader.xcom.batches import Step

_TO_THE_NEXT = timedelta(minutes=1, microseconds=-1)
MAX_NAME = 250
MAX_URI = 1000
MAX_ERRORS = 50
_DIGEST_SHOWN = 12  # all of it is in load_metadata
_MAX_ARRIVALS = 500
_ARRIVAL_HEADINGS = ("outcome", "table", "day", "due", "files", "rows", "pattern", "why")


def error_text(error: ErrorDetail, *, show_values: bool = False) -> str:
    """Code, file, line, column, message and hint; the offending text only if ``show_values``."""
    return " ".join(error_lines(error, show_values=show_values))


def error_lines(error: ErrorDetail, *, show_values: bool = False) -> tuple[str, ...]:
    """The same in lines, with the hint on one of its own: a log page does not wrap."""
    value = (f"Value: {error.value!r}",) if show_values and error.value is not None else ()
    return error.lines() + value


def errors_text(errors: Sequence[ErrorDetail]) -> str:
    """Errors, a line for each of the first fifty; never a cell value: whoever reads of a failure in
    an alert or in lineage need not be one who may see the data."""
    lines = [error_text(error) for error in errors[:MAX_ERRORS]]
    if len(errors) > MAX_ERRORS:
        lines.append(f"... and {len(errors) - MAX_ERRORS} more")
    return "\n".join(lines)


def short_error(error: ErrorDetail) -> str:
    """An error beside the name of its file: code, where in the file, what."""
    parts = (("line", error.line), ("record", error.record), ("column", error.column))
    where = ", ".join(f"{word} {value}" for word, value in parts if value is not None)
    return f"[{error.code}] {where + ': ' if where else ''}{error.message}"


def reason_text(outcome: Outcome, *, hint: bool = True) -> str:
    """Why a file did not load, or what a person should know though nothing failed; beside its name.

    :param hint: say what to do, too.
    """
    if outcome.error is None:
        return "; ".join(outcome.notes)
    why = short_error(outcome.error)
    return f"{ended(why)} Hint: {outcome.error.hint}" if hint and outcome.error.hint else why


def reason_lines(outcome: Outcome, *, show_values: bool = False) -> tuple[str, ...]:
    """The same in lines that can be copied on their own: each error names its file."""
    if outcome.error is not None:
        return error_lines(outcome.error, show_values=show_values)
    return ("; ".join(outcome.notes),) if outcome.notes else ()


def minute(moment: datetime) -> str:
    """A moment as a sentence has it, not before it is over: ``2024-01-15 07:01 UTC``."""
    return f"{moment.astimezone(UTC) + _TO_THE_NEXT:%Y-%m-%d %H:%M} UTC"


def aligned(rows: Sequence[Sequence[str]], *, right: Collection[int] = ()) -> list[str]:
    """Rows of a table as lines, two blanks between its columns; the last cell may have lines.

    Not a grid of the command line: a log has no width to fit.

    :param rows: the headings first; at least one, and all of one length.
    :param right: columns of numbers, from 0.
    """
    *firsts, _ = range(len(rows[0]))
    widths = [max(len(row[i]) for row in rows) for i in firsts]
    below = "\n" + " " * (sum(widths) + 2 * len(widths))
    return [
        "  ".join(
            [
                *(row[i].rjust(w) if i in right else row[i].ljust(w) for i, w in enumerate(widths)),
                row[-1].replace("\n", below),
            ]
        ).rstrip()
        for row in rows
    ]


def arrivals_text(records: Sequence[ArrivalRecord]) -> str:
    """What is to be told of windows in which files were expected, as a table; the first five
    hundred of them.

    :param records: at least one.
    """
    told = [_arrival_row(record) for record in records[:_MAX_ARRIVALS]]
    lines = aligned([_ARRIVAL_HEADINGS, *told], right=(4, 5))
    if len(records) > _MAX_ARRIVALS:
        lines.append(f"... and {len(records) - _MAX_ARRIVALS:,} more: see load_arrivals")
    return "\n".join(lines)


def _arrival_row(record: ArrivalRecord) -> tuple[str, ...]:
    is_there = "" if record.mended_at is None else f"there since {_utc(record.mended_at)}; it was: "
    return (
        record.outcome if record.mended_at is None else "mended",
        record.table_name,
        record.day,
        _utc(record.due_at),
        f"{record.file_count:,}",
        f"{record.row_count:,}",
        printable(delivered(record.pattern), MAX_NAME),
        f"{is_there}{record.reason}",
    )


def _utc(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def replay_text(program: str) -> str:
    """What to do once it is mended what files were refused for.

    :param program: how the command line is called there.
    """
    return f"Once the cause is mended, `{program} replay FILE` brings a failed file back."


def verdict_text(verdict: Step, *, show_values: bool = False) -> str:
    """What a step found out about one file."""
    if isinstance(verdict, Refused):
        return error_text(verdict.error, show_values=show_values)
    name = printable(verdict.delivery.data.name, MAX_NAME)
    if isinstance(verdict, Validated):
        return f"{name}: {_inspected(verdict)}"
    if isinstance(verdict, Loaded):
        load = verdict.load
        rows = counted(load.row_count, "row")
        said = f"{rows} loaded into {load.table_name}, load {short_id(load.load_id)}"
        return f"{name}: {said}{_notes(verdict)}"
    equal = "; ".join(verdict.notes) or f"duplicate of load {short_id(verdict.of_load_id)}"
    return f"{name}: nothing to load, it is {equal}"


def outcome_text(outcome: Outcome) -> str:
    """Where one file lies now. Why it was refused is told by the task that refused it."""
    name, uri = printable(outcome.name, MAX_NAME), printable(outcome.uri, MAX_URI)
    code = f" [{outcome.error.code}]" if outcome.error else ""
    if outcome.status == "left":
        return f"{name}: left in landing{code}"
    if outcome.status == "failed":
        return f"{name}: refused{code}, now {uri}; its reason lies beside it"
    where = f"now {uri}" if uri else "not archived: its sender had replaced or removed it"
    return f"{name}: {outcome.status}, {where}"


def _inspected(verdict: Validated) -> str:
    found = verdict.inspection
    promise = (
        "" if verdict.expected_records is None else f" of {verdict.expected_records:,} promised"
    )
    ragged = f", {found.ragged:,} that cannot be loaded" if found.ragged else ""
    return (
        f"{counted(found.records, 'record')}{promise}{ragged},"
        f" {counted(len(found.columns), 'column')}, {counted(found.size, 'byte')},"
        f" sha256 {found.sha256[:_DIGEST_SHOWN]}\u2026"
    )


def _notes(verdict: Loaded) -> str:
    return f" ({'; '.join(verdict.notes)})" if verdict.notes else ""
