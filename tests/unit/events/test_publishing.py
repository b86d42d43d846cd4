"""The outbox is sent at least once, in order for each channel, and a dead one holds up no other."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_landing_loader.events import publishing
from airflow_landing_loader.events.publishing import NotSentError, Stuck, publish
from airflow_landing_loader.loading.ledger.tables import now
from airflow_landing_loader.loading.operations import EventRecord

START = now()


def record(number: int, channel: str, table: str = "t") -> EventRecord:
    return EventRecord(
        event_id=f"{number:03}",
        channel=channel,
        event_type="layer.completed",
        occurred_at=START + timedelta(seconds=number),
        table_name=table,
        load_id=None,
        dag_id=None,
        run_id=None,
        body="{}",
    )


@dataclass
class Books:
    """The outbox as the ledger keeps it."""

    rows: list[EventRecord]
    marks: int = 0

    def pending_events(
        self, tables: Sequence[str] | None, leaving_out: Collection[str], limit: int
    ) -> tuple[EventRecord, ...]:
        found = [
            r
            for r in self.rows
            if r.published_at is None
            and (tables is None or r.table_name in tables)
            and r.channel not in leaving_out
        ]
        found.sort(key=lambda r: (r.occurred_at, r.event_id, r.channel))
        return tuple(found[:limit])

    def mark_published(self, records: Sequence[EventRecord]) -> None:
        done = {(r.event_id, r.channel) for r in records}
        self.marks += 1
        self.rows = [
            replace(r, published_at=now()) if (r.event_id, r.channel) in done else r
            for r in self.rows
        ]


@dataclass
class World:
    """Channels that take so many events and no more."""

    takes: dict[str, int]
    taken: dict[str, list[str]] = field(default_factory=dict)

    def target(self, channel: str) -> publishing.Target:
        world = self

        class Target:
            def send(self, records: Sequence[EventRecord]) -> None:
                for sent, item in enumerate(records):
                    if world.takes.get(channel, 0) <= 0:
                        raise NotSentError("full", sent)
                    world.takes[channel] -= 1
                    world.taken.setdefault(channel, []).append(item.event_id)

        return Target()


@given(
    rows=st.lists(st.tuples(st.integers(0, 50), st.sampled_from("abc")), unique=True, max_size=40),
    takes=st.fixed_dictionaries({name: st.integers(0, 30) for name in "abc"}),
    page=st.integers(1, 7),
    at_once=st.integers(1, 4),
)
def test_every_channel_takes_what_is_for_it_in_order(
    rows: list[tuple[int, str]], takes: dict[str, int], page: int, at_once: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(publishing, "PAGE", page)
        patch.setattr(publishing, "_AT_ONCE", at_once)
        books, world = Books([record(*row) for row in rows]), World(dict(takes))
        published = publish(books, world.target, None)
        for name in "abc":
            due = sorted(f"{number:03}" for number, channel in rows if channel == name)
            assert world.taken.get(name, []) == due[: takes[name]]
            marked = [r.event_id for r in books.rows if r.channel == name and r.published_at]
            assert sorted(marked) == due[: takes[name]]
        assert published.sent == sum(len(ids) for ids in world.taken.values())
        lacking = {c for c in "abc" if sum(1 for _, d in rows if d == c) > takes[c]}
        assert published.stuck == tuple(Stuck(name, "full") for name in sorted(lacking))
        # Another time, with room for all: nothing is sent twice, and nothing is lost.
        world.takes = dict.fromkeys("abc", 1000)
        publish(books, world.target, None)
        for name in "abc":
            due = sorted(f"{number:03}" for number, channel in rows if channel == name)
            assert world.taken.get(name, []) == due


def test_only_the_tables_that_are_asked_for() -> None:
    books = Books([record(1, "a", "t"), record(2, "a", "u")])
    world = World({"a": 10})
    assert publish(books, world.target, ["u"]).sent == 1
    assert world.taken == {"a": ["002"]}


def test_a_death_before_the_mark_sends_again_under_the_same_id() -> None:
    class Dying(Books):
        def mark_published(self, records: Sequence[EventRecord]) -> None:
            raise KeyboardInterrupt

    world = World({"a": 10})
    with pytest.raises(KeyboardInterrupt):
        publish(Dying(rows := [record(1, "a")]), world.target, None)
    publish(Books(rows), world.target, None)
    assert world.taken == {"a": ["001", "001"]}


def test_what_there_is_no_time_for_is_left() -> None:
    books, world = Books([record(n, "a") for n in range(50)]), World({"a": 100})
    published = publish(books, world.target, None, patience=0.0)
    assert (published.sent, published.in_time, len(world.taken["a"])) == (20, False, 20)


def test_a_slow_channel_holds_up_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has more than a page, all older than what is for others, and takes all the time."""
    clock = [0.0]
    monkeypatch.setattr(publishing, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    monkeypatch.setattr(publishing, "PAGE", 100)
    rows = [record(n, "slow") for n in range(250)]
    rows += [record(300 + n, name) for n in range(30) for name in ("a", "z")]
    world = World(dict.fromkeys(("a", "slow", "z"), 1000))

    def target(channel: str) -> publishing.Target:
        made = world.target(channel)

        class Slow:
            def send(self, records: Sequence[EventRecord]) -> None:
                clock[0] += publishing.PATIENCE + 1
                made.send(records)

        return Slow() if channel == "slow" else made

    published = publish(Books(rows), target, None)
    assert not published.in_time
    assert {name: len(ids) for name, ids in world.taken.items()} == {"slow": 20, "a": 20, "z": 20}
    for name, ids in world.taken.items():
        assert ids == [r.event_id for r in rows if r.channel == name][:20]


def test_an_unknown_channel_holds_up_no_other() -> None:
    books, world = Books([record(1, "gone"), record(2, "a")]), World({"a": 10})

    def target(name: str) -> publishing.Target:
        if name == "gone":
            raise NotSentError("there is none")
        return world.target(name)

    published = publish(books, target, None)
    assert published.stuck == (Stuck("gone", "there is none"),)
    assert world.taken == {"a": ["002"]}


def test_what_is_not_wanted_is_marked_and_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "PAGE", 3)
    books = Books([record(n, "a", "t" if n % 2 else "u") for n in range(20)])
    world = World({"a": 6})
    published = publish(books, world.target, None, is_wanted=lambda channel, kind: channel == "b")
    assert (published.sent, world.taken) == (0, {})
    assert all(row.published_at for row in books.rows)
