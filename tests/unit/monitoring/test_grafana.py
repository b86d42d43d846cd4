"""The dashboard and the alert rules: well formed, and about numbers that there are."""

from __future__ import annotations

import json
import re
from itertools import combinations
from typing import Any, get_args

import pytest
import yaml
from tests.support.statsd import GRAFANA, Line, exported

from airflow_landing_loader.exceptions import ErrorCode
from airflow_landing_loader.loading.model import ArrivalOutcome
from airflow_landing_loader.monitoring.metrics import Metric, StepName

LEVELS: dict[Metric, tuple[str, ...]] = {
    Metric.FAILURES: tuple(code.value.replace(".", "_") for code in ErrorCode),
    Metric.LEFT: tuple(code.value.replace(".", "_") for code in ErrorCode),
    Metric.WINDOWS: (*get_args(ArrivalOutcome), "mended"),
    Metric.STEP: get_args(StepName),
}
DASHBOARD: dict[str, Any] = json.loads((GRAFANA / "dashboard.json").read_text())
RULES: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((GRAFANA / "alerts.yaml").read_text())["groups"]
    for rule in group["rules"]
]
PANELS: list[dict[str, Any]] = DASHBOARD["panels"]
SELECTOR = re.compile(r"(landing_loader_\w+)(?:\{([^}]*)\})?")


def all_exported() -> dict[str, set[tuple[tuple[str, str], ...]]]:
    """Everything that the loader can tell, as Prometheus knows it: labels by name."""
    found: dict[str, set[tuple[tuple[str, str], ...]]] = {}
    for metric in Metric:
        for level in LEVELS.get(metric, ("",)):
            kind = {Metric.WAITING: "g", Metric.STEP: "ms"}.get(metric, "c")
            name = f"airflow.{metric}.{level}".rstrip(".")
            told = exported(Line(name, 1, kind, {"table": "raw_a"}))
            found.setdefault(told.name, set()).add(tuple(sorted(told.labels.items())))
            if kind == "ms":
                for part in ("bucket", "sum", "count"):
                    found.setdefault(f"{told.name}_{part}", set()).add(
                        (*sorted(told.labels.items()), *([("le", "1")] if part == "bucket" else []))
                    )
    return found


EXPORTED = all_exported()
EXPRESSIONS = [(panel["title"], target["expr"]) for panel in PANELS for target in panel["targets"]]
EXPRESSIONS += [(rule["alert"], rule["expr"]) for rule in RULES]


def test_each_number_becomes_one_metric() -> None:
    assert len(EXPORTED) == len(Metric) + 3
    assert EXPORTED["landing_loader_windows_total"] >= {(("outcome", "late"), ("table", "raw_a"))}


@pytest.mark.parametrize(("where", "expression"), EXPRESSIONS)
def test_an_expression_asks_for_what_there_is(where: str, expression: str) -> None:
    asked = SELECTOR.findall(expression)
    assert asked
    for name, labels in asked:
        assert name in EXPORTED, f"{where}: {name}"
        known = [dict(each) for each in EXPORTED[name]]
        for label, operator, value in re.findall(r'(\w+)(=~|=)"([^"]*)"', labels):
            values = value.split("|") if operator == "=~" else [value]
            for one in values:
                assert one == "$table" or one in {each[label] for each in known}, f"{where}: {one}"
    for grouped in re.findall(r"by \(([^)]*)\)", expression):
        names = {name for name, _ in asked}
        for label in grouped.split(", "):
            assert all(label in dict(each) for name in names for each in EXPORTED[name])


def test_everything_is_on_the_dashboard() -> None:
    shown = {
        name
        for panel in PANELS
        for t in panel["targets"]
        for name, _ in SELECTOR.findall(t["expr"])
    }
    assert shown | {"landing_loader_step_seconds"} == set(EXPORTED)


def test_panels_have_a_place_of_their_own_and_say_what_they_show() -> None:
    assert len({panel["id"] for panel in PANELS}) == len(PANELS)
    for panel in PANELS:
        assert panel["title"]
        assert panel["description"].endswith(".")
        assert panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24
    for one, other in combinations((panel["gridPos"] for panel in PANELS), 2):
        apart = (
            one["x"] + one["w"] <= other["x"]
            or other["x"] + other["w"] <= one["x"]
            or one["y"] + one["h"] <= other["y"]
            or other["y"] + other["h"] <= one["y"]
        )
        assert apart, (one, other)


def test_the_data_source_is_chosen_by_whoever_imports_it() -> None:
    sources = {panel["datasource"]["uid"] for panel in PANELS}
    sources |= {target["datasource"]["uid"] for panel in PANELS for target in panel["targets"]}
    assert sources == {"${datasource}"}
    assert [v["name"] for v in DASHBOARD["templating"]["list"]] == ["datasource", "table"]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_a_rule_says_what_happened_and_what_to_do(rule: dict[str, Any]) -> None:
    assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
    assert rule["labels"]["severity"] in ("info", "warning", "critical")
    assert set(rule["annotations"]) == {"summary", "description"}
    names = {name for name, _ in SELECTOR.findall(rule["expr"])}
    for label in re.findall(r"\$labels\.(\w+)", json.dumps(rule["annotations"])):
        assert all(label in dict(each) for name in names for each in EXPORTED[name])
