"""Which DAGs the factory makes of mappings, good and broken, without running anything."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from airflow_landing_loader.settings import Settings
from airflow_landing_loader.version_compat import by_the_clock

if TYPE_CHECKING:
    from airflow.sdk import DAG
    from tests.support.zones import Zones


def test_a_dag_for_each_table(zones: Zones, build: Callable[..., dict[str, DAG]]) -> None:
    (zones.tables / "a.yaml").write_text(
        "a_*.csv: raw_a\na2_*.csv: raw_a\nb_*.csv: {table: finance.raw_b, schedule: daily}\n"
    )
    dags = build()
    assert sorted(dags) == [
        "landing__finance__raw_b",
        "landing__raw_a",
        "landing_actions",
        "landing_unmatched",
    ]
    a, b = dags["landing__raw_a"], dags["landing__finance__raw_b"]
    assert a.schedule == "@continuous"
    assert b.schedule == by_the_clock("@daily")
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
        "landing_actions",
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
    assert broken.schedule == by_the_clock("0 * * * *")
    assert "mapping.unknown_key" in broken.get_task("mapping_is_broken").problem
    assert "config-error" not in dags["landing__raw_good"].tags


def test_no_mapping_at_all_is_shown_too(build: Callable[..., dict[str, DAG]]) -> None:
    dags = build()
    del dags["landing_actions"]
    (dag,) = dags.values()
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
    assert sorted(dags) == ["landing__raw_a", "landing__raw_b", "landing_actions"]
    with pytest.raises(ConfigurationError):
        build_landing_dags(made, claimed_patterns=["mine/*.csv"])


def test_two_landing_zones_have_two_dags_for_what_is_unmatched(
    zones: Zones, settings: Callable[..., Settings], asked_for: Callable[[str, str], None]
) -> None:
    from airflow_landing_loader.dag_factory import build_landing_dags

    (zones.tables / "tables.yaml").write_text("a_*.csv: raw_a\n")
    made = settings(dbt_mode="off")
    assert set(build_landing_dags(made, unmatched_dag_id="strangers_eu", actions=False)) == {
        "landing__raw_a",
        "strangers_eu",
    }
    bare = build_landing_dags(made, unmatched_dag_id=None, actions=False)
    assert set(bare) == {"landing__raw_a"}
    asked_for("strangers_eu", "report_unmatched")
    (dag,) = build_landing_dags(made, unmatched_dag_id="strangers_eu").values()
    assert [mapping.table for mapping in dag.get_task("report_unmatched").mapping] == ["raw_a"]
    assert build_landing_dags(made) == {}  # of the other zone


def test_a_table_called_actions_has_a_dag_of_its_own(
    zones: Zones, build: Callable[..., dict[str, DAG]], asked_for: Callable[[str, str], None]
) -> None:
    (zones.tables / "a.yaml").write_text("a_*.csv: actions\nb_*.csv: _actions\n")
    dags = build()
    assert sorted(dags) == [
        "landing___actions",
        "landing__actions",
        "landing_actions",
        "landing_unmatched",
    ]
    dag = dags["landing_actions"]
    assert dag.task_ids == ["check", "act", "record"]
    assert dag.schedule is None
    assert dag.is_paused_upon_creation is False
    # It needs no mapping to be built, so that what is broken keeps nobody from a replay.
    (zones.tables / "a.yaml").write_text("a_*.csv: [\n")
    asked_for("landing_actions", "act")
    assert build()["landing_actions"].task_ids == dag.task_ids


def test_a_task_tells_where_somebody_is_told(
    zones: Zones, build: Callable[..., dict[str, DAG]]
) -> None:
    (zones.tables / "a.yaml").write_text(
        "a_*.csv: {table: raw_a, notify: {to: [log]}}\nb_*.csv: raw_b\n"
    )
    dags = build()
    assert "publish" in dags["landing__raw_a"].task_ids
    assert "publish" not in dags["landing__raw_b"].task_ids
    channels = zones.tables.parent / "channels"
    channels.mkdir()
    (channels / "_all.yaml").write_text("notify: {to: [email]}\n")
    (zones.tables / "c.yaml").write_text("c_*.csv: {table: raw_c, notify: {to: []}}\n")
    dags = build()
    told = {name: "publish" in dag.task_ids for name, dag in dags.items() if "raw_" in name}
    assert told == {"landing__raw_a": True, "landing__raw_b": True, "landing__raw_c": False}
    (channels / "bus.yaml").write_text("type: kafka\ntopic: t\n")
    dag = build()["landing__raw_c"]
    publish = dag.get_task("publish")
    assert publish.upstream_task_ids == {"file.archive", "file.fail", "any_loaded"}
    assert publish.downstream_task_ids == {"report"}
    assert publish.trigger_rule == "all_done"
    assert [leaf.task_id for leaf in dag.leaves] == ["report"]


def test_a_broken_channel_shows_itself_and_hides_nobody(
    zones: Zones, build: Callable[..., dict[str, DAG]]
) -> None:
    channels = zones.tables.parent / "channels"
    channels.mkdir()
    (channels / "ops.yaml").write_text("type: emial\n")
    (zones.tables / "a.yaml").write_text(
        "a_*.csv: {table: raw_a, notify: {to: [ops]}}\n"
        "b_*.csv: {table: raw_b, notify: {to: [osp]}}\n"
    )
    dags = build()
    broken = dags["landing__broken__channels_ops.yaml"]
    assert broken.task_ids == ["channel_is_broken"]
    assert "Did you mean 'email'?" in (broken.doc_md or "")
    assert "Files are loaded as before" in (broken.doc_md or "")
    assert "publish" in dags["landing__raw_a"].task_ids
    assert dags["landing__raw_b"].task_ids == ["mapping_is_broken"]
    assert "Did you mean 'ops'?" in (dags["landing__raw_b"].doc_md or "")
