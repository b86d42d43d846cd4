"""What one Airflow run did, as a table for its log and as the reasons why it failed, if it did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from airflow_landing_loader.exceptions import ErrorCode
from airflow_landing_loader.loading.ledger.events import Event
from airflow_landing_loader.loading.model import RunContext, short_id
from airflow_landing_loader.pipeline.outcome import Outcome
from airflow_landing_loader.runs.holdback import HeldBack
from airflow_landing_loader.runs.refusals import Refusal
from airflow_landing_loader.runs.wording import aligned, minute, reason_lines, replay_text
from airflow_landing_loader.safe_text import counted, printable

DbtResult = Literal["not run", "succeeded", "failed"]

_MAX_GOOD_LINES = 100
_MAX_BAD_LINES = 500
_MAX_CAUSES = 50
_MAX_REASON = 500
_NAME_WIDTH = 60
_PROGRAM = "airflow landing-loader"


@dataclass(frozen=True, kw_only=True)
class RunReport:
    """All that is known at the end of a run.

    :param outcomes: of every file that the run took, ``left`` ones included.
    :param held: what is held back after the run; tells which of the left files failed it.
    :param waiting: ready files that the next run takes.
    :param dbt: how dbt ended.
    :param dbt_again: when it may run again, if it failed before and was held back for that.
    :param dbt_failed: ids of its tasks that failed.
    :param broken_tasks: tasks that failed, with their errors, where no file is to blame.
    :param refused: what is refused where it lies, and fails this run.
    :param new_notices: what is new of the files that no run takes: without go file, refused, ...
    """

    outcomes: tuple[Outcome, ...] = ()
    held: tuple[HeldBack, ...] = ()
    waiting: int = 0
    dbt: DbtResult = "not run"
    dbt_again: datetime | None = None
    dbt_failed: tuple[str, ...] = ()
    broken_tasks: tuple[str, ...] = ()
    refused: tuple[Refusal, ...] = ()
    new_notices: tuple[str, ...] = ()

    @property
    def nothing_happened(self) -> bool:
        """No file was taken, dbt did not run and nothing broke."""
        return not self.outcomes and self.dbt == "not run" and not self.broken_tasks


def failures(report: RunReport, *, fail_on_files: bool) -> list[str]:
    """What failed the run, a line for each file, dbt and task; empty if nothing did.

    A file is named with its code only: the reason stands in the table, and in the log of its task.
    Of thousands of files the first few are named: the text ends up in Airflow's database.

    :param fail_on_files: whether a quarantined or refused file fails the run (``on_failed_file``).
    """
    of_files = causes_of_files(report, fail_on_files=fail_on_files)
    why = ["Why is told above, in this task's log."] if of_files else []
    return [*of_files, *why, *_other_causes(report)]


def causes(report: RunReport, *, fail_on_files: bool) -> list[str]:
    """The same for the books, which stand in no log."""
    return [*causes_of_files(report, fail_on_files=fail_on_files), *_other_causes(report)]


def causes_of_files(report: RunReport, *, fail_on_files: bool) -> list[str]:
    """Those of :func:`failures` that files are to blame for."""
    found = [_failure(outcome) for outcome in blamed(report, fail_on_files=fail_on_files)]
    found += [_refusal(refused) for refused in report.refused if fail_on_files]
    lines = found[:_MAX_CAUSES]
    if len(found) > _MAX_CAUSES:
        lines.append(f"... and {counted(len(found) - _MAX_CAUSES, 'more file')}")
    return lines


def _other_causes(report: RunReport) -> Iterator[str]:
    yield from report.broken_tasks
    if report.dbt == "failed":
        tasks = ", ".join(report.dbt_failed[:_MAX_CAUSES]) or "its tasks"
        yield f"dbt failed: the log of {tasks} says why. It runs again in ten minutes."


def blamed(report: RunReport, *, fail_on_files: bool) -> list[Outcome]:
    """The files that fail a run, those that lie in landing and were tried long enough among them.

    :param fail_on_files: as in :func:`failures`.
    """
    failing = {entry.name for entry in report.held if entry.failed}
    return [
        outcome
        for outcome in report.outcomes
        if (outcome.status == "failed" and fail_on_files)
        or (outcome.status == "left" and outcome.name in failing)
    ]


def summary(report: RunReport) -> dict[str, Any]:
    """Numbers for XCom: files by status, rows, rejected rows, and how dbt ended."""
    count = Counter(outcome.status for outcome in report.outcomes)
    return {
        "loaded": count["loaded"],
        "duplicate": count["duplicate"],
        "failed": count["failed"],
        "left": count["left"],
        "waiting": report.waiting,
        "rows": sum(outcome.rows for outcome in report.outcomes),
        "rejected": sum(outcome.rejected for outcome in report.outcomes),
        "dbt": report.dbt,
    }


def run_ended(
    report: RunReport, run: RunContext, table: str, at: datetime, *, fail_on_files: bool
) -> Event:
    """The event that says how a run ended.

    :param at: now, UTC without zone.
    :param fail_on_files: as in :func:`failures`.
    """
    numbers = summary(report)
    lines = failures(report, fail_on_files=fail_on_files)
    files = {key: numbers[key] for key in ("loaded", "duplicate", "failed", "left", "waiting")}
    data = {"files": files, **{key: numbers[key] for key in ("rows", "rejected", "dbt")}}
    if lines:
        data["reasons"] = [printable(line, _MAX_REASON) for line in lines]
    return Event(
        type="execution.failed" if lines else "execution.completed",
        key=(run.dag_id or "", run.run_id or ""),
        at=at,
        table=table,
        data=data,
    )


def as_table(report: RunReport, *, show_values: bool = False) -> str:
    """The run as text: bad files first, up to five hundred; good ones up to a hundred; the sums."""
    rank = {"failed": 0, "left": 1, "loaded": 2, "duplicate": 3}
    ordered = sorted(report.outcomes, key=lambda outcome: (rank[outcome.status], outcome.name))
    bad = [outcome for outcome in ordered if outcome.status in ("failed", "left")]
    good = [outcome for outcome in ordered if outcome.status not in ("failed", "left")]
    rows = [
        _row(outcome, show_values) for outcome in [*bad[:_MAX_BAD_LINES], *good[:_MAX_GOOD_LINES]]
    ]
    lines = aligned([("status", "file", "rows", "what"), *rows], right=(2,)) if rows else []
    if len(good) > _MAX_GOOD_LINES:
        lines.append(f"... and {len(good) - _MAX_GOOD_LINES} more that went well")
    if len(bad) > _MAX_BAD_LINES:
        lines.append(
            f"... and {len(bad) - _MAX_BAD_LINES} more that went wrong: see load_deliveries"
        )
    lines.append(_sums(report))
    held = [f"held back until {_utc(e.until)}: {printable(e.name, 200)}" for e in report.held]
    notices = [f"not taken: {text}" for text in report.new_notices]
    for told in (held, notices):
        lines += told[:_MAX_BAD_LINES]
        if len(told) > _MAX_BAD_LINES:
            lines.append(f"... and {len(told) - _MAX_BAD_LINES} more")
    if any(outcome.status == "failed" for outcome in bad):
        lines.append(replay_text(_PROGRAM))
    return "\n".join(lines)


def _utc(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d %H:%M:%S} UTC"


def _failure(outcome: Outcome) -> str:
    where = "in the failed zone" if outcome.status == "failed" else "still in landing"
    code = outcome.error.code if outcome.error else ErrorCode.INTERNAL_UNEXPECTED.value
    return f"[{code}] {printable(outcome.name, _NAME_WIDTH)} is {where}"


def _refusal(refused: Refusal) -> str:
    return f"[{refused.code}] {printable(refused.name, _NAME_WIDTH)} is refused: still in landing"


def _row(outcome: Outcome, show_values: bool) -> tuple[str, str, str, str]:
    load = f"load {short_id(outcome.load_id)}" if outcome.load_id else ""
    what = "\n".join(reason_lines(outcome, show_values=show_values)) or load
    rows = f"{outcome.rows:,}" if outcome.status == "loaded" else ""
    return outcome.status, printable(outcome.name, _NAME_WIDTH), rows, what


def _sums(report: RunReport) -> str:
    numbers = summary(report)
    parts: Iterable[str] = (
        f"{numbers[key]} {word}"
        for key, word in (
            ("loaded", "loaded"),
            ("duplicate", "duplicate"),
            ("failed", "failed"),
            ("left", "left in landing"),
            ("waiting", "waiting for the next run"),
        )
        if numbers[key]
    )
    files = ", ".join(parts)
    said = f"files: {files}; rows: {numbers['rows']:,}" if files else "no file was taken"
    return f"{said}; dbt: {_dbt(report)}"


def _dbt(report: RunReport) -> str:
    if report.dbt == "not run" and report.dbt_again is not None:
        return f"failed before, again from {minute(report.dbt_again)}"
    return report.dbt
