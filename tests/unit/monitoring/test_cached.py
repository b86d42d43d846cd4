"""What is remembered is told at once, and made anew by one at a time."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from airflow_landing_loader.monitoring.cached import Cached


class Maker:
    """Makes numbers, one after the other, as soon as it is let."""

    def __init__(self) -> None:
        self.made = 0
        self.let = threading.Event()
        self.let.set()
        self.begun = threading.Event()
        self.fails = False

    def __call__(self) -> int:
        self.begun.set()
        assert self.let.wait(30)
        if self.fails:
            raise OSError("away")
        self.made += 1
        return self.made


def test_all_who_wait_for_the_first_value_get_the_same() -> None:
    maker = Maker()
    maker.let.clear()
    cached = Cached(maker, 3600)
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(cached.get) for _ in range(8)]
        maker.let.set()
        assert {one.result() for one in asked} == {1}
    assert maker.made == 1


def test_an_old_value_is_told_while_a_new_one_is_made() -> None:
    maker = Maker()
    cached = Cached(maker, 0)
    assert cached.get() == 1
    maker.let.clear()
    assert {cached.get() for _ in range(5)} == {1}
    maker.let.set()
    while cached.get() == 1:
        pass
    assert maker.made >= 2


def test_whoever_asks_after_forget_waits_for_what_is_made_from_then_on() -> None:
    maker = Maker()
    cached = Cached(maker, 3600)
    assert cached.get() == 1
    cached.forget()
    assert cached.get() == 2
    assert cached.get() == 2


def test_what_was_begun_before_forget_is_not_remembered() -> None:
    maker = Maker()
    maker.let.clear()
    cached = Cached(maker, 3600)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(cached.get)
        assert maker.begun.wait(30)
        cached.forget()
        maker.let.set()
        assert first.result() == 1
    assert cached.get() == 2


def test_trouble_is_told_to_who_waits_and_hidden_by_what_is_known() -> None:
    maker = Maker()
    maker.fails = True
    cached = Cached(maker, 0)
    with pytest.raises(OSError, match="away"):
        cached.get()
    maker.fails = False
    assert cached.get() == 1
    maker.fails = True
    assert cached.get() == 1
