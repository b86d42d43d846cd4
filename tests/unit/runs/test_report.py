from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from airflow_landing_loader.exceptions import ErrorDetail
from airflow_landing_loader.pipeline.outcome import Outcome
from airflow_landing_loader.runs.holdback import HeldBack
from airflow_landing_loader.runs.report import RunReport, as_table, failures, summary

ERROR = ErrorDetail(code="csv.ragged", message="is wrong", file="b.csv", line=7, value="secret")


def outcome(name: str, status: Any = "loaded", **changes: Any) -> Outcome:
    fields: dict[str, Any] = {"rows": 1000, "rejected": 0, "uri": f"/x/{name}", "table": "raw"}
    return Outcome(name=name, status=status, **(fields | changes))


def test_bad_files_come_first_and_the_sums_last() -> None:
    report = RunReport(
        outcomes=(
            outcome("a.csv", notes=("restates load x",)),
            outcome("b.csv", "failed", rows=0, error=ERROR),
        ),
        waiting=3,
        dbt="succeeded",
        held=(
            HeldBack(name="c\n.csv", token=None, code="x", since=0, until=1705302000, failed=True),
        ),
        new_notices=("stranger.txt matches nothing",),
    )
    assert as_table(report).splitlines() == [
        "status  file    rows  what",
        "failed  b.csv         [csv.ragged] b.csv:7: is wrong",
        "loaded  a.csv  1,000  restates load x",
        "files: 1 loaded, 1 failed, 3 waiting for the next run; rows: 1,000; dbt: succeeded",
        "held back until 2024-01-15 07:00:00 UTC: c\ufffd.csv",
        "not taken: stranger.txt matches nothing",
        "Once the cause is mended, `airflow landing-loader replay FILE` brings a failed file back.",
    ]


def test_what_to_do_stands_below_the_reason() -> None:
    error = ErrorDetail(code="csv.ragged", message="is wrong", hint="Mend it", file="b.csv")
    report = RunReport(outcomes=(outcome("b.csv", "failed", rows=0, error=error),))
    assert as_table(report).splitlines()[1:3] == [
        "failed  b.csv        [csv.ragged] b.csv: is wrong.",
        "                     Hint: Mend it",
    ]


def test_thousands_of_good_files_are_summed_up() -> None:
    report = RunReport(outcomes=tuple(outcome(f"{n:04}.csv") for n in range(2500)))
    lines = as_table(report).splitlines()
    assert len(lines) == 103
    assert lines[-2] == "... and 2400 more that went well"
    assert summary(report)["loaded"] == 2500


def test_values_are_shown_only_when_asked_for() -> None:
    report = RunReport(outcomes=(outcome("b.csv", "failed", error=ERROR),))
    assert "secret" not in as_table(report)
    assert "secret" in as_table(report, show_values=True)
    assert "secret" not in "".join(failures(report, fail_on_files=True))


def test_names_cannot_break_the_table() -> None:
    report = RunReport(outcomes=(outcome("a\nb" * 100),))
    assert len(as_table(report).splitlines()) == 3


def test_left_files_fail_the_run_only_when_their_time_is_over() -> None:
    def held(failed: bool) -> HeldBack:
        return HeldBack(name="b.csv", token=None, code="x", since=0, until=9, failed=failed)

    left = outcome("b.csv", "left", error=ERROR)
    early = RunReport(outcomes=(left,), held=(held(False),))
    late = RunReport(outcomes=(left,), held=(held(True),))
    assert failures(early, fail_on_files=True) == []
    assert "still in landing" in failures(late, fail_on_files=False)[0]


def test_a_reason_stands_in_the_table_only() -> None:
    refused = outcome("b.csv", "failed", rows=0, error=ERROR)
    report = RunReport(outcomes=(refused,), dbt="failed", dbt_failed=("dbt.stg_a_model_build",))
    assert failures(report, fail_on_files=True) == [
        "[csv.ragged] b.csv is in the failed zone",
        "Why is told above, in this task's log.",
        "dbt failed: the log of dbt.stg_a_model_build says why. It runs again in ten minutes.",
    ]


def test_without_a_file_there_is_no_table_and_a_green_run_tells_that_dbt_is_held_back() -> None:
    assert as_table(RunReport()) == "no file was taken; dbt: not run"
    again = datetime(2024, 1, 15, 8, 4, 49, 572803, tzinfo=UTC)
    held_back = as_table(RunReport(dbt_again=again))
    assert held_back == "no file was taken; dbt: failed before, again from 2024-01-15 08:05 UTC"
    assert as_table(RunReport(dbt="failed", dbt_again=again)).endswith("dbt: failed")


def test_a_load_is_called_one() -> None:
    table = as_table(RunReport(outcomes=(outcome("a.csv", load_id="0b1c"),)))
    assert table.splitlines()[1].endswith("  load 0b1c")


def test_nothing_happened() -> None:
    assert RunReport(new_notices=("x",)).nothing_happened
    assert not RunReport(dbt="failed").nothing_happened
    assert not RunReport(broken_tasks=("x failed",)).nothing_happened
