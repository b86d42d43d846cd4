from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_landing_loader.dbt.manifest import Manifest, load_manifest, read_manifest
from airflow_landing_loader.dbt.project import read_project
from airflow_landing_loader.exceptions import ConfigurationError, ErrorCode
from airflow_landing_loader.settings import Settings

LANDING = "landing"


def source(name: str, *, source_name: str = LANDING, **fields: Any) -> dict[str, Any]:
    schema = fields.pop("schema", "main")
    return {
        "unique_id": f"source.p.{source_name}.{name}",
        "name": name,
        "resource_type": "source",
        "source_name": source_name,
        "schema": schema,
        "identifier": name,
        "database": "dev",
        "relation_name": f'"dev"."{schema}"."{name}"',
        **fields,
    }


def node(name: str, *parents: dict[str, Any], kind: str = "model", **fields: Any) -> dict[str, Any]:
    return {
        "unique_id": f"{kind}.p.{name}",
        "name": name,
        "resource_type": kind,
        "fqn": ["p", name],
        "schema": "main",
        "alias": name,
        "database": "dev",
        "relation_name": None if kind == "test" else f'"dev"."main"."{name}"',
        "depends_on": {"macros": [], "nodes": [parent["unique_id"] for parent in parents]},
        **fields,
    }


def content(*entries: dict[str, Any]) -> dict[str, Any]:
    """A manifest as dbt writes it, as far as anybody of ours looks."""
    groups: dict[str, dict[str, Any]] = {"nodes": {}, "sources": {}, "unit_tests": {}}
    for entry in entries:
        group = {"source": "sources", "unit_test": "unit_tests"}.get(entry["resource_type"])
        groups[group or "nodes"][entry["unique_id"]] = entry
    return groups


def manifest(tmp_path: Path, *entries: dict[str, Any]) -> Manifest:
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps(content(*entries)))
    return load_manifest(path)


def there(*names: str) -> frozenset[tuple[str, str]]:
    return frozenset(("main", name) for name in names)


class TestSelect:
    def test_what_is_below_a_table(self, tmp_path: Path) -> None:
        trades = source("raw_trades")
        found = manifest(tmp_path, trades, source("raw_other"), node("stg_trades", trades))
        assert found.select(["raw_trades"], LANDING) == ("source:landing.raw_trades+",)

    def test_nothing_for_a_table_without_models(self, tmp_path: Path) -> None:
        trades = source("raw_trades")
        found = manifest(tmp_path, trades, node("not_null", trades, kind="test"))
        assert found.select(["raw_trades"], LANDING) == ()
        assert found.select(["raw_unknown"], LANDING) == ()

    def test_a_table_of_another_source_is_not_ours(self, tmp_path: Path) -> None:
        trades = source("raw_trades", source_name="crm")
        found = manifest(tmp_path, trades, node("stg_trades", trades))
        assert found.select(["raw_trades"], LANDING) == ()
        assert found.select(["raw_trades"], "crm") == ("source:crm.raw_trades+",)

    @pytest.mark.parametrize(
        ("table", "fits"),
        [
            ("raw.trades", True),
            ("RAW.Trades", True),
            ("trades", True),
            ("main.trades", False),
            ("raw.trade", False),
        ],
    )
    def test_schema_and_case(self, tmp_path: Path, table: str, fits: bool) -> None:
        trades = source("trades", schema="raw")
        found = manifest(tmp_path, trades, node("stg_trades", trades))
        assert bool(found.select([table], LANDING)) is fits

    def test_the_identifier_counts_and_the_name_selects(self, tmp_path: Path) -> None:
        trades = source("trades", identifier="raw_trades")
        found = manifest(tmp_path, trades, node("stg_trades", trades))
        assert found.select(["raw_trades"], LANDING) == ("source:landing.trades+",)
        assert found.select(["trades"], LANDING) == ()

    def test_several_tables(self, tmp_path: Path) -> None:
        a, b = source("a"), source("b")
        found = manifest(tmp_path, a, b, node("stg_a", a), node("stg_b", b))
        assert found.select(["b", "a"], LANDING) == ("source:landing.a+", "source:landing.b+")


