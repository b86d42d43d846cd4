"""Tickets of actions: nobody makes one but who has the Fernet key, and one is good for one run."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import pytest
from cryptography.fernet import Fernet
from tests.support.fernet import fernet_keys

from airflow_landing_loader.exceptions import ConfigurationError, ErrorCode, TerminalError
from airflow_landing_loader.hooks.tickets import checked, with_ticket
from airflow_landing_loader.runs.actions import (
    ActionParameters,
    ActionRequest,
    request,
)

KEY, OTHER_KEY = Fernet.generate_key().decode(), Fernet.generate_key().decode()
DAY = 24 * 3600


@pytest.fixture(autouse=True)
def use_key() -> Iterator[Callable[[str], None]]:
    """Sets Airflow's Fernet keys."""
    with ExitStack() as stack:

        def use(keys: str) -> None:
            stack.enter_context(fernet_keys(keys))

        use(KEY)
        yield use


def asked(**changes: Any) -> ActionRequest:
    """A load to be taken back."""
    made = request(
        "unload",
        "raw_a",
        ("f9c96ed3", "\u00fcber\ud800.csv"),
        asked_by="ann",
        reason="prices of the day before",
        parameters=ActionParameters(to="failed"),
    )
    return replace(made, **changes)


def refused(conf: dict[str, Any], run_id: str) -> None:
    with pytest.raises(TerminalError) as caught:
        checked(conf, run_id)
    assert caught.value.code is ErrorCode.ACTION_NO_TICKET


def test_a_ticket_is_good_for_the_run_that_it_was_made_for() -> None:
    wanted = asked()
    conf = with_ticket(wanted)
    stored = json.loads(json.dumps(conf))  # as Airflow keeps it
    assert checked(stored, wanted.run_id) == wanted
    assert "raw_a" in wanted.run_id
    assert set(conf) == {
        *(
            "action_id",
            "action",
            "table",
            "targets",
            "reason",
            "asked_by",
            "asked_at",
            "parameters",
            "ticket",
        )
    }


def test_two_requests_are_two_runs() -> None:
    assert asked().run_id != asked().run_id


@pytest.mark.parametrize(
    "change",
    [
        {"table": "raw_b"},
        {"action": "verify"},
        {"targets": ["f9c96ed3"]},
        {"targets": []},
        {"reason": ""},
        {"asked_by": "bob"},
        {"parameters": {"to": "landing", "type": None}},
        {"parameters": {"to": "elsewhere", "type": None}},
        {"action_id": "0" * 32},
        {"action": "drop"},
        {"more": 1},
        {"ticket": None},
        {"ticket": ""},
        {"ticket": "\u00e9"},
        {"ticket": ["a"]},
        {"ticket": Fernet(OTHER_KEY).encrypt(b"{}").decode()},
        {"ticket": Fernet(KEY).encrypt(b"{}").decode()},
        {"ticket": Fernet(KEY).encrypt(b"a password").decode()},
    ],
)
def test_a_changed_configuration_is_refused(change: dict[str, Any]) -> None:
    wanted = asked()
    refused({**with_ticket(wanted), **change}, wanted.run_id)


@pytest.mark.parametrize("missing", ["ticket", "table", "targets", "asked_by", "parameters"])
def test_a_configuration_without_one_of_its_parts_is_refused(missing: str) -> None:
    wanted = asked()
    conf = with_ticket(wanted)
    del conf[missing]
    refused(conf, wanted.run_id)


def test_an_empty_configuration_is_refused() -> None:
    refused({}, "manual__2026-11-30T00:00:00+00:00")


def test_a_copy_of_a_run_is_refused() -> None:
    conf = with_ticket(asked())
    refused(conf, asked().run_id)
    refused(conf, "manual__2026-11-30T00:00:00+00:00")


def test_the_ticket_of_another_table_is_refused() -> None:
    mine, other = asked(), asked(table="raw_b")
    refused({**with_ticket(other), "ticket": with_ticket(mine)["ticket"]}, other.run_id)
    refused({**with_ticket(other), "ticket": with_ticket(mine)["ticket"]}, mine.run_id)


def test_a_ticket_is_good_for_a_day(monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    wanted, now = asked(), int(time.time())
    conf = with_ticket(wanted)
    with monkeypatch.context() as patch:
        patch.setattr(time, "time", lambda: now + DAY - 60)
        assert checked(conf, wanted.run_id) == wanted
        patch.setattr(time, "time", lambda: now + DAY + 60)
        refused(conf, wanted.run_id)


def test_another_key_makes_no_ticket(use_key: Callable[[str], None]) -> None:
    wanted = asked()
    conf = with_ticket(wanted)
    use_key(OTHER_KEY)
    refused(conf, wanted.run_id)


def test_a_key_that_is_being_replaced_still_counts(use_key: Callable[[str], None]) -> None:
    wanted = asked()
    conf = with_ticket(wanted)
    use_key(f"{OTHER_KEY},{KEY}")
    assert checked(conf, wanted.run_id) == wanted


def test_without_a_key_there_is_no_ticket(use_key: Callable[[str], None]) -> None:
    wanted = asked()
    conf = with_ticket(wanted)
    use_key("")
    for ask in (lambda: with_ticket(wanted), lambda: checked(conf, wanted.run_id)):
        with pytest.raises(ConfigurationError) as caught:
            ask()
        assert caught.value.code is ErrorCode.SETTINGS_MISSING


def test_the_ticket_tells_nothing() -> None:
    ticket = with_ticket(asked())["ticket"]
    assert len(ticket) < 500
    assert "raw_a" not in ticket
