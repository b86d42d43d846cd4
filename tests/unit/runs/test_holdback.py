from __future__ import annotations

import json
from dataclasses import replace

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.exceptions import ErrorCode, ErrorDetail
from airflow_landing_loader.landing.model import Delivery
from airflow_landing_loader.runs.holdback import (
    LONG_PAUSE,
    PATIENCE,
    SHORT_PAUSE,
    LeftBehind,
    delivery_token,
    dump_held,
    hold_back,
    is_of_the_file,
    load_held,
    offered,
)
from airflow_landing_loader.storage.model import LandedFile

NOW = 1_000_000.0
MAPPING = TableMapping(pattern="*.csv", table="raw")


def delivery(name: str, token: str = "1", go: str | None = None) -> Delivery:
    def file(name: str, token: str) -> LandedFile:
        return LandedFile(name=name, path=f"/l/{name}", size=1, mtime_ns=0, token=token)

    return Delivery(mapping=MAPPING, data=file(name, token), go=file("go", go) if go else None)


def left(
    name: str, token: str | None = "1/", *, gave_up: bool = True, code: str = "zone.unwritable"
) -> LeftBehind:
    return LeftBehind(name=name, token=token, code=code, gave_up=gave_up)


def test_a_file_that_failed_its_run_waits_ten_minutes() -> None:
    held = hold_back((), [left("a.csv")], NOW)
    assert held[0].failed
    assert not offered([delivery("a.csv")], held, NOW + LONG_PAUSE - 1)
    assert offered([delivery("a.csv")], held, NOW + LONG_PAUSE)


def test_others_do_not_wait_for_it() -> None:
    held = hold_back((), [left("a.csv")], NOW)
    found = offered([delivery("a.csv"), delivery("b.csv")], held, NOW)
    assert [d.data.name for d in found] == ["b.csv"]


def test_a_new_delivery_of_the_name_does_not_wait() -> None:
    held = hold_back((), [left("a.csv")], NOW)
    assert offered([delivery("a.csv", token="2")], held, NOW)
    assert offered([delivery("a.csv", go="1")], held, NOW)


def test_without_a_token_every_delivery_of_the_name_waits() -> None:
    held = hold_back((), [left("a.csv", token=None)], NOW)
    assert not offered([delivery("a.csv", token="2")], held, NOW)


def test_one_left_by_the_way_waits_half_a_minute_and_does_not_fail_the_run() -> None:
    held = hold_back((), [left("a.csv", gave_up=False)], NOW)
    assert not held[0].failed
    assert offered([delivery("a.csv")], held, NOW + SHORT_PAUSE)


def test_one_left_by_the_way_again_and_again_waits_longer_and_longer_and_fails_at_last() -> None:
    held, now, waits = hold_back((), [left("a.csv", gave_up=False)], NOW), NOW, []
    while not held[0].failed:
        waits.append(held[0].until - now)
        now = held[0].until
        held = hold_back(held, [left("a.csv", gave_up=False)], now)
    assert waits == [30, 30, 60, 120, 240, 480]
    assert now - NOW >= PATIENCE
    assert held[0].until == now + LONG_PAUSE


def test_one_cause_fails_one_run_in_ten_minutes_whatever_the_files() -> None:
    held = hold_back((), [left("a.csv")], NOW)
    held = hold_back(held, [left("b.csv")], NOW + 100)
    assert {e.name: e.failed for e in held} == {"a.csv": True, "b.csv": False}
    assert {e.until for e in held} == {NOW + LONG_PAUSE}
    held = hold_back(held, [left("a.csv"), left("b.csv")], NOW + LONG_PAUSE)
    assert {e.name: e.failed for e in held} == {"a.csv": True, "b.csv": True}


def test_another_cause_is_told_at_once() -> None:
    held = hold_back((), [left("a.csv")], NOW)
    held = hold_back(held, [left("b.csv", code="warehouse.locked")], NOW + 100)
    assert {e.name: e.failed for e in held} == {"a.csv": True, "b.csv": True}


def test_runs_in_between_hand_on_what_still_waits_and_forget_what_is_over() -> None:
    held = hold_back((), [left("a.csv"), left("b.csv", gave_up=False)], NOW)
    held = hold_back(held, [left("c.csv", gave_up=False)], NOW + SHORT_PAUSE)
    assert [entry.name for entry in held] == ["a.csv", "c.csv"]


def test_a_new_delivery_starts_anew() -> None:
    held = hold_back((), [left("a.csv", gave_up=False)], NOW)
    held = hold_back(held, [left("a.csv", token="2/", gave_up=False)], NOW + PATIENCE)
    assert [entry.failed for entry in held] == [False]


def test_what_is_of_the_file_and_what_stops_every_file() -> None:
    def error(code: ErrorCode, *, transient: bool = True) -> ErrorDetail:
        return ErrorDetail(code=code.value, message="x", transient=transient)

    assert is_of_the_file(error(ErrorCode.LANDING_CHANGED))
    assert is_of_the_file(error(ErrorCode.COUNT_TOO_FEW))
    assert not is_of_the_file(error(ErrorCode.COUNT_TOO_FEW, transient=False))
    assert not is_of_the_file(error(ErrorCode.WAREHOUSE_LOCKED))
    assert not is_of_the_file(error(ErrorCode.ZONE_UNWRITABLE))


def test_it_survives_json() -> None:
    held = hold_back((), [left("a.csv"), left("b.csv", token=None)], NOW)
    assert load_held(json.loads(json.dumps(dump_held(held)))) == held
    assert load_held(None) == ()


def test_the_token_covers_the_go_file() -> None:
    assert delivery_token(delivery("a.csv")) != delivery_token(delivery("a.csv", go="1"))


def test_a_set_waits_for_the_one_of_it_that_has_to_wait() -> None:
    members = [replace(delivery(name, go="1"), members=2) for name in ("a.csv", "b.csv")]
    held = hold_back((), [left("a.csv", "1/1")], NOW)
    found = offered([*members, delivery("c.csv")], held, NOW)
    assert [d.data.name for d in found] == ["c.csv"]
    assert len(offered(members, held, NOW + LONG_PAUSE)) == 2
