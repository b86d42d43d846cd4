"""What programs are told of an installation: the same that pages show, with the same rights."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.support.locking import other_process
from tests.support.pages import Visitor, words_of
from tests.support.showcase import HOSTILE_NAME, Showcase
from tests.support.zones import Zones

from airflow_landing_loader.loading.operations import ActionRecord
from airflow_landing_loader.runs.executions import RunKey, id_of
from airflow_landing_loader.settings import Settings

DATA = "api/v1/"
PATHS = (
    *("overview", "tables", "tables/raw_trades", "loads", "deliveries", "failures"),
    *("arrivals", "drift", "unmatched", "actions", "metrics"),
)


def told(visitor: Visitor, path: str, **query: Any) -> Any:
    """What an address answers with."""
    answer = visitor.get(DATA + path, **query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def pages(visitor: Visitor, path: str, what: str, **query: Any) -> list[list[Any]]:
    """All pages of something."""
    found, cursor = [], None
    while True:
        page = told(visitor, path, **query, **({"cursor": cursor} if cursor else {}))
        found.append(page[what])
        cursor = page["next_cursor"]
        if cursor is None:
            return found


class TestTables:
    def test_all_by_name_with_what_is_wrong(self, visitor: Visitor) -> None:
        answer = told(visitor, "tables", limit=500)
        tables = {table["table"]: table for table in answer["tables"]}
        assert list(tables) == sorted(tables)
        trades = tables["raw_trades"]
        assert trades["pipeline_id"] == "landing__raw_trades"
        assert trades["level"] == "bad"
        assert [problem["kind"] for problem in trades["problems"]] == ["failed", "drift"]
        assert trades["last_load"]["filename"].startswith("trades_")
        assert [column["name"] for column in trades["drift"]] == ["venue"]
        assert len(trades["days"]) == 14
        assert tables["raw_payments"]["landed"] == {"waiting": 2, "orphan": 1}
        assert tables["raw_ledger"]["loads"] == 0
        assert tables["raw_eod_prices"]["windows"][0]["standing"] == "overdue"
        assert answer["as_of"].endswith("Z")

    def test_a_page_at_a_time(self, visitor: Visitor) -> None:
        whole = [table["table"] for table in told(visitor, "tables", limit=500)["tables"]]
        parts = pages(visitor, "tables", "tables", limit=3)
        assert [table["table"] for part in parts for table in part] == whole
        assert {len(part) for part in parts[:-1]} == {3}

    @pytest.mark.parametrize(
        ("query", "tables"),
        [
            ({"level": "warning"}, ["raw_customers", "raw_payments"]),
            ({"problem": "late"}, ["raw_eod_prices"]),
            ({"text": "FX_"}, ["market.fx_rates"]),
            ({"table": "market.fx_rates"}, ["market.fx_rates"]),
        ],
    )
    def test_filters(self, visitor: Visitor, query: dict[str, str], tables: list[str]) -> None:
        assert [table["table"] for table in told(visitor, "tables", **query)["tables"]] == tables

    def test_one(self, visitor: Visitor) -> None:
        whole = told(visitor, "tables/raw_payments")
        assert whole["state"]["table"] == "raw_payments"
        assert {file["state"] for file in whole["files"]} == {"waiting", "orphan"}
        assert all(file["why"] for file in whole["files"])

    def test_drift(self, visitor: Visitor) -> None:
        columns = told(visitor, "drift")["columns"]
        assert [(c["table"], c["name"], c["loads"]) for c in columns] == [
            ("raw_trades", "venue", 4)
        ]


class TestLoads:
    def test_all_a_page_at_a_time(self, visitor: Visitor) -> None:
        parts = pages(visitor, "loads", "loads", limit=20)
        loads = [load for part in parts for load in part]
        assert len(loads) > 60
        assert [x["sequence"] for x in loads] == sorted(
            {x["sequence"] for x in loads}, reverse=True
        )
        newest = next(load for load in loads if load["table"] == "raw_trades")
        assert newest["execution_id"] == id_of(RunKey("landing__raw_trades", newest["run_id"]))
        assert newest["pipeline_id"] == "landing__raw_trades"
        assert newest["drift_columns"] == ["venue"]

    def test_by_what_they_have(self, visitor: Visitor) -> None:
        loads = told(visitor, "loads", trait=["rejected", "quality"], limit=500)["loads"]
        assert {load["table"] for load in loads} == {"raw_customers"}
        assert all(load["rejected_count"] and load["quality_score"] < 100 for load in loads)
        one = told(visitor, "loads", text=loads[0]["load_id"][:12])["loads"]
        assert [load["load_id"] for load in one] == [loads[0]["load_id"]]
        same = told(visitor, "loads", execution_id=loads[0]["execution_id"], limit=500)["loads"]
        assert {load["run_id"] for load in same} == {loads[0]["run_id"]}

    def test_by_time(self, visitor: Visitor) -> None:
        day = datetime.now(UTC) - timedelta(days=5)
        loads = told(visitor, "loads", since=day.isoformat(), limit=500)["loads"]
        times = [datetime.fromisoformat(load["completed_at"]) for load in loads]
        assert min(times) >= day
        early = told(visitor, "loads", until=day.isoformat(), limit=500)["loads"]
        assert {load["load_id"] for load in early}.isdisjoint(load["load_id"] for load in loads)

    @pytest.mark.parametrize("since", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
    def test_at_the_ends_of_time(self, visitor: Visitor, since: str) -> None:
        assert bool(told(visitor, "loads", since=since)["loads"]) is since.startswith("0001")

    def test_one_without_a_cell_of_its_rejected_records(self, visitor: Visitor) -> None:
        load = told(visitor, "loads", trait="rejected")["loads"][0]
        whole = told(visitor, f"loads/{load['load_id']}")
        assert whole["load"] == load
        assert whole["delivery"]["outcome"] == "loaded"
        assert [column["column_name"] for column in whole["columns"]] == ["id", "email", "born"]
        assert {rule["rule"] for rule in whole["quality"]} >= {"all", "required", "unique"}
        assert [reject["line"] for reject in whole["rejects"]]
        assert "c11@example.org" not in json.dumps(whole)

    def test_its_totals(self, visitor: Visitor) -> None:
        load = told(visitor, "loads", table="raw_eod_prices")["loads"][0]
        (total,) = told(visitor, f"loads/{load['load_id']}")["totals"]
        assert (total["column_name"], total["promised"]) == ("volume", total["computed"])

    @pytest.mark.parametrize("load_id", ["00000000", "nobody-knows-it"])
    def test_one_that_is_not_there(self, visitor: Visitor, load_id: str) -> None:
        assert visitor.get(f"{DATA}loads/{load_id}").status_code == 404


class TestDeliveries:
    def test_what_lies_in_failed(self, visitor: Visitor) -> None:
        failures = told(visitor, "failures")["failures"]
        assert {failure["table"] for failure in failures} == {"raw_trades", "raw_positions"}
        assert {failure["outcome"] for failure in failures} == {"failed"}
        stray = told(visitor, "failures", code="csv.stray_quote")["failures"]
        assert {failure["table"] for failure in stray} == {"raw_positions"}

    def test_all_a_page_at_a_time(self, visitor: Visitor) -> None:
        parts = pages(visitor, "deliveries", "deliveries", limit=20)
        ids = [delivery["delivery_id"] for part in parts for delivery in part]
        assert len(ids) == len(set(ids)) > 60
        failed = pages(visitor, "deliveries", "deliveries", outcome=["failed", "duplicate"])
        assert {d["outcome"] for part in failed for d in part} == {"failed"}


def test_arrivals(visitor: Visitor) -> None:
    found = told(visitor, "arrivals", windows=10)
    records = [r for r in found["records"] if r["table"] == "market.fx_rates"]
    assert {record["outcome"] for record in records} >= {"on_time", "missing", "late"}
    assert {window["table"] for window in found["open"]} == {"raw_eod_prices", "market.fx_rates"}
    rates = {rate["table"]: rate for rate in found["rates"]}
    assert rates["market.fx_rates"]["windows"] == 10
    assert rates["market.fx_rates"]["missing"] == 1
    one = told(visitor, "arrivals", table="raw_eod_prices")
    assert {record["table"] for record in one["records"]} == {"raw_eod_prices"}


def test_actions(visitor: Visitor) -> None:
    (action,) = told(visitor, "actions")["actions"]
    assert action["targets"] == ["trades_20260101.csv"]
    assert action["asked_by"] == "ann"
    assert told(visitor, "actions", table="raw_payments")["actions"] == []


ODD = ("[broken", "{}", "7", "[NaN]", "[1e999]", '["\\ud800"]', "[" * 100_000, "")


def test_an_odd_row_hides_no_action(settings: Callable[..., Settings]) -> None:
    made = Showcase(settings(dbt_mode="off"))
    made.write_mappings({"a.yaml": "a_*.csv: {table: raw_a, settle_seconds: 0}\n"})
    made.deliver("a_1.csv", "id\n1\n")
    made.run()
    at = datetime.now(UTC).replace(tzinfo=None)
    good = ActionRecord(
        action_id="good",
        action="replay",
        table_name="raw_a",
        targets='["a_1.csv"]',
        parameters='{"to": "failed"}',
        reason=None,
        asked_by="ann",
        asked_at=at,
        outcome="done",
        message="",
        done_at=at,
    )
    odd = [
        replace(good, action_id=f"odd{n}", targets=text, parameters=text)
        for n, text in enumerate(ODD)
    ]
    newer = replace(good, action_id="newer", action="<i>rewind</i>", outcome="half done")
    made.warehouse.record_actions([good, newer, *odd])
    visitor = Visitor(made.settings)
    found = {one["action_id"]: one for one in told(visitor, "actions")["actions"]}
    assert (found["good"]["targets"], found["good"]["parameters"]) == (
        ["a_1.csv"],
        {"to": "failed"},
    )
    assert all(found[one.action_id]["targets"] == [] for one in odd)
    assert {str(found[one.action_id]["parameters"]) for one in odd} == {"None", "{}"}
    assert (found["newer"]["action"], found["newer"]["outcome"]) == ("<i>rewind</i>", "half done")
    said = words_of(visitor.look("tables/raw_a"))
    assert "half done <i>rewind</i>" in said
    visitor.look("failures", show="ended")


def test_what_belongs_to_no_table(visitor: Visitor) -> None:
    found = told(visitor, "unmatched")
    assert found["counts"] == {"unmatched": 3}
    assert HOSTILE_NAME in [file["name"] for file in found["files"]]


class TestMetrics:
    SAMPLE = re.compile(r'(landing_loader_[a-z0-9_]+)\{table="((?:[^"\\\n]|\\["\\n])*)"\} (-?\d+)')

    def test_samples(self, visitor: Visitor) -> None:
        answer = visitor.get(DATA + "metrics")
        assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
        lines = answer.text.splitlines()
        assert answer.text.endswith("\n")
        samples = {}
        for line in lines:
            if line.startswith(("#", "landing_loader_books_as_of_seconds ")):
                continue
            found = self.SAMPLE.fullmatch(line)
            assert found, line
            samples[found[1], found[2]] = int(found[3])
        assert samples["landing_loader_open_failures", "raw_positions"] == 2
        assert samples["landing_loader_late", "raw_eod_prices"] == 1
        assert samples["landing_loader_late", "raw_instruments"] == 0
        assert samples["landing_loader_waiting_files", "raw_payments"] == 2
        assert samples["landing_loader_rows_14_days", "raw_trades"] > 1000
        assert ("landing_loader_last_load_age_seconds", "raw_ledger") not in samples
        names = [line.split()[2] for line in lines if line.startswith("# TYPE")]
        assert len(names) == len(set(names)) == 7

    def test_a_name_that_would_break_out(self) -> None:
        from airflow_landing_loader.plugins.api.routes.metrics import _escaped

        assert _escaped('a"} 1\nb\\') == 'a\\"} 1\\nb\\\\'


class TestRights:
    def test_only_tables_that_one_may_read(self, visiting: Callable[..., Visitor]) -> None:
        some = visiting(reads=["raw_customers", "raw_payments"])
        for path in PATHS:
            if path in ("unmatched", "tables/raw_trades"):
                continue
            answer = some.get(DATA + path, **({"limit": 500} if path in ("loads",) else {}))
            assert answer.status_code == 200
            assert "raw_trades" not in answer.text
            assert "fx_rates" not in answer.text
        assert {t["table"] for t in told(some, "tables")["tables"]} == {
            "raw_customers",
            "raw_payments",
        }

    def test_what_is_not_there_and_what_one_may_not_read_are_the_same(
        self, visitor: Visitor, visiting: Callable[..., Visitor]
    ) -> None:
        some = visiting(reads=["raw_customers"])
        load = told(visitor, "loads", table="raw_trades")["loads"][0]
        refused = some.get(f"{DATA}loads/{load['load_id']}")
        unknown = some.get(f"{DATA}loads/00000000")
        assert refused.status_code == unknown.status_code == 404
        assert refused.json()["detail"] == unknown.json()["detail"]
        for path in ("tables", "loads", "deliveries", "failures", "arrivals", "drift", "actions"):
            answers = [some.get(DATA + path, table=t) for t in ("raw_trades", "raw_nothing")]
            assert {answer.status_code for answer in answers} == {404}, path
            assert len({answer.json()["detail"] for answer in answers}) == 1
        assert some.get(DATA + "tables/raw_trades").status_code == 404
        assert some.get(DATA + "unmatched").status_code == 403

    def test_who_may_read_nothing(self, visiting: Callable[..., Visitor]) -> None:
        nobody = visiting(reads=[])
        assert told(nobody, "tables")["tables"] == []
        assert told(nobody, "loads")["loads"] == []
        assert nobody.get(DATA + "metrics").status_code == 403


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("loads", {"limit": 0}),
        ("loads", {"limit": 501}),
        ("loads", {"cursor": "nonsense"}),
        ("loads", {"cursor": "LTE"}),
        ("loads", {"since": "2024-01-15T00:00:00"}),
        ("loads", {"trait": "awful"}),
        ("loads", {"text": "\x00"}),
        ("loads", {"text": "x" * 201}),
        ("loads", {"nobody_knows": 1}),
        ("loads", {"table": "a'; DROP TABLE load_metadata"}),
        ("deliveries", {"cursor": "MQ"}),
        ("deliveries", {"outcome": "awful"}),
        ("failures", {"code": "' OR 1=1"}),
        ("tables", {"level": "awful"}),
        ("tables", {"cursor": "_w"}),
        ("arrivals", {"windows": 401}),
        ("actions", {"limit": "many"}),
    ],
)
def test_what_cannot_be_asked_for(visitor: Visitor, path: str, query: dict[str, Any]) -> None:
    answer = visitor.get(DATA + path, **query)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


def test_an_execution_that_is_none(visitor: Visitor) -> None:
    assert visitor.get(DATA + "loads", execution_id="exec_x").status_code == 404


class TestWhileSomebodyWrites:
    PAST = ("loads", "failures", "deliveries")

    @pytest.mark.parametrize("path", ["tables", "loads", "failures", "deliveries", "arrivals"])
    def test_the_newest_is_told_and_who_it_is(
        self, showcase: Showcase, visiting: Callable[..., Visitor], path: str
    ) -> None:
        database = Path(showcase.settings.duckdb_path)
        with other_process("exclusive", database, "loading trades.csv into raw_trades"):
            everything = told(visiting(), path)
            some = told(visiting(reads=["raw_customers"]), path)
        assert "loading trades.csv" in everything["busy_with"]
        assert some["busy_with"] == "somebody"
        assert some.get("newest_only") is (True if path in self.PAST else None)
        assert told(visiting(), path).get("newest_only") is (False if path in self.PAST else None)

    @pytest.mark.parametrize("path", ["loads/{}", "actions"])
    def test_what_only_the_database_knows(
        self, showcase: Showcase, visitor: Visitor, visiting: Callable[..., Visitor], path: str
    ) -> None:
        load = told(visitor, "loads", table="raw_customers")["loads"][0]
        path = DATA + path.format(load["load_id"])
        database = Path(showcase.settings.duckdb_path)
        with other_process("exclusive", database, "loading trades.csv into raw_trades"):
            everything = visiting().get(path)
            some = visiting(reads=["raw_customers"]).get(path)
        assert everything.status_code == some.status_code == 503
        assert everything.headers["retry-after"] == "5"
        assert everything.json()["code"] == "warehouse.locked"
        assert "loading trades.csv" in everything.json()["detail"]
        assert "trades.csv" not in some.text
        assert str(database) not in some.text


def test_names_that_are_no_text(settings: Callable[..., Settings], zones: Zones) -> None:
    (zones.tables / "t.yaml").write_text("a_*.csv: {table: raw_a, settle_seconds: 0}\n")
    for name in (b"\xff.csv", b"a_\xff.csv"):
        Path(os.fsdecode(os.fsencode(str(zones.landing)) + b"/" + name)).write_text("id\n1\n")
    visitor = Visitor(settings(dbt_mode="off"))
    assert len(told(visitor, "unmatched")["files"]) == 1
    assert len(told(visitor, "tables/raw_a")["files"]) == 1


def test_before_the_first_load(settings: Callable[..., Settings], zones: Zones) -> None:
    (zones.tables / "t.yaml").write_text("a_*.csv: {table: raw_a}\n")
    visitor = Visitor(settings(dbt_mode="off"))
    for path in PATHS:
        path = path.replace("raw_trades", "raw_a")
        assert visitor.get(DATA + path).status_code == 200, path