class TestWaiting:
    def mart(self, tmp_path: Path) -> Manifest:
        a, b = source("raw_a"), source("raw_b")
        stg_a, stg_b = node("stg_a", a), node("stg_b", b)
        mart = node("mart", stg_a, stg_b)
        report = node("report", mart)
        return manifest(
            tmp_path,
            *(a, b, stg_a, stg_b, mart, report),
            node("not_null_mart", mart, kind="test"),
            node("a_in_b", stg_a, stg_b, kind="test"),
        )

    def waiting(self, found: Manifest, tables: Iterable[str], *names: str) -> dict[str, Any]:
        waiting = found.waiting(tables, LANDING, there(*names))
        return {found.nodes[key].name: value for key, value in waiting.items()}

    def test_a_mart_waits_for_its_other_table(self, tmp_path: Path) -> None:
        assert self.waiting(self.mart(tmp_path), ["raw_a"], "raw_a") == {
            "mart": ("stg_b",),
            "report": ("mart",),
            "not_null_mart": ("mart",),
            "a_in_b": ("stg_b",),
        }

    def test_a_loaded_table_that_dbt_has_not_seen_is_not_enough(self, tmp_path: Path) -> None:
        found = self.mart(tmp_path)
        assert self.waiting(found, ["raw_a"], "raw_a", "raw_b")["mart"] == ("stg_b",)

    def test_nothing_waits_once_the_other_parent_is_built(self, tmp_path: Path) -> None:
        found = self.mart(tmp_path)
        assert self.waiting(found, ["raw_b"], "raw_a", "raw_b", "stg_a") == {}

    def test_what_the_same_run_builds_is_not_missing(self, tmp_path: Path) -> None:
        found = self.mart(tmp_path)
        assert self.waiting(found, ["raw_a", "raw_b"], "raw_a", "raw_b") == {}

    def test_a_selected_table_that_was_never_loaded(self, tmp_path: Path) -> None:
        found = self.mart(tmp_path)
        assert self.waiting(found, ["raw_a", "raw_b"], "raw_a") == {
            "stg_b": ("raw_b",),
            "mart": ("stg_b",),
            "report": ("mart",),
            "not_null_mart": ("mart",),
            "a_in_b": ("stg_b",),
        }

    def test_an_ephemeral_parent_stands_for_its_own(self, tmp_path: Path) -> None:
        a, b = source("raw_a"), source("raw_b")
        thin = node("thin", b, relation_name=None)
        thinner = node("thinner", thin, relation_name=None)
        found = manifest(tmp_path, a, b, thin, thinner, node("mart", a, thinner))
        assert self.waiting(found, ["raw_a"], "raw_a") == {"mart": ("raw_b",)}
        assert self.waiting(found, ["raw_a"], "raw_a", "raw_b") == {}

    def test_what_no_table_leads_to_is_left_to_dbt(self, tmp_path: Path) -> None:
        a, crm = source("raw_a"), source("customers", source_name="crm")
        seed = node("countries", kind="seed")
        alone = node("calendar")
        found = manifest(tmp_path, a, crm, seed, alone, node("mart", a, crm, seed, alone))
        assert self.waiting(found, ["raw_a"], "raw_a") == {}

    def test_another_database_is_left_to_dbt(self, tmp_path: Path) -> None:
        a, b = source("raw_a"), source("raw_b")
        far = node("far", b, database="elsewhere")
        found = manifest(tmp_path, a, b, far, node("mart", a, far))
        assert self.waiting(found, ["raw_a"], "raw_a") == {}

    def test_a_source_with_the_wrong_schema_is_left_to_dbt(self, tmp_path: Path) -> None:
        a = source("raw_a", schema="landing")
        found = manifest(tmp_path, a, node("stg_a", a))
        assert self.waiting(found, ["raw_a"], "raw_a") == {}
        assert self.waiting(found, ["raw_a"]) == {"stg_a": ("raw_a",)}

    def test_names_compare_without_case(self, tmp_path: Path) -> None:
        a, b = source("Raw_A"), source("Raw_B")
        found = manifest(tmp_path, a, b, node("mart", a, b))
        assert self.waiting(found, ["raw_a"], "raw_a", "raw_b") == {}

    def test_exposures_and_the_like_do_not_wait(self, tmp_path: Path) -> None:
        a, b = source("raw_a"), source("raw_b")
        other = node("study", a, b, kind="analysis", relation_name=None)
        unit = node("checks_mart", node("mart", a, b), kind="unit_test", relation_name=None)
        found = manifest(tmp_path, a, b, node("mart", a, b), other, unit)
        assert set(self.waiting(found, ["raw_a"], "raw_a")) == {"mart", "checks_mart"}

    def test_a_parent_that_the_manifest_lacks(self, tmp_path: Path) -> None:
        a = source("raw_a")
        found = manifest(tmp_path, a, node("mart", a, node("disabled")))
        assert self.waiting(found, ["raw_a"], "raw_a") == {}


