"""A table, its loads, one load; arrivals, quality, what no table takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.support.pages import ROOT, Visitor, words_of
from tests.support.showcase import DAYS, Showcase, arrivals_of

from airflow_landing_loader.safe_text import storable
from airflow_landing_loader.settings import Settings

PAGES = (
    *("", "loads", "arrivals", "quality", "unmatched"),
    *("tables/raw_trades", "tables/raw_ledger", "tables/raw_payments", "tables/market.fx_rates"),
    *("quality?table=raw_customers", "arrivals?table=market.fx_rates"),
)


def id_of_load(visitor: Visitor, **query: Any) -> str:
    """The newest load that a search finds."""
    return visitor.look("loads", **query).xpath("//table//th//a/@href")[0].rsplit("/", 1)[1]


def test_every_link_to_a_page_of_ours_leads_somewhere(visitor: Visitor) -> None:
    seen, wanted = set(), [f"{ROOT}/{path}" for path in PAGES]
    while wanted:
        address = wanted.pop()
        if address in seen or not address.startswith(f"{ROOT}/"):
            continue
        seen.add(address)
        path = address.removeprefix(ROOT)
        if path.startswith("/static/"):
            continue
        tree = visitor.look(path.lstrip("/").partition("#")[0])
        if "loads/" not in path and "?" not in path:
            wanted += tree.xpath("//main//a[not(@target)]/@href")
            wanted += tree.xpath("//nav//a/@href")
    assert len(seen) > 40


def test_links_into_airflow_leave_the_frame(visitor: Visitor) -> None:
    for path in ("tables/raw_trades", f"loads/{id_of_load(visitor)}"):
        for link in visitor.look(path).xpath("//a[not(starts-with(@href, '#'))]"):
            inside = link.get("href").startswith(f"{ROOT}/")
            assert (link.get("target") == "_top") is not inside, link.get("href")


def test_a_table_tells_all_that_is_known_of_it(visitor: Visitor) -> None:
    told = words_of(visitor.look("tables/raw_trades"))
    for words in (
        "1 delivery lies in failed.",
        "count.too_few: trades_",
        f"of {DAYS - 1} loads",
        "venue in 4 of 13 loads",
        "A file waits for its go file trades_*.go ; each * is the same text.",
        "trading/trades.yaml:1",
        "go_file: {pattern: trades_*.go",
        "The sender has delivered the go file anew.",
    ):
        assert words in told.replace("go;", "go ;"), words


def test_a_broken_mapping_is_shown_with_its_line(visitor: Visitor) -> None:
    told = words_of(visitor.look("tables/raw_ledger"))
    assert "propertys" in told
    assert "properties" in told
    assert "ledger.yaml" in told


def test_what_lies_in_landing_is_told_with_its_reason(visitor: Visitor) -> None:
    told = words_of(visitor.look("tables/raw_payments"))
    assert "its go file is not there yet" in told
    assert "its data file is not there" in told


def test_one_load(visitor: Visitor) -> None:
    told = words_of(visitor.look(f"loads/{id_of_load(visitor, trait='rejected')}"))
    for words in ("60 counted in the file", "59 loaded", "1 rejected", "2 fields instead of 3"):
        assert words in told, words
    assert "it is shown here where show_values is set" in told
    totals = words_of(visitor.look(f"loads/{id_of_load(visitor, table='raw_eod_prices')}"))
    assert "Control totals" in totals
    assert "as promised" in totals


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"table": "raw_trades"}, DAYS - 1),
        ({"q": "COUNTRIES"}, 1),
        ({"q": "countries_", "table": "raw_trades"}, 0),
        ({"trait": "drift"}, 4),
        ({"trait": ["drift", "rejected"]}, 0),
        ({"table": "no_such_table"}, 0),
        ({"since": "2999-01-01"}, 0),
        ({"until": ""}, 50),
    ],
)
def test_loads_are_searched(visitor: Visitor, query: dict[str, Any], count: int) -> None:
    assert len(visitor.look("loads", **query).xpath("//tr[@data-row]")) == count


def test_one_bad_record_of_a_million_is_not_none(settings: Callable[..., Settings]) -> None:
    made = Showcase(settings(dbt_mode="off"))
    made.write_mappings(
        {"a.yaml": "a_*.csv: {table: raw_a, settle_seconds: 0, quality: {required: [id]}}\n"}
    )
    made.deliver("a_1.csv", "id,x\n1,2\n")
    made.run()
    with made.database() as con:
        con.execute("UPDATE load_metadata SET quality_score = 99.9999")
    made.count_anew()
    visitor = Visitor(made.settings)
    for path in ("", "tables/raw_a", "quality", "loads"):
        text = visitor.get(path).text
        assert "100.00" not in text, path
        assert "0.00 %" not in text, path
    assert "99.99 %" in visitor.get("quality").text


def test_older_loads_follow_without_gap_or_overlap(visitor: Visitor) -> None:
    found: list[str] = []
    address = "loads"
    while address:
        tree = visitor.look(address)
        found += tree.xpath("//table//th//a/@href")
        older = tree.xpath("//a[@rel='next']/@href")
        address = older[0].removeprefix(f"{ROOT}/") if older else ""
    assert len(found) == len(set(found)) > 60


def test_what_belongs_to_others_is_not_there(
    visitor: Visitor, visiting: Callable[..., Visitor]
) -> None:
    other = visiting(reads=["raw_countries"])
    theirs = id_of_load(visitor, table="raw_trades")
    for path in ("tables/raw_trades", f"loads/{theirs}"):
        answer = other.get(path)
        assert answer.status_code == 404
        assert "trades_2" not in answer.text
    assert len(other.look("loads").xpath("//tr[@data-row]")) == 1
    assert len(other.look("loads", table="raw_trades").xpath("//tr[@data-row]")) == 0
    assert "You may not see these files." in words_of(other.look("unmatched"))
    for path in ("arrivals", "quality"):
        assert "raw_" not in words_of(other.look(path))


def test_runs_of_dags_that_one_may_not_read_are_not_told(
    visitor: Visitor, visiting: Callable[..., Visitor]
) -> None:
    # All of the showcase is loaded by runs of one table's DAG.
    other = visiting(reads=["raw_positions", "raw_customers"])
    load = f"loads/{id_of_load(other, table='raw_customers')}"
    failure = other.look("failures").xpath("//tbody//th/a/@href")[0].removeprefix(f"{ROOT}/")
    for path in ("tables/raw_customers", load, "failures", failure):
        text = other.get(path).text
        assert "landing__raw_trades" not in text, path
        assert "scheduled__" not in text, path
    assert "of a DAG that you may not see" in words_of(other.look(load))
    assert "landing__raw_trades" in visitor.get(load).text
    assert "landing__raw_trades" in visitor.get(failure).text
    mine = visiting(reads=["raw_trades"])
    assert "landing_actions" not in mine.get("tables/raw_trades").text
    assert "ann" in words_of(mine.look("tables/raw_trades"))
    (action,) = mine.get("api/v1/actions").json()["actions"]
    assert (action["dag_id"], action["run_id"], action["asked_by"]) == (None, None, "ann")
    assert "landing_actions" in visitor.get("tables/raw_trades").text


def test_buttons_are_there_for_those_who_may(
    visitor: Visitor, visiting: Callable[..., Visitor]
) -> None:
    path = f"loads/{id_of_load(visitor)}"
    assert visitor.look(path).xpath("//dialog//form/@action") == [
        f"{ROOT}/api/v1/etl/verify",
        f"{ROOT}/api/v1/etl/unload",
    ]
    assert not visiting(acts=False).look(path).xpath("//dialog | //button[@data-opens]")


def test_a_load_that_is_out_of_the_table_is_not_to_be_verified(
    settings: Callable[..., Settings],
) -> None:
    made = Showcase(settings(dbt_mode="off"))
    made.write_mappings({"a.yaml": "a_*.csv: {table: raw_a, settle_seconds: 0}\n"})
    made.deliver("a_1.csv", "id\n1\n")
    made.run()
    visitor = Visitor(made.settings)
    path = f"loads/{id_of_load(visitor)}"
    assert visitor.look(path).xpath("//dialog/@id") == ["verify", "unload"]
    with made.database() as con:
        con.execute("UPDATE load_metadata SET removed_sequence = 2")
    assert not visitor.look(path).xpath("//dialog | //button[@data-opens]")


def test_windows_of_a_pattern_with_a_backslash_are_its_own(
    settings: Callable[..., Settings],
) -> None:
    made = Showcase(settings(dbt_mode="off"))
    made.write_mappings({"a.yaml": "'a\\x_*.csv': {table: raw_a, expect: {by: '07:00'}}\n"})
    window = next(iter(arrivals_of(datetime.now(UTC).date())))
    pattern = storable("a\\x_*.csv")
    made.warehouse.record_arrivals([replace(window, table_name="raw_a", pattern=pattern)])
    tree = Visitor(made.settings).look("tables/raw_a")
    assert f"{window.day}: on time" in words_of(tree.xpath("//ol[@class='strip']")[0])


def test_a_lock_between_two_questions_makes_no_load_unknown(
    settings: Callable[..., Settings],
) -> None:
    from airflow_landing_loader.loading.warehouses.duckdb.lock import DatabaseLock

    made = Showcase(settings(dbt_mode="off"))
    made.write_mappings({"a.yaml": "a_*.csv: {table: raw_a, settle_seconds: 0}\n"})
    made.deliver("a_1.csv", "id\n1\n")
    made.run()
    visitor = Visitor(made.settings)
    path = f"loads/{id_of_load(visitor)}"
    summary = visitor.monitor.summary()
    nobody_knows_it = replace(summary, overview=replace(summary.overview, loads=(), busy_with=None))
    visitor.monitor.summary = lambda: nobody_knows_it  # as it was before the lock
    with DatabaseLock(Path(made.settings.duckdb_path)).exclusive("a load", timeout=10):
        assert "A writer has the database" in words_of(visitor.look(path))
    assert "a_1.csv" in words_of(visitor.look(path))
    assert visitor.get("loads/00000000").status_code == 404


def test_a_calendar_says_each_day_in_words(visitor: Visitor) -> None:
    tree = visitor.look("arrivals")
    row = tree.xpath("//table[contains(@class, 'calendar')]//tr[.//a[text()='market.fx_rates']]")
    told = words_of(row[0])
    assert "no file" in told
    assert "mended since" in told
    late = words_of(tree.xpath("//section[@aria-labelledby='due']")[0])
    assert "raw_eod_prices" in late
    earlier = tree.xpath("//a[@rel='prev']/@href")[0].removeprefix(f"{ROOT}/")
    assert "nothing expected" in words_of(visitor.look(earlier))


def test_while_a_writer_works_what_is_known_is_shown(showcase: Showcase, visitor: Visitor) -> None:
    from airflow_landing_loader.loading.warehouses.duckdb.lock import DatabaseLock

    load = id_of_load(visitor)
    lock = DatabaseLock(Path(showcase.settings.duckdb_path))
    with lock.exclusive("a long load", timeout=10):
        assert "raw_trades" in words_of(visitor.look())
        assert "of the newest loads alone" in words_of(visitor.look("loads"))
        assert "A writer has the database now." in words_of(visitor.look("tables/raw_trades"))
        assert "A writer has the database" in words_of(visitor.look(f"loads/{load}"))
        assert "raw_customers" in words_of(visitor.look("quality", table="raw_customers"))
        assert "Calendar" in words_of(visitor.look("arrivals"))
