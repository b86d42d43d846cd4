"""Publishers that die, and several at once: what is in the outbox arrives, in order."""

from __future__ import annotations

import itertools
import os
import pickle
import signal
import subprocess
import sys
from typing import Any

import pytest
from tests.support.listening import Receiver

from airflow_landing_loader.config.channels.model import EVENT_TYPES
from airflow_landing_loader.landing.replay.replay import replay
from airflow_landing_loader.loading.model import RunContext
from airflow_landing_loader.pipeline.pipeline import Pipeline

RUN = RunContext(dag_id="d", run_id="r", events=(("hook", EVENT_TYPES),))
FILES = 60

PUBLISHES = """
import os, pickle, signal, sys, urllib.request
from airflow_landing_loader.events import publishing
from airflow_landing_loader.events.publishing import NotSentError, one_by_one
from airflow_landing_loader.loading.warehouses.duckdb import warehouse
from airflow_landing_loader.pipeline.pipeline import Pipeline

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

settings, mappings, url, where = pickle.loads(sys.stdin.buffer.read())
publishing.PAGE = 25
sent = 0

class Target:
    def send(self, records):
        one_by_one(records, self.post)

    def post(self, record):
        global sent
        if where == "before the first":
            die()
        request = urllib.request.Request(
            url, record.body.encode(), {"Idempotency-Key": record.event_id}
        )
        with urllib.request.urlopen(request):
            pass
        sent += 1
        if where == "between two" and sent == 7 or where == "in the second page" and sent == 30:
            die()

mark = warehouse.mark_published
if where == "before the mark":
    warehouse.mark_published = die
if where == "after the mark":
    warehouse.mark_published = lambda *a: (mark(*a), die())
ledger = Pipeline(settings, mappings).warehouse
if where == "after reading":
    ledger.pending_events = lambda *a, _ask=ledger.pending_events: (_ask(*a), die())
print("ready", flush=True)
publishing.publish(ledger, lambda _: Target(), None)
"""


@pytest.fixture
def outbox(world: Any) -> Any:
    """Sixty events of sixty loads, and the one that the run has begun."""
    world.map()
    for number in range(FILES):
        world.deliver(f"a_{number}.csv", f"id\n{number}\n")
    pipeline = Pipeline(world.settings, world.mappings, run=RUN)
    ready = pipeline.discover().ready
    for start in range(0, FILES, 20):
        pipeline.run_batch(ready[start : start + 20])
    return world


def start(world: Any, receiver: Receiver, where: str) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-c", PUBLISHES], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    host, port = receiver.address
    told = pickle.dumps((world.settings, world.mappings, f"http://{host}:{port}/", where))
    assert process.stdin is not None
    process.stdin.write(told)
    process.stdin.close()
    return process


def check_arrived(world: Any, receiver: Receiver) -> None:
    """Everything arrived, the first time in order, and is marked."""
    rows = world.sql(
        "SELECT event_id FROM load_events WHERE published_at IS NOT NULL "
        "ORDER BY occurred_at, event_id"
    )
    due = [event_id for (event_id,) in rows]
    assert len(due) == FILES + 1
    assert world.count("load_events") == FILES + 1
    assert list(dict.fromkeys(receiver.ids)) == due


STEPS = (
    *("after reading", "before the first", "between two", "before the mark", "after the mark"),
    "in the second page",
)


@pytest.mark.parametrize("where", STEPS)
def test_a_death_repeats_or_delays_and_loses_nothing(outbox: Any, where: str) -> None:
    with Receiver() as receiver:
        died = start(outbox, receiver, where)
        assert died.wait(120) == -signal.SIGKILL
        sent = len(receiver.ids)
        assert start(outbox, receiver, "").wait(120) == 0
        check_arrived(outbox, receiver)
        repeated = len(receiver.ids) - FILES - 1
        assert repeated <= sent
        assert (repeated > 0) is (where in ("between two", "before the mark", "in the second page"))


def test_sigkill_at_any_moment_and_a_receiver_that_fails(outbox: Any) -> None:
    answers = itertools.cycle([200, 200, 200, 500, 200, 0, 200, 1, 200, 200, 200])
    with Receiver(answer=lambda *_: next(answers)) as receiver:
        killed = 0
        for attempt in range(6):
            process = start(outbox, receiver, "")
            assert process.stdout is not None
            process.stdout.readline()
            try:
                process.wait(timeout=0.02 + 0.03 * attempt)
            except subprocess.TimeoutExpired:
                os.kill(process.pid, signal.SIGKILL)
                process.wait()
                killed += 1
        assert killed
        receiver.answer = lambda *_: 200
        assert start(outbox, receiver, "").wait(120) == 0
        check_arrived(outbox, receiver)


def test_two_publishers_at_once_lose_nothing(outbox: Any) -> None:
    with Receiver() as receiver:
        both = [start(outbox, receiver, "") for _ in range(2)]
        assert [process.wait(120) for process in both] == [0, 0]
        assert set(receiver.ids) == {
            event_id for (event_id,) in outbox.sql("SELECT event_id FROM load_events")
        }
        check_all_marked = "SELECT count(*) FROM load_events WHERE published_at IS NULL"
        assert outbox.sql(check_all_marked) == [(0,)]


def test_what_is_replayed_and_refused_again_is_another_event(world: Any) -> None:
    world.map(grace_seconds=0)
    world.deliver("a_1.csv", 'id\n"')
    for _ in range(2):
        pipeline = Pipeline(world.settings, world.mappings, run=RUN)
        pipeline.run_batch(pipeline.discover().ready)
        replay(pipeline.zones.failed, pipeline.zones.landing, ["a_1.csv"])
    refused = "SELECT count(DISTINCT event_id) FROM load_events WHERE event_type = 'file.refused'"
    assert world.sql(refused) == [(2,)]
