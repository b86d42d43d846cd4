"""One message per run: every reason that is asked for, bounded, and never a cell value."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from airflow_landing_loader.config.mapping.notify import REASONS, Notify
from airflow_landing_loader.events.message import MAX_LINE, MAX_LINES, MAX_TITLE, Link, message_in
from airflow_landing_loader.exceptions import ErrorDetail
from airflow_landing_loader.loading.ledger.tables import now
from airflow_landing_loader.loading.model import Load, RunContext
from airflow_landing_loader.pipeline.outcome import Outcome
from airflow_landing_loader.runs.messages import run_links, run_message
from airflow_landing_loader.runs.refusals import Refusal
from airflow_landing_loader.runs.report import RunReport
from airflow_landing_loader.runs.wording import replay_text

ALL = Notify(on=REASONS, to=("ops",))
ERROR = ErrorDetail(
    code="csv.ragged", message="is wrong", hint="Mend it.", file="b.csv", line=7, value="secret"
)


def failed(name: str = "b.csv", error: ErrorDetail = ERROR) -> Outcome:
    return Outcome(name=name, table="raw", status="failed", uri=f"/x/{name}", error=error)


def load(**changes: Any) -> Load:
    fields: dict[str, Any] = dict.fromkeys(Load.__dataclass_fields__)
    fields |= {
        "load_id": "id",
        "filename": "a.csv",
        "table_name": "raw",
        "row_count": 9,
        "record_count": 10,
        "rejected_count": 0,
        "drift_columns": (),
        "missing_columns": (),
    }
    return Load(**(fields | changes))


def text(*, notify: Notify = ALL, loads: tuple[Load, ...] = (), **report: Any) -> str | None:
    message = run_message(RunReport(**report), loads, notify, table="raw")
    return None if message is None else f"{message.title}\n{message.text()}"


def test_everything_is_told_at_once() -> None:
    told = text(
        outcomes=(
            Outcome(name="a.csv", table="raw", status="loaded", uri="/x", rows=9),
            failed(),
        ),
        refused=(Refusal(name="c.csv", code="landing.two_patterns", due=0),),
        broken_tasks=("any_loaded failed: see its log",),
        dbt="failed",
        dbt_failed=("dbt.run",),
        waiting=2,
        loads=(
            load(drift_columns=("venue", "tick"), missing_columns=("isin",)),
            load(filename="d.csv", rejected_count=1, quality_score=98.5),
        ),
    )
    assert told is not None
    assert told.splitlines() == [
        "raw: 2 files did not arrive, 1 task failed, dbt failed, columns differ, quality of 1 file",
        "What did not arrive, and what to do:",
        f"- {replay_text('airflow landing-loader')}",
        "- b.csv (in the failed zone): [csv.ragged] line 7: is wrong. Hint: Mend it.",
        "- c.csv (still in landing): [landing.two_patterns] it is refused",
        "- any_loaded failed: see its log",
        "- dbt failed: see the log of dbt.run.",
        "",
        "Columns that differ from the table's:",
        "- `airflow landing-loader promote TABLE COLUMN` makes one a column of the table.",
        "- a.csv: in _extra: venue, tick; not in the file: isin",
        "",
        "Records that break a rule:",
        "- d.csv: 1 of 10 records rejected, score 98.50 % (load_quality says which rule)",
        "",
        "What arrived:",
        "- 1 file with 9 rows",
        "- 2 more files for the next run",
    ]


@pytest.mark.parametrize("reason", REASONS)
def test_nobody_is_told_of_what_they_did_not_ask_for(reason: Any) -> None:
    told = text(
        notify=Notify(on=(reason,), to=("ops",)),
        outcomes=(failed(),),
        loads=(load(drift_columns=("v",), rejected_count=1),),
    )
    words = {"failure": "did not arrive", "drift": "columns differ", "quality": "quality of"}
    for other, word in words.items():
        assert (word in (told or "")) is (other == reason)


def test_a_score_is_never_told_better_than_it_is() -> None:
    good = Outcome(name="a.csv", table="raw", status="loaded", uri="/x", rows=9)
    assert "score 99.99 %" in str(text(outcomes=(good,), loads=(load(quality_score=99.9999),)))


def test_a_good_run_tells_nothing() -> None:
    good = Outcome(name="a.csv", table="raw", status="loaded", uri="/x", rows=9)
    assert text(outcomes=(good,), loads=(load(quality_score=100.0),)) is None
    assert text() is None


def test_hostile_names_are_made_harmless_and_everything_is_bounded() -> None:
    names = [f"\x1b[31m{n}\r\nBcc: x@y\u202e{{{{ 7 * 7 }}}}{'x' * 300}" for n in range(5000)]
    long = replace(ERROR, message="m" * 8000, hint="h" * 8000)
    message = run_message(
        RunReport(outcomes=tuple(failed(name, long) for name in names)),
        [load(drift_columns=tuple(f"c{n}" for n in range(500))) for _ in range(500)],
        ALL,
        table="raw",
        links=[Link("The table", "https://x")],
    )
    assert message is not None
    for section in message.sections:
        assert len(section.lines) <= MAX_LINES + 1
        assert all(len(line) <= MAX_LINE for line in section.lines)
        assert all(line.isprintable() for line in section.lines)
    assert len(message.title) <= MAX_TITLE
    assert len(message.text()) < 30_000
    (record,) = message.records(("ops",), RunContext(), about=("run",), table="raw", at=now())
    assert len(record.body) < 60_000
    assert message_in(record) == message


def test_the_same_message_has_the_same_id_whenever_it_is_made() -> None:
    def ids(report: RunReport, *to: str) -> list[str]:
        message = run_message(report, [], ALL, table="raw")
        assert message is not None
        about = ("run", "d", "r")
        records = message.records(to, RunContext(), about=about, table="raw", at=now())
        return [record.event_id for record in records]

    one = RunReport(outcomes=(failed(),))
    assert ids(one, "a", "b", "a") == ids(one, "a") * 2
    assert ids(one, "a") != ids(RunReport(outcomes=(failed("c.csv"),)), "a")


def test_links_lead_to_the_page_and_to_the_run() -> None:
    links = run_links("https://h/team-a/", "s.raw", "landing__s__raw", "manual__2024+00:00/x")
    assert [link.url for link in links] == [
        "https://h/team-a/landing-loader/tables/s.raw",
        "https://h/team-a/dags/landing__s__raw/runs/manual__2024%2B00%3A00%2Fx",
    ]
    assert run_links(None, "raw", "d", "r") == ()
