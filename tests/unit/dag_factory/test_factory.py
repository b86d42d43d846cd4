"""What the factory makes of mappings, without running anything."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from airflow_landing_loader.settings import Settings

if TYPE_CHECKING:
    from airflow.sdk import DAG
    from tests.support.zones import Zones

CHECKOUT = Path(__file__).parents[3]
EXAMPLES = CHECKOUT / "include" / "config" / "tables"


@pytest.fixture
def build(settings: Callable[..., Settings]) -> Callable[..., dict[str, DAG]]:
    """Build the DAGs of the mappings in the zones' mapping folder."""

    def make(**options: Any) -> dict[str, DAG]:
        from airflow_landing_loader.dag_factory import build_landing_dags

        return build_landing_dags(settings(**({"dbt_mode": "off"} | options)))

    return make


def test_a_dag_for_each_table(zones: Zones, build: Callable[..., dict[str, DAG]]) -> None:
    (zones.tables / "a.yaml").write_text(
        "a_*.csv: raw_a\na2_*.csv: raw_a\nb_*.csv: {table: finance.raw_b, schedule: daily}\n"
    )
    dags = build()
    assert sorted(dags) == ["landing__finance__raw_b", "landing__raw_a", "landing_unmatched"]
    a, b = dags["landing__raw_a"], dags["landing__finance__raw_b"]
    assert a.schedule == "@continuous"
    assert b.schedule == "@daily"
    assert a.max_active_runs == b.max_active_runs == 1
    assert not a.catchup
    assert a.task_ids == [
        "wait_for_files",
        "any_loaded",
        "report",
        "file.validate",
        "file.load",
        "file.archive",
        "file.fail",
    ]
    assert [leaf.task_id for leaf in a.leaves] == ["report"]
    assert len(a.get_task("wait_for_files").mapping) == 2


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


def test_a_broken_mapping_shows_itself_and_hides_nobody(
    zones: Zones, build: Callable[..., dict[str, DAG]]
) -> None:
    (zones.tables / "deep").mkdir()
    (zones.tables / "good.yaml").write_text("good_*.csv: raw_good\n")
    (zones.tables / "typo.yaml").write_text("t_*.csv: {table: raw_typo, on_duplicat: skip}\n")
    (zones.tables / "half.yaml").write_text(
        "h1_*.csv: raw_half\nh2_*.csv: {table: raw_half, trailer: 7}\n"
    )
    (zones.tables / "deep" / "no yaml.yml").write_text("a: [1\n")
    (zones.tables / "untabled.yaml").write_text("u_*.csv: {go_file: 3}\n")
    dags = build(dags_are_paused_at_creation=True)
    assert sorted(dags) == [
        "landing__broken__deep_no_yaml.yml",
        "landing__broken__untabled.yaml",
        "landing__raw_good",
        "landing__raw_half",
        "landing__raw_typo",
        "landing_unmatched",
    ]
    # Whatever is paused by default: a DAG that only tells turns red by itself.
    paused = {dag_id: dag.is_paused_upon_creation for dag_id, dag in dags.items()}
    assert paused == dict.fromkeys(dags, False) | {"landing__raw_good": True}
    broken = dags["landing__raw_typo"]
    assert broken.dag_display_name == "\u26a0 landing__raw_typo (broken mapping)"
    assert broken.tags == {"landing-loader", "config-error"}
    assert "typo.yaml" in str(broken.description)
    assert "on_duplicate" in str(broken.doc_md)
    assert broken.schedule == "@hourly"
    assert "mapping.unknown_key" in broken.get_task("mapping_is_broken").problem
    assert "config-error" not in dags["landing__raw_good"].tags


def test_no_mapping_at_all_is_shown_too(build: Callable[..., dict[str, DAG]]) -> None:
    (dag,) = build().values()
    assert "mapping.none_found" in dag.get_task("mapping_is_broken").problem


def test_missing_settings_are_an_import_error_that_names_them() -> None:
    from airflow_landing_loader.dag_factory import build_landing_dags
    from airflow_landing_loader.exceptions import ConfigurationError

    with pytest.raises(ConfigurationError, match="landing_path") as caught:
        build_landing_dags()
    assert caught.value.code == "settings.missing"


def test_what_no_mapping_matches_is_told_by_one_dag(
    zones: Zones, settings: Callable[..., Settings]
) -> None:
    from airflow_landing_loader.dag_factory import build_landing_dags
    from airflow_landing_loader.exceptions import ConfigurationError

    (zones.tables / "tables.yaml").write_text("a_*.csv: raw_a\nb_*.csv: raw_b\n")
    made = settings(dbt_mode="off")
    dags = build_landing_dags(made, claimed_patterns=["mine_*.csv", "mine_*.go"])
    (task,) = dags.pop("landing_unmatched").tasks
    assert task.claimed_patterns == ("mine_*.csv", "mine_*.go")
    assert [mapping.table for mapping in task.mapping] == ["raw_a", "raw_b"]
    assert sorted(dags) == ["landing__raw_a", "landing__raw_b"]
    with pytest.raises(ConfigurationError):
        build_landing_dags(made, claimed_patterns=["mine/*.csv"])


def test_two_landing_zones_have_two_dags_for_what_is_unmatched(
    zones: Zones, settings: Callable[..., Settings], asked_for: Callable[[str, str], None]
) -> None:
    from airflow_landing_loader.dag_factory import build_landing_dags

    (zones.tables / "tables.yaml").write_text("a_*.csv: raw_a\n")
    made = settings(dbt_mode="off")
    assert set(build_landing_dags(made, unmatched_dag_id="strangers_eu")) == {
        "landing__raw_a",
        "strangers_eu",
    }
    assert set(build_landing_dags(made, unmatched_dag_id=None)) == {"landing__raw_a"}
    asked_for("strangers_eu", "report_unmatched")
    (dag,) = build_landing_dags(made, unmatched_dag_id="strangers_eu").values()
    assert [mapping.table for mapping in dag.get_task("report_unmatched").mapping] == ["raw_a"]
    assert build_landing_dags(made) == {}  # of the other zone


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


