"""A process that runs a task builds its DAG alone, equal to the one that the processor built."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from airflow.sdk import DAG
    from tests.support.zones import Zones


def test_a_process_that_runs_a_task_builds_one_dag(
    zones: Zones, build: Callable[..., dict[str, DAG]], monkeypatch: pytest.MonkeyPatch
) -> None:
    (zones.tables / "a.yaml").write_text(
        "a_*.csv: raw_a\nb_*.csv: raw_b\nc_*.csv: {table: raw_c, x: 1}\n"
    )
    monkeypatch.setenv("_AIRFLOW_PARSING_CONTEXT_DAG_ID", "landing__raw_b")
    assert list(build()) == ["landing__raw_b"]
    monkeypatch.setenv("_AIRFLOW_PARSING_CONTEXT_DAG_ID", "landing__raw_c")
    assert list(build()) == ["landing__raw_c"]


def test_every_task_finds_the_dag_that_the_processor_built(
    zones: Zones, build: Callable[..., dict[str, DAG]], asked_for: Callable[[str, str], None]
) -> None:
    (zones.tables / "a.yaml").write_text(
        'a_*.csv: "raw\\x5fa"\nb_*.csv: {table: main.raw_b, workers: 2}\nc_*.csv: s.raw_c\n'
    )
    (zones.tables / "b.yaml").write_text("d_*.csv: {table: raw_a, dag: {tags: [late]}}\n")
    (zones.tables / "broken.yaml").write_text("e_*.csv: [\n")
    whole = build()
    for dag_id, dag in whole.items():
        for task in dag.tasks:
            asked_for(dag_id, task.task_id)
            built = build()
            assert list(built) == [dag_id]
            assert built[dag_id].task_ids == dag.task_ids
            assert built[dag_id].tags == dag.tags
            assert built[dag_id].doc_md == dag.doc_md
            twin = built[dag_id].get_task(task.task_id)
            for name in ("mapping", "settings", "retries", "problem"):
                assert getattr(twin, name, None) == getattr(task, name, None)
    assert sorted(whole) == [
        "landing__broken__broken.yaml",
        "landing__main__raw_b",
        "landing__raw_a",
        "landing__s__raw_c",
        "landing_actions",
        "landing_unmatched",
    ]


def test_the_sensor_takes_nothing_that_another_mapping_claims(
    zones: Zones, build: Callable[..., dict[str, DAG]], asked_for: Callable[[str, str], None]
) -> None:
    (zones.tables / "a.yaml").write_text("a_*.csv: raw_a\n")
    asked_for("landing__raw_a", "wait_for_files")
    assert build()["landing__raw_a"].has_task("wait_for_files")
    (zones.tables / "b.yaml").write_text("a_1_*.csv: raw_b\n")
    assert build()["landing__raw_a"].task_ids == ["mapping_is_broken"]
    # What it took before is worked off: no other table's sensor takes it either.
    asked_for("landing__raw_a", "file.load")
    assert build()["landing__raw_a"].has_task("file.load")
    asked_for("landing__raw_b", "wait_for_files")
    assert build()["landing__raw_b"].task_ids == ["mapping_is_broken"]


def test_a_task_whose_own_mapping_broke_finds_the_explanation(
    zones: Zones, build: Callable[..., dict[str, DAG]], asked_for: Callable[[str, str], None]
) -> None:
    (zones.tables / "a.yaml").write_text("a_*.csv: raw_a\n")
    (zones.tables / "b.yaml").write_text("b_*.csv: {table: raw_a, nonsense: 1}\n")
    asked_for("landing__raw_a", "file.load")
    assert build()["landing__raw_a"].task_ids == ["mapping_is_broken"]


@pytest.mark.parametrize(("tables", "mode"), [(30, "per_table"), (31, "shared")])
def test_a_task_knows_as_the_processor_does_where_dbt_runs(
    tables: int,
    mode: str,
    zones: Zones,
    build: Callable[..., dict[str, DAG]],
    asked_for: Callable[[str, str], None],
) -> None:
    for number in range(tables - 1):
        (zones.tables / f"{number}.yaml").write_text(f"feed{number}_*.csv: raw_feed{number}\n")
    # A mistake in one mapping does not change where dbt runs for the others.
    (zones.tables / "wrong.yaml").write_text("w_*.csv: {table: raw_wrong, nonsense: 1}\n")
    options = {"dbt_mode": "auto", "dbt_project_path": str(zones.root / "no project")}
    whole = build(**options)["landing__raw_feed7"]
    assert whole.has_task("dbt.unavailable") is (mode == "per_table")
    asked_for("landing__raw_feed7", "report")
    assert build(**options)["landing__raw_feed7"].task_ids == whole.task_ids
