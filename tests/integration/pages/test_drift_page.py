"""Drift: what is new, how often it comes, what it could be, and the SQL that makes it a column."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.pages import ROOT, Visitor, words_of
from tests.support.showcase import Showcase

from airflow_landing_loader.loading.warehouses.duckdb.lock import DatabaseLock
from airflow_landing_loader.settings import Settings

HOSTILE = "../<img src=x>'"
MAPPING = "a_*.csv: {table: raw_a, settle_seconds: 0}\n"
SECRET = "7<b>x</b>"


@pytest.fixture
def drifting(settings: Callable[..., Settings]) -> Showcase:
    """A table whose files have two more columns since lately."""
    made = Showcase(settings(dbt_mode="off"))
    Path(made.settings.table_config_path, "all.yaml").write_text(MAPPING)
    made.deliver("a_1.csv", "id\n1\n")
    made.run()
    made.deliver("a_2.csv", f'id,amount,"{HOSTILE}"\n2,7,{SECRET}\n3,-12,\n')
    made.deliver("a_3.csv", "id,amount\n4,12.50\n")
    made.run()
    made.warehouse.publish_summary()
    return made


def test_each_column_with_its_share_and_its_times(visitor: Visitor) -> None:
    tree = visitor.look("drift")
    assert "1 new column of 1 table waits for a decision" in tree.xpath("string(//h1)")
    (row,) = tree.xpath("//tbody/tr")
    assert "venue" in words_of(row)
    assert "raw_trades" in words_of(row)
    assert "4 of 13 (30 %)" in words_of(row)
    assert len(row.xpath(".//time")) == 4
    assert row.xpath(".//th/a/@href") == [f"{ROOT}/drift/raw_trades?column=venue"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"q": "VEN"}, 1),
        ({"q": "trades"}, 1),
        ({"q": "<script>"}, 0),
        ({"table": "raw_trades"}, 1),
        ({"table": "raw_countries"}, 0),
        ({"page": "2"}, 0),
    ],
)
def test_filters(visitor: Visitor, query: dict[str, str], found: int) -> None:
    assert len(visitor.look("drift", **query).xpath("//tbody/tr")) == found


def test_drift_of_others_is_not_seen(visiting: Callable[..., Visitor]) -> None:
    other = visiting(reads=["raw_countries"])
    assert "Every column is in its table" in other.look("drift").xpath("string(//h1)")
    assert other.get("drift/raw_trades", column="venue").status_code == 404


def test_what_fits_and_what_promote_would_do(drifting: Showcase) -> None:
    tree = Visitor(drifting.settings).look("drift/raw_a", column="amount")
    said = words_of(tree)
    assert "In _extra of 2 of 3 loads (66 %)" in said
    assert "Every value so far fits DECIMAL(4,2)" in said
    assert 'ALTER TABLE "raw_a" ADD COLUMN IF NOT EXISTS "amount" VARCHAR' in said
    (form,) = tree.xpath("//dialog[@id='promote']/form")
    assert form.get("action") == f"{ROOT}/api/v1/etl/promote"
    assert form.xpath(".//input[@name='table']/@value") == ["raw_a"]
    assert form.xpath(".//input[@name='columns']/@value") == ["amount"]
    assert "DECIMAL(4,2)" in form.xpath(".//option/@value")


def test_another_type_is_another_plan(drifting: Showcase) -> None:
    visitor = Visitor(drifting.settings)
    tree = visitor.look("drift/raw_a", column="amount", type="double")
    assert 'ADD COLUMN IF NOT EXISTS "amount" DOUBLE' in words_of(tree)
    assert tree.xpath("//input[@name='type']/@value") == ["DOUBLE"]
    unfit = visitor.look("drift/raw_a", column="amount", type="BIGINT")
    assert "1 value in _extra are not" in words_of(unfit)
    assert not unfit.xpath("//dialog | //pre")
    assert unfit.xpath("//a[@aria-current='true' and text()='BIGINT']")


def test_a_hostile_name_is_text_and_leads_to_its_column(drifting: Showcase) -> None:
    visitor = Visitor(drifting.settings)
    tree = visitor.look("drift")
    (path,) = tree.xpath("//tbody//a[contains(text(), 'img')]/@href")
    assert path.startswith(f"{ROOT}/drift/raw_a?column=")
    detail = visitor.client.get(path)
    assert detail.status_code == 200
    assert "<img src=x>" not in detail.text


def test_values_are_shown_only_where_they_may_be(drifting: Showcase) -> None:
    hidden = Visitor(drifting.settings)
    shown = Visitor(replace(drifting.settings, show_values=True))
    said = words_of(hidden.look("drift/raw_a", column=HOSTILE))
    assert "hidden: the option" in said
    assert SECRET not in said
    tree = shown.look("drift/raw_a", column=HOSTILE)
    assert tree.xpath("//ul[@class='samples']//code/text()") == [SECRET]
    amounts = shown.look("drift/raw_a", column="amount")
    assert amounts.xpath("//ul[@class='samples']//code/text()") == ["-12", "12.50", "7"]


def test_who_may_not_act_sees_all_but_the_button(drifting: Showcase) -> None:
    tree = Visitor(drifting.settings, acts=False).look("drift/raw_a", column="amount")
    assert "ALTER TABLE" in words_of(tree)
    assert not tree.xpath("//dialog | //button")


def test_while_a_writer_works_it_is_told_at_once(drifting: Showcase) -> None:
    visitor = Visitor(drifting.settings)
    lock = DatabaseLock(Path(drifting.settings.duckdb_path))
    with lock.exclusive("loading secret.csv", timeout=5):
        tree = visitor.look("drift/raw_a", column="amount")
        (banner,) = tree.xpath("//div[contains(@class, 'banner')]")
        assert "A writer has the database" in words_of(banner)
        assert "secret" not in words_of(banner)
        assert not tree.xpath("//dialog")


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("drift/raw_trades", {"column": "nope"}, 404),
        ("drift/no_such", {"column": "venue"}, 404),
        ("drift/raw_trades", {}, 422),
        ("drift/raw_trades", {"column": "venue", "type": "BLOB; DROP TABLE x"}, 422),
    ],
)
def test_what_cannot_be_asked_for(
    visitor: Visitor, path: str, query: dict[str, str], status: int
) -> None:
    answer = visitor.get(path, **query)
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")


def test_an_installation_without_anything(settings: Callable[..., Settings]) -> None:
    tree = Visitor(settings()).look("drift")
    assert "Every column is in its table" in tree.xpath("string(//h1)")