@st.composite
def projects(draw: st.DrawFn) -> tuple[list[dict[str, Any]], list[str]]:
    """A random project over a few raw tables, and the order in which they are loaded first."""
    sources = [source(f"raw_{i}") for i in range(draw(st.integers(1, 4)))]
    entries = list(sources)
    for i in range(draw(st.integers(1, 8))):
        parents = draw(st.lists(st.sampled_from(entries), min_size=1, max_size=3, unique_by=id))
        ephemeral = draw(st.booleans())
        fields = {"relation_name": None} if ephemeral else {}
        entries.append(node(f"model_{i}", *parents, **fields))
    names = [entry["name"] for entry in sources]
    return entries, draw(st.permutations(names))


class TestEveryOrderOfFirstLoads:
    @given(projects())
    def test_no_build_lacks_a_parent_and_the_last_one_builds_the_rest(
        self, project: tuple[list[dict[str, Any]], list[str]]
    ) -> None:
        entries, order = project
        found = _in_memory(entries)
        stored = {e["name"] for e in entries if e["relation_name"] and e["depends_on_names"]}
        existing: set[str] = set()
        for table in order:
            existing.add(table)
            waiting = found.waiting([table], LANDING, there(*existing))
            below = _below(entries, table)
            for name in (n for n in below if f"model.p.{n}" not in waiting):
                assert _readable(entries, name) <= existing | below
                existing.add(name)
        assert stored <= existing


def _in_memory(entries: list[dict[str, Any]]) -> Manifest:
    from airflow_landing_loader.dbt.manifest import _node

    for entry in entries:
        parents = (entry.get("depends_on") or {}).get("nodes", [])
        entry["depends_on_names"] = [parent.rpartition(".")[2] for parent in parents]
    return Manifest({entry["unique_id"]: _node(entry) for entry in entries})


def _below(entries: list[dict[str, Any]], table: str) -> set[str]:
    found: set[str] = set()
    for entry in entries:  # they are in topological order
        if found.union({table}) & set(entry["depends_on_names"]):
            found.add(entry["name"])
    return found


def _readable(entries: list[dict[str, Any]], name: str) -> set[str]:
    by_name = {entry["name"]: entry for entry in entries}
    found: set[str] = set()
    for parent in by_name[name]["depends_on_names"]:
        found |= {parent} if by_name[parent]["relation_name"] else _readable(entries, parent)
    return found


class TestReadManifest:
    def test_missing(self, settings: Settings) -> None:
        with pytest.raises(ConfigurationError) as caught:
            read_manifest(read_project(settings))
        assert caught.value.code is ErrorCode.DBT_NO_MANIFEST
        assert "does not exist" in caught.value.detail.message
        assert f"dbt parse --project-dir {settings.dbt_project_path}" in str(caught.value)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            '{"nodes": {',
            "[]",
            "null",
            "{}",
            '{"nodes": {"a": {}}, "sources": {}}',
            '{"nodes": [1], "sources": {}}',
            '{"nodes": {"a": null}, "sources": {}}',
            "\udcff",
        ],
    )
    def test_no_manifest(self, settings: Settings, text: str) -> None:
        project = read_project(settings)
        project.manifest_path.parent.mkdir()
        project.manifest_path.write_text(text, errors="surrogateescape")
        with pytest.raises(ConfigurationError) as caught:
            read_manifest(project)
        assert caught.value.code is ErrorCode.DBT_NO_MANIFEST

    def test_a_new_one_is_read_anew(self, tmp_path: Path) -> None:
        a = source("raw_a")
        assert manifest(tmp_path, a).select(["raw_a"], LANDING) == ()
        later = tmp_path / "manifest.json"
        later.write_text(json.dumps(content(a, node("stg_a", a))))
        assert load_manifest(later).select(["raw_a"], LANDING) != ()
        assert load_manifest(later) is load_manifest(later)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    project = tmp_path / "project"
    project.mkdir()
    (project / "dbt_project.yml").write_text("name: p\nprofile: warehouse\n")
    (project / "profiles.yml").write_text("warehouse: {target: dev, outputs: {}}\n")
    return Settings(
        landing_path="/landing",
        archive_path="/archive",
        failed_path="/failed",
        table_config_path="/tables",
        duckdb_path=str(tmp_path / "dev.duckdb"),
        dbt_project_path=str(project),
    )


