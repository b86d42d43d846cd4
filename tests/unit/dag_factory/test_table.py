"""The DAG of one table: its options, its retries, what it leaves to the next run."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from airflow_landing_loader.version_compat import WAITS_AS_TOLD

if TYPE_CHECKING:
    from airflow.sdk import DAG
    from tests.support.zones import Zones


def test_options_of_the_dag(zones: Zones, build: Callable[..., dict[str, DAG]]) -> None:
    (zones.tables / "a.yaml").write_text(
        "a_*.csv: {table: raw_a, workers: 3, on_failed_file: continue,"
        " dag: {owner: finance, tags: [daily, eu], retries: 1, description: Rates}}\n"
    )
    dag = build(duckdb_pool="one_writer", max_lanes=7, poll_interval=33.0)["landing__raw_a"]
    assert dag.description == "Rates"
    assert dag.tags == {"landing-loader", "daily", "eu"}
    assert {task.owner for task in dag.tasks} == {"finance"}
    wait, load = dag.get_task("wait_for_files"), dag.get_task("file.load")
    assert (wait.max_lanes, wait.poke_interval, wait.deferrable) == (7, 33.0, True)
    assert (load.retries, load.max_active_tis_per_dagrun) == (1, 3)
    assert load.settings.loader_workers == 3
    assert not dag.get_task("report").fail_on_files
    pools = {task.task_id: task.pool for task in dag.tasks}
    assert {t for t, pool in pools.items() if pool == "one_writer"} == {
        "file.load",
        "file.archive",
        "file.fail",
        "any_loaded",
        "report",
    }


@pytest.mark.parametrize(
    ("setting", "written", "expected"),
    [
        (None, "", None),
        (True, "", True),
        (False, "", False),
        (True, "dag: {paused_at_creation: false}", False),
        (None, "dag: {paused_at_creation: true}", True),
    ],
)
def test_who_says_whether_a_new_dag_is_paused(
    zones: Zones,
    build: Callable[..., dict[str, DAG]],
    setting: bool | None,
    written: str,
    expected: bool | None,
) -> None:
    (zones.tables / "a.yaml").write_text(f"a_*.csv: {{table: raw_a, {written}}}\n")
    dag = build(dags_are_paused_at_creation=setting)["landing__raw_a"]
    assert dag.is_paused_upon_creation is expected


def test_what_must_not_fail_hot_has_its_own_retries(
    zones: Zones, build: Callable[..., dict[str, DAG]]
) -> None:
    (zones.tables / "a.yaml").write_text("a_*.csv: {table: raw_a, dag: {retries: 0}}\n")
    dag = build()["landing__raw_a"]
    for task_id in ("wait_for_files", "any_loaded", "report"):
        task = dag.get_task(task_id)
        delays = [task.retry_delay.total_seconds() * 2**n for n in range(task.retries)]
        patience = sum(min(d, task.max_retry_delay.total_seconds()) for d in delays)
        assert task.retry_exponential_backoff
        assert patience >= 15 * 60
    assert dag.get_task("file.load").retries == 0


def test_every_task_is_tried_again_by_trouble(
    zones: Zones, build: Callable[..., dict[str, DAG]]
) -> None:
    (zones.tables / "a.yaml").write_text("a_*.csv: raw_a\n")
    many = " ".join(["1"] * 12)
    for settings, retries in (({}, 8), ({"retry_waits_timeout": many}, 12)):
        dags = build(**settings)
        assert {dag.dag_id for dag in dags.values()} == {
            "landing__raw_a",
            "landing_actions",
            "landing_unmatched",
        }
        for task in (task for dag in dags.values() for task in dag.tasks):
            assert task.retry_by_trouble
            assert ("retry_policy" in vars(task) and task.retry_policy is not None) is WAITS_AS_TOLD
            assert task.task_id in ("file.archive", "file.fail") or task.retries == retries
    none = {f"retry_waits_{kind}": "none" for kind in ("network", "rate_limit", "timeout", "other")}
    # Airflow's own: a task that starts before its api server answers is no trouble of ours.
    assert build(**none)["landing__raw_a"].get_task("report").retries == 8


def test_only_where_the_next_run_begins_at_once_a_file_is_left_to_it(
    zones: Zones, build: Callable[..., dict[str, DAG]]
) -> None:
    (zones.tables / "a.yaml").write_text(
        "a_*.csv: raw_a\nb_*.csv: {table: raw_b, schedule: daily}\n"
    )
    for table, leaves, retries in (("raw_a", True, 2), ("raw_b", False, 8)):
        dag = build()[f"landing__{table}"]
        for task_id in ("file.validate", "file.load", "report"):
            assert dag.get_task(task_id).leave_to_next_run is leaves
        assert dag.get_task("file.load").retries == 8
        assert dag.get_task("file.archive").retries == retries
