"""Which exception a task ends with after an error: that says whether and when Airflow goes on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import (
    AirflowException,
    AirflowFailException,
    AirflowSkipException,
    TaskDeferred,
)

from airflow_landing_loader.exceptions import ErrorCode, ErrorDetail, TransientError
from airflow_landing_loader.loading.model import Refused
from airflow_landing_loader.operators import base
from airflow_landing_loader.operators.landing import ValidateFilesOperator
from airflow_landing_loader.runs.retries import RetryWaits
from airflow_landing_loader.settings import Settings
from airflow_landing_loader.trouble import NETWORK, Trouble
from airflow_landing_loader.version_compat import WAITS_AS_TOLD, RetryInError, wait_as_told

Raised = Callable[..., BaseException]


@pytest.fixture
def raised(
    make: Callable[..., Any],
    values: Any,
    context: Any,
    settings: Callable[..., Settings],
) -> Raised:
    """What a task ends with whose one file cannot be read for some trouble."""

    def end(
        trouble: Trouble | None, *, tried: int = 0, code: str = "zone.unavailable", **options: Any
    ) -> BaseException:
        error = ErrorDetail(code=code, message="m", transient=True, trouble=trouble)

        class Core:
            mappings = (values.mapping,)

            def validate_batch(self, names: Any) -> Any:
                return [Refused(delivery=values.delivery(), error=error)]

        given = {"files": "a.csv", "retry_by_trouble": True, "retries": 8} | options
        task = make(ValidateFilesOperator, Core(), **given)
        task._waits = RetryWaits.of(settings())
        with pytest.raises(BaseException) as caught:  # noqa: PT011 - TaskDeferred is one
            task.try_again(context, tried=tried) if tried else task.execute(context)
        return caught.value

    return end


@pytest.fixture
def as_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """As from Airflow 3.3 on."""
    monkeypatch.setattr(base, "WAITS_AS_TOLD", True)


@pytest.fixture
def before(monkeypatch: pytest.MonkeyPatch) -> None:
    """As before Airflow 3.3."""
    monkeypatch.setattr(base, "WAITS_AS_TOLD", False)
    monkeypatch.setattr(base, "wait_as_told", dict)


@pytest.mark.usefixtures("as_told")
def test_the_wait_is_told(raised: Raised, ti: Any) -> None:
    for number, wait in enumerate([1, 2, 4, 8, 16], 1):
        ti.try_number = number
        error = raised(NETWORK)
        assert isinstance(error, RetryInError)
        assert (error.wait, error.reason) == (wait, f"network: retry {number} of 5 in {wait} s")
        assert ti.pushed("landing_error")["errors"][0]["trouble"]["kind"] == "network"
    ti.try_number = 6
    assert isinstance(raised(NETWORK), AirflowFailException)
    assert isinstance(raised(None), RetryInError)  # a database that is busy has more


@pytest.mark.usefixtures("as_told")
def test_a_cleared_task_begins_anew(raised: Raised, ti: Any) -> None:
    ti.try_number, ti.max_tries = 7, 6 + 8
    error = raised(NETWORK)
    assert isinstance(error, RetryInError)
    assert error.wait == 1


@pytest.mark.usefixtures("as_told")
def test_retries_of_the_mapping_bound_it(raised: Raised, ti: Any) -> None:
    ti.max_tries = 1
    assert isinstance(raised(NETWORK, retries=1), RetryInError)
    ti.try_number = 2
    assert isinstance(raised(NETWORK, retries=1), AirflowFailException)
    ti.try_number, ti.max_tries = 1, 0
    assert isinstance(raised(NETWORK, retries=0), AirflowFailException)


@pytest.mark.usefixtures("before")
def test_before_it_is_waited_in_the_triggerer(raised: Raised, ti: Any) -> None:
    for tried, wait in enumerate([1, 2, 4, 8, 16]):
        deferred = raised(NETWORK, tried=tried)
        assert isinstance(deferred, TaskDeferred)
        assert (deferred.method_name, deferred.kwargs) == ("try_again", {"tried": tried + 1})
        assert deferred.timeout > timedelta(seconds=wait)
        assert ti.pushed("landing_error") is None  # the next try may go well
    error = raised(NETWORK, tried=5)
    assert isinstance(error, AirflowFailException)
    assert ti.pushed("landing_error")["errors"]
    limited = raised(Trouble(kind="rate_limit", retry_after=1234.0))
    assert isinstance(limited, TaskDeferred)
    assert limited.timeout > timedelta(seconds=1234)


@pytest.mark.usefixtures("before")
def test_before_airflow_waits_by_itself_for_all_else(raised: Raised, ti: Any) -> None:
    error = raised(None)
    assert isinstance(error, AirflowException)
    assert not isinstance(error, AirflowFailException)
    ti.try_number = 9
    assert isinstance(raised(None), AirflowFailException)


@pytest.mark.parametrize("tried", [0, 4])
@pytest.mark.usefixtures("before")
def test_a_file_is_left_to_the_next_run_only_after_its_retries(raised: Raised, tried: int) -> None:
    left: dict[str, Any] = {"leave_to_next_run": True, "code": "landing.unreadable"}
    assert isinstance(raised(NETWORK, tried=tried, **left), TaskDeferred)
    assert isinstance(raised(NETWORK, tried=5, **left), AirflowSkipException)
    assert isinstance(raised(None, **left), AirflowSkipException)
    assert isinstance(raised(NETWORK, retry_by_trouble=False, **left), AirflowSkipException)


@pytest.mark.usefixtures("as_told")
def test_a_task_that_does_not_ask_for_it_has_airflows_own(raised: Raised, ti: Any) -> None:
    ti.try_number = 50
    error = raised(NETWORK, retry_by_trouble=False)
    assert isinstance(error, AirflowException)
    assert not isinstance(error, RetryInError | AirflowFailException)


def test_an_error_before_the_settings_are_known_is_airflows_to_try_again(
    make: Callable[..., Any], context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = make(ValidateFilesOperator, None, files="a.csv", retry_by_trouble=True, retries=8)

    def fails(context: Any) -> None:
        raise TransientError(ErrorCode.ZONE_UNAVAILABLE, "m", trouble=NETWORK)

    monkeypatch.setattr(task, "make_pipeline", fails)
    with pytest.raises(AirflowException) as caught:
        task.execute(context)
    assert not isinstance(caught.value, AirflowFailException)


@pytest.mark.skipif(not WAITS_AS_TOLD, reason="Airflow has no retry policies")
def test_the_policy_hands_on_what_it_is_told() -> None:
    policy = wait_as_told()["retry_policy"]
    told = policy.evaluate(RetryInError("m", wait=2.5, reason="network"), 1, 8)
    assert (told.action.value, told.retry_delay, told.reason) == (
        "retry",
        timedelta(seconds=2.5),
        "network",
    )
    assert policy.evaluate(RuntimeError("killed"), 1, 8).action.value == "default"
