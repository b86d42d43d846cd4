"""What people are told of one run: one message with every reason, or none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from urllib.parse import quote

from airflow_landing_loader.config.mapping.notify import Notify, Reason
from airflow_landing_loader.events.message import MAX_TITLE, Link, Message, Section
from airflow_landing_loader.loading.model import Load
from airflow_landing_loader.loading.reading.quality import shown_score
from airflow_landing_loader.pipeline.outcome import Outcome
from airflow_landing_loader.runs.refusals import Refusal
from airflow_landing_loader.runs.report import RunReport, blamed
from airflow_landing_loader.runs.wording import MAX_NAME, reason_text, replay_text
from airflow_landing_loader.safe_text import counted, delivered, printable

_PROGRAM = "airflow landing-loader"
_MAX_COLUMNS = 20

_Part = tuple[Reason, str, Section]  # what it is about, a few words for the title, the lines


def run_message(
    report: RunReport,
    loads: Sequence[Load],
    notify: Notify,
    *,
    table: str,
    links: Sequence[Link] = (),
) -> Message | None:
    """The message of a run; ``None`` if nothing of what is asked for happened.

    :param loads: what the run has loaded.
    :param notify: who wants to be told of what.
    :param table: whose run it is.
    """
    found = (_failure(report), _drift(loads), _quality(loads))
    parts = [part for part in found if part is not None and part[0] in notify.on]
    if not parts:
        return None
    what = ", ".join(words for _, words, _ in parts)
    return Message(
        title=printable(f"{table}: {what}", MAX_TITLE),
        reasons=tuple(reason for reason, _, _ in parts),
        sections=(*(section for _, _, section in parts), _arrived(report)),
        links=tuple(links),
    )


def run_links(base_url: str | None, table: str, dag_id: str, run_id: str) -> tuple[Link, ...]:
    """Where to look further.

    :param base_url: of Airflow; ``None``: it is not known.
    """
    if not base_url:
        return ()
    base = base_url.rstrip("/")
    return (
        Link("The table", f"{base}/landing-loader/tables/{quote(table, safe='')}"),
        Link("The run", f"{base}/dags/{quote(dag_id, safe='')}/runs/{quote(run_id, safe='')}"),
    )


def _failure(report: RunReport) -> _Part | None:
    files = blamed(report, fail_on_files=True)
    lines = [*map(_why, files), *map(_refused, report.refused), *report.broken_tasks]
    count = len(files) + len(report.refused)
    words = [counted(count, "file") + " did not arrive"] if count else []
    if report.broken_tasks:
        words.append(f"{counted(len(report.broken_tasks), 'task')} failed")
    if report.dbt == "failed":
        words.append("dbt failed")
        lines.append(f"dbt failed: see the log of {', '.join(report.dbt_failed) or 'its tasks'}.")
    if not lines:
        return None
    if any(file.status == "failed" for file in files):
        # In front: of many lines the last ones are left out.
        lines.insert(0, replay_text(_PROGRAM))
    return "failure", ", ".join(words), Section.of("What did not arrive, and what to do", lines)


def _why(file: Outcome) -> str:
    where = "in the failed zone" if file.status == "failed" else "still in landing"
    return f"{printable(file.name, MAX_NAME)} ({where}): {reason_text(file)}"


def _refused(file: Refusal) -> str:
    return f"{printable(file.name, MAX_NAME)} (still in landing): [{file.code}] it is refused"


def _arrived(report: RunReport) -> Section:
    count = Counter(outcome.status for outcome in report.outcomes)
    rows = sum(outcome.rows for outcome in report.outcomes)
    lines = [f"{counted(count['loaded'], 'file')} with {counted(rows, 'row')}"]
    if count["duplicate"]:
        lines.append(f"{counted(count['duplicate'], 'duplicate')}, not loaded again")
    if report.waiting:
        lines.append(f"{counted(report.waiting, 'more file')} for the next run")
    return Section.of("What arrived", lines)


def _drift(loads: Sequence[Load]) -> _Part | None:
    drifted = [load for load in loads if load.drift_columns or load.missing_columns]
    if not drifted:
        return None
    lines = [_columns(load) for load in drifted]
    if any(load.drift_columns for load in drifted):
        lines.insert(0, f"`{_PROGRAM} promote TABLE COLUMN` makes one a column of the table.")
    return "drift", "columns differ", Section.of("Columns that differ from the table's", lines)


def _columns(load: Load) -> str:
    said = []
    if load.drift_columns:
        said.append(f"in _extra: {_names(load.drift_columns)}")
    if load.missing_columns:
        said.append(f"not in the file: {_names(load.missing_columns)}")
    return f"{_name(load)}: {'; '.join(said)}"


def _names(columns: Sequence[str]) -> str:
    named = ", ".join(printable(column, MAX_NAME) for column in columns[:_MAX_COLUMNS])
    return f"{named} and more" if len(columns) > _MAX_COLUMNS else named


def _quality(loads: Sequence[Load]) -> _Part | None:
    lines = [f"{_name(load)}: {', '.join(said)}" for load in loads if (said := list(_bad(load)))]
    if not lines:
        return None
    words = f"quality of {counted(len(lines), 'file')}"
    return "quality", words, Section.of("Records that break a rule", lines)


def _bad(load: Load) -> Iterator[str]:
    if load.rejected_count:
        yield f"{load.rejected_count:,} of {counted(load.record_count, 'record')} rejected"
    if load.quality_score is not None and load.quality_score < 100:
        yield f"score {shown_score(load.quality_score)} % (load_quality says which rule)"


def _name(load: Load) -> str:
    return printable(delivered(load.filename), MAX_NAME)
