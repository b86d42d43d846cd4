"""One wording of errors and outcomes for logs, tables and the command line."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from airflow_landing_loader.exceptions import ErrorDetail
from airflow_landing_loader.loading.model import ArrivalRecord
from airflow_landing_loader.pipeline.outcome import Outcome, Status
from airflow_landing_loader.runs.wording import (
    arrivals_text,
    error_text,
    errors_text,
    minute,
    outcome_text,
    reason_lines,
    reason_text,
    short_error,
)

ERROR = ErrorDetail(
    code="csv.ragged", message="Bad.", hint="Mend it", file="a", line=3, record=2, column="x"
)


def outcome(status: Status = "loaded", **fields: Any) -> Outcome:
    return Outcome(name="a", table="raw", status=status, uri="/x/a", **fields)


def test_beside_the_name_of_its_file_an_error_does_not_repeat_it() -> None:
    assert short_error(ERROR) == "[csv.ragged] line 3, record 2, column x: Bad."
    assert short_error(ErrorDetail(code="c", message="m")) == "[c] m"
    refused = outcome("failed", error=ERROR)
    assert reason_text(refused) == short_error(ERROR) + " Hint: Mend it"
    assert reason_text(refused, hint=False) == short_error(ERROR)


def test_on_its_own_an_error_names_its_file() -> None:
    assert error_text(ERROR) == "[csv.ragged] a:3 (record 2, column x): Bad. Hint: Mend it"
    assert " ".join(reason_lines(outcome("failed", error=ERROR))) == error_text(ERROR)


def test_of_many_errors_fifty_are_told_and_no_cell() -> None:
    error = ErrorDetail(code="csv.ragged", message="Bad.", value="secret-cell")
    lines = errors_text([error] * 51).splitlines()
    assert lines == ["[csv.ragged] Bad."] * 50 + ["... and 1 more"]
    assert errors_text([error] * 50).splitlines() == lines[:50]
    assert errors_text([]) == ""


def test_what_a_person_should_know_though_nothing_failed() -> None:
    assert (reason_text(outcome()), reason_lines(outcome())) == ("", ())
    noted = outcome(notes=("one", "two"))
    assert (reason_text(noted), reason_lines(noted)) == ("one; two", ("one; two",))


def test_where_a_file_lies_now() -> None:
    assert outcome_text(outcome()) == "a: loaded, now /x/a"
    assert outcome_text(outcome("left", error=ERROR)) == "a: left in landing [csv.ragged]"
    assert outcome_text(outcome("failed", error=ERROR)) == (
        "a: refused [csv.ragged], now /x/a; its reason lies beside it"
    )


def test_a_moment_is_told_to_the_minute_and_never_too_early() -> None:
    assert minute(datetime(2026, 11, 29, 8, 5, tzinfo=UTC)) == "2026-11-29 08:05 UTC"
    assert minute(datetime(2026, 11, 29, 8, 5, 49, 572803, tzinfo=UTC)) == "2026-11-29 08:06 UTC"


def test_what_is_to_be_told_of_windows() -> None:
    def record(table: str, outcome: str, **changes: Any) -> ArrivalRecord:
        due = datetime(2024, 1, 15, 7)  # noqa: DTZ001
        fields: dict[str, Any] = {
            "table_name": table,
            "pattern": f"{table}_*.csv",
            "day": "2024-01-15",
            "opens_at": due,
            "due_at": due,
            "until_at": due,
            "outcome": outcome,
            "reason": "no file",
            "file_count": 0,
            "row_count": 0,
            "arrived_at": None,
            "mended_at": None,
            "recorded_at": due,
        }
        return ArrivalRecord(**(fields | changes))

    mended = datetime(2024, 1, 15, 9, 30)  # noqa: DTZ001
    lines = arrivals_text(
        [
            record("prices", "late"),
            record("p", "wrong", file_count=1, row_count=1234, reason="too small"),
            record("evil", "missing", mended_at=mended, pattern="a\x1b[31m\n*.csv"),
        ]
    ).splitlines()
    assert lines == [
        "outcome  table   day         due                   files   rows  pattern       why",
        "late     prices  2024-01-15  2024-01-15 07:00 UTC      0      0  prices_*.csv  no file",
        "wrong    p       2024-01-15  2024-01-15 07:00 UTC      1  1,234  p_*.csv       too small",
        "mended   evil    2024-01-15  2024-01-15 07:00 UTC      0      0  a\ufffd[31m\ufffd*.csv  "
        "there since 2024-01-15 09:30 UTC; it was: no file",
    ]
    many = arrivals_text([record("t", "late")] * 501).splitlines()
    assert (len(many), many[-1]) == (502, "... and 1 more: see load_arrivals")