@pytest.fixture
def asked_for(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Make this process one that runs a task."""

    def ask(dag_id: str, task_id: str) -> None:
        monkeypatch.setenv("_AIRFLOW_PARSING_CONTEXT_DAG_ID", dag_id)
        monkeypatch.setenv("_AIRFLOW_PARSING_CONTEXT_TASK_ID", task_id)

    return ask


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


def test_the_page_of_a_dag_explains_its_mapping(
    zones: Zones, build: Callable[..., dict[str, DAG]]
) -> None:
    (zones.tables / "a.yaml").write_text(
        """
p`x_*.csv:
  table: raw_p
  go_file: {pattern: p`x_*.ctl, format: csv, row_count_column: 2, status_column: 3}
  on_bad_row: reject
  on_redelivery: replace
  csv: {delimiter: ";", header: false, columns: [a, b]}
  exclude: [p`x_test_*.csv]
"""
    )
    page = str(build()["landing__raw_p"].doc_md)
    for text in ("`` p`x_*.ctl ``", "column `2`", "`SUCCESS`", "`load_rejects`", "replaces"):
        assert text.replace("`` ", "``").replace(" ``", "``") in page
    assert "`a`, `b`" in page
    assert "`';'`" in page


@pytest.mark.parametrize(
    ("tag", "said"),
    [
        ("", "which begins with `TRAILER` or has a number of fields that no other record has,"),
        (", tag: END", "which begins with `END`,"),
        (", tag: false", "which has a number of fields that no other record has,"),
    ],
)
def test_the_page_says_what_tells_a_trailer_from_data(
    zones: Zones, build: Callable[..., dict[str, DAG]], tag: str, said: str
) -> None:
    mapping = f"a_*.csv: {{table: raw_a, trailer: {{row_count_column: 1{tag}}}}}\n"
    (zones.tables / "a.yaml").write_text(mapping)
    assert said in str(build()["landing__raw_a"].doc_md)


def test_the_page_says_that_the_dialect_is_detected(
    zones: Zones, build: Callable[..., dict[str, DAG]]
) -> None:
    (zones.tables / "a.yaml").write_text("a_*.csv: {table: raw_a, csv: auto}\n")
    page = str(build()["landing__raw_a"].doc_md)
    assert "The dialect is detected for each file" in page
    assert "Written as CSV" not in page


PROGRAM = """
import json, sys
seen = []
def watch(event, arguments):
    if event.startswith("socket.") and event not in ("socket.__new__", "socket.gethostname"):
        seen.append([event, str(arguments)])
    if event in ("sqlite3.connect", "duckdb.connect"):
        seen.append([event, str(arguments)])
    if event == "open" and str(arguments[0]).endswith((".duckdb", ".db")):
        seen.append([event, str(arguments[0])])
import airflow.sdk
from airflow.models.serialized_dag import SerializedDagModel
try:
    from airflow.serialization.serialized_objects import DagSerialization as Serialization
except ImportError:
    from airflow.serialization.serialized_objects import SerializedDAG as Serialization
before = set(sys.modules)  # Airflow itself loads all plugins, Cosmos' own among them
sys.addaudithook(watch)
from airflow_landing_loader.dag_factory import build_landing_dags
dags = build_landing_dags()
heavy = sorted({"duckdb", "cosmos", "dbt", "polars"} & (set(sys.modules) - before))
hashes = {name: SerializedDagModel.hash(Serialization.to_dict(dag)) for name, dag in dags.items()}
print(json.dumps({"hashes": hashes, "seen": seen, "heavy": heavy}))
"""


def parsed(zones: Zones, seed: int, **options: str) -> dict[str, Any]:
    """Build and serialise the DAGs in a process of its own."""
    environ = os.environ | {
        "PYTHONHASHSEED": str(seed),
        "LANDING_PATH": str(zones.landing),
        "ARCHIVE_PATH": str(zones.archive),
        "FAILED_PATH": str(zones.failed),
        "TABLE_CONFIG_PATH": str(zones.tables),
        "DUCKDB_PATH": str(zones.root / "warehouse.duckdb"),
        **options,
    }
    program = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environ, check=True, stdout=subprocess.PIPE, text=True
    )
    found: dict[str, Any] = json.loads(program.stdout.splitlines()[-1])
    return found


def test_parsing_is_deterministic_and_keeps_to_itself(zones: Zones) -> None:
    for path in [*EXAMPLES.rglob("*.yaml"), *EXAMPLES.rglob("*.yml")]:
        (zones.tables / path.name).write_text(path.read_text())
    (zones.tables / "more.yaml").write_text(
        "m_*.csv: {table: raw_m, dag: {tags: [a, b, c, d, e]}, exclude: [m_1.csv, m_2.csv]}\n"
        "w_*.csv: {table: raw_w, nonsense: 1}\n"
    )
    (zones.root / "warehouse.duckdb").write_bytes(b"")
    off = {"AIRFLOW__LANDING_LOADER__DBT_MODE": "off"}
    one, two = (parsed(zones, seed, **off) for seed in (1, 2))
    assert len(one["hashes"]) >= 2
    assert one["hashes"] == two["hashes"]
    assert one["seen"] == []
    assert one["heavy"] == []
