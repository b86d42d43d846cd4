"""What Airflow's StatsD client sends of real runs, at a real socket."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.support import statsd

if TYPE_CHECKING:
    from tests.support.dag_runs import Lab

# `airflow dags test` alone leaves out what each process of Airflow 3.2 and later begins with.
PROGRAM = """
import sys
from airflow.providers.common.compat.sdk import Stats
if hasattr(Stats, "initialize"):
    from airflow.sdk.observability.metrics import stats_utils
    Stats.initialize(factory=stats_utils.get_stats_factory(), export_legacy_names=True)
from airflow.__main__ import main
sys.argv = ["airflow", "dags", "test", sys.argv[1]]
main()
"""


def run(lab: Lab, table: str, server: statsd.StatsD) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, f"landing__{table}"],
        env={
            **os.environ,
            **server.options,
            "AIRFLOW__LANDING_LOADER__SENSOR_TIMEOUT": "3",
            "AIRFLOW__LANDING_LOADER__DBT_MODE": "off",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    print(done.stdout)  # pytest shows it if the test fails


def test_a_run_is_counted_timed_and_gauged(lab: Lab) -> None:
    lab.mapping(
        "sent_*.csv: {table: raw_sent, settle_seconds: 0, on_bad_row: reject, max_rejected: 0.9,"
        " grace_seconds: 0}\n"
        "proved_*.csv: {table: raw_sent, settle_seconds: 0, go_file: {pattern: proved_*.go,"
        " format: presence}}"
    )
    good = lab.deliver("sent_1.csv", "id,name\n1,a\n2\n")
    size = good.stat().st_size
    lab.deliver("sent_2.csv", 'id,name\n1,"a\n')
    lab.deliver("proved_1.csv")
    with statsd.listening() as server:
        run(lab, "raw_sent", server)
    assert server.sums() == {
        ("landing_loader.loads", "raw_sent"): 1,
        ("landing_loader.rows", "raw_sent"): 1,
        ("landing_loader.rejected", "raw_sent"): 1,
        ("landing_loader.bytes", "raw_sent"): size,
        ("landing_loader.failures.csv_unclosed_quote", "raw_sent"): 1,
    }
    lines = server.lines()
    assert all(statsd.exported(line).labels["table"] == "raw_sent" for line in lines)
    assert {line.name for line in lines if line.kind == "ms"} == {
        f"airflow.landing_loader.step.{step}" for step in ("validate", "load", "archive", "fail")
    }
    waiting = [line.value for line in lines if line.name == "airflow.landing_loader.waiting"]
    assert waiting[-1] == 1  # the one whose go file is not there
    told = [packet for packet in server.packets if packet.startswith("airflow.landing_loader.")]
    assert not any(name in packet for packet in told for name in ("sent_1", "sent_2", "proved_1"))
