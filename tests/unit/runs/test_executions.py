"""Ids of executions: reversible, and no two for one run; and what a layer has updated."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_landing_loader.loading.operations import ExecutionRecord
from airflow_landing_loader.runs.executions import RunKey, id_of, models_of, run_of

RUN = RunKey("landing__raw_trades", "manual__2026-11-30T01:46:25.393756+00:00")


@given(
    table=st.from_regex("[A-Za-z0-9_]{1,60}", fullmatch=True),
    run_id=st.from_regex("[A-Za-z0-9_.~:+-]{3,250}", fullmatch=True),
)
def test_an_id_says_which_run_it_is(table: str, run_id: str) -> None:
    run = RunKey(f"landing__{table}", run_id)
    execution_id = id_of(run)
    assert run_of(execution_id) == run
    assert execution_id.isascii()
    assert "/" not in execution_id


@given(st.text(max_size=80))
def test_any_other_text_is_no_id(text: str) -> None:
    run = run_of(text)
    assert run is None or id_of(run) == text


@pytest.mark.parametrize(
    "name",
    [
        b"landing__raw_trades",
        b"landing__raw_trades/",
        b"landing__raw_trades/..",
        b"landing__raw_trades/.",
        b"landing__raw_trades/a/b",
        b"landing__raw_trades/a\nb",
        b"landing__raw_trades/a\x00b",
        b"landing__broken__x.yaml/a",
        b"landing_unmatched/a",
        b"other_dag/a",
        b"/a",
        b"\xff/a",
        b"",
    ],
)
def test_no_other_place_in_airflows_api_has_an_id(name: bytes) -> None:
    assert run_of("exec_" + urlsafe_b64encode(name).rstrip(b"=").decode()) is None


def test_an_id_has_one_spelling() -> None:
    execution_id = id_of(RUN)
    for other in (f"{execution_id}=", f"{execution_id} ", f"exec_exec_{execution_id[5:]}"):
        assert run_of(other) is None
    assert run_of(execution_id.removeprefix("exec_")) is None


def test_bits_that_say_nothing_are_as_we_write_them() -> None:
    execution_id = id_of(RunKey("landing__raw_a", "run1"))
    assert execution_id.endswith("Q")  # its last four bits are none of the text
    assert run_of(f"{execution_id[:-1]}R") is None


@pytest.mark.parametrize(
    ("result", "models"),
    [
        ('{"models": ["campaign_daily", "pacing"]}', ("campaign_daily", "pacing")),
        ('{"files": {"loaded": 3}}', ()),
        ('{"models": "campaign_daily"}', ()),
        ("[]", ()),
        ("{", ()),
        ("", ()),
        (None, ()),
    ],
)
def test_models_are_those_that_the_result_names(
    result: str | None, models: tuple[str, ...]
) -> None:
    record = ExecutionRecord(
        execution_id=id_of(RUN),
        dag_id=RUN.dag_id,
        run_id=RUN.run_id,
        table_name="raw_trades",
        layer="gold",
        status="completed",
        result=result,
        completed_at=datetime(2024, 12, 23),  # noqa: DTZ001 - as the books have it
    )
    assert models_of(record) == models