class TestReadProject:
    def test_found(self, settings: Settings, tmp_path: Path) -> None:
        project = read_project(settings)
        assert (project.profile, project.target) == ("warehouse", "dev")
        assert project.path == project.profiles_path == tmp_path / "project"
        assert project.manifest_path == tmp_path / "project" / "target" / "manifest.json"

    def test_elsewhere(self, settings: Settings, tmp_path: Path) -> None:
        from dataclasses import replace

        (tmp_path / "project" / "dbt_project.yml").write_text(
            "profile: warehouse\ntarget-path: out\n"
        )
        (tmp_path / "profiles.yml").write_text("warehouse: {}\n")
        project = read_project(replace(settings, dbt_profiles_path=str(tmp_path)))
        assert project.target == "default"  # as dbt has it
        assert project.profiles_path == tmp_path
        assert project.manifest_path == tmp_path / "project" / "out" / "manifest.json"

    def test_env_var(
        self, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "project" / "profiles.yml").write_text(
            """warehouse: {target: "{{ env_var('DBT_TARGET', 'dev') }}"}"""
        )
        monkeypatch.delenv("DBT_TARGET", raising=False)
        assert read_project(settings).target == "dev"
        monkeypatch.setenv("DBT_TARGET", "prod")
        assert read_project(settings).target == "prod"

    @pytest.mark.parametrize(
        "target",
        [
            "{{ env_var('LANDING_TEST_NOT_SET') }}",
            "{{ var('target') }}",
            "{{ ''.__class__.__mro__ }}",
            "{% if %}",
        ],
    )
    def test_other_jinja(self, settings: Settings, tmp_path: Path, target: str) -> None:
        assert "LANDING_TEST_NOT_SET" not in os.environ
        (tmp_path / "project" / "profiles.yml").write_text(f'warehouse: {{target: "{target}"}}')
        with pytest.raises(ConfigurationError) as caught:
            read_project(settings)
        assert caught.value.code is ErrorCode.SETTINGS_BAD_VALUE

    @pytest.mark.parametrize("name", ["dbt_project.yml", "profiles.yml"])
    @pytest.mark.parametrize("text", [None, "", "[]", "a: [", "\udcff", "- warehouse"])
    def test_unusable(
        self, settings: Settings, tmp_path: Path, name: str, text: str | None
    ) -> None:
        path = tmp_path / "project" / name
        if text is None:
            path.unlink()
        else:
            path.write_text(text, errors="surrogateescape")
        with pytest.raises(ConfigurationError) as caught:
            read_project(settings)
        assert caught.value.code is ErrorCode.SETTINGS_BAD_VALUE
        assert str(path) in caught.value.detail.message

    def test_no_such_profile(self, settings: Settings, tmp_path: Path) -> None:
        (tmp_path / "project" / "profiles.yml").write_text("other: {target: dev}\n")
        with pytest.raises(ConfigurationError, match="no profile 'warehouse'"):
            read_project(settings)

    def test_not_set(self, settings: Settings) -> None:
        from dataclasses import replace

        with pytest.raises(ConfigurationError) as caught:
            read_project(replace(settings, dbt_project_path=None))
        assert caught.value.code is ErrorCode.SETTINGS_MISSING
