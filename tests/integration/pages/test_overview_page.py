"""The overview: the worst first, what of it one may see, and what can be filtered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.pages import ROOT, Visitor, words_of
from tests.support.showcase import Showcase

from airflow_landing_loader.settings import Settings


def tables_of(tree) -> list[str]:
    return tree.xpath("//table//a[@class='table-name']/text()")


def test_the_worst_table_stands_first_with_its_reason(visitor: Visitor) -> None:
    tree = visitor.look()
    assert "tables need attention" in tree.xpath("string(//h1)")
    assert tables_of(tree)[:3] == ["raw_ledger", "raw_positions", "raw_trades"]
    row = words_of(tree.xpath("//tr[.//a[text()='raw_positions']]")[0])
    assert "2 deliveries lie in failed." in row
    assert "csv.stray_quote" in row


def test_all_addresses_have_the_prefix_and_lead_somewhere(visitor: Visitor) -> None:
    tree = visitor.look()
    addresses = set(tree.xpath("//@href | //@src | //@action"))
    assert {a for a in addresses if not a.startswith((f"{ROOT}/", "#", "/team-a/"))} == set()


@pytest.mark.parametrize(
    ("query", "tables"),
    [
        ({"level": "warning"}, {"raw_payments", "raw_customers"}),
        ({"kind": "late"}, {"raw_eod_prices"}),
        ({"kind": "drift"}, {"raw_trades"}),
        ({"q": "SHOP"}, {"raw_customers"}),
        ({"q": "refused", "level": "good"}, set()),
        ({"waiting": "1"}, {"raw_payments"}),
        ({"page": "2"}, set()),
        ({"q": "<script>alert(1)</script>"}, set()),
    ],
)
def test_filters(visitor: Visitor, query: dict[str, str], tables: set[str]) -> None:
    assert set(tables_of(visitor.look(**query))) == tables


@pytest.mark.parametrize("query", [{"level": "awful"}, {"page": "0"}, {"q": "x" * 201}])
def test_what_cannot_be_asked_for_is_told_on_a_page(
    visitor: Visitor, query: dict[str, str]
) -> None:
    answer = visitor.get(**query)
    assert answer.status_code == 422
    assert answer.headers["content-type"].startswith("text/html")
    assert "cannot be asked for" in answer.text


def test_only_tables_that_one_may_read_are_seen_or_counted(
    visiting: Callable[..., Visitor],
) -> None:
    visitor = visiting(reads=["raw_countries"])
    tree = visitor.look()
    assert tables_of(tree) == ["raw_countries"]
    assert "All is well" in tree.xpath("string(//h1)")
    assert "positions" not in words_of(tree)
    figures = visitor.get("api/v1/overview").json()
    assert (figures["failures"], figures["late"], figures["waiting"]) == (0, 0, 0)


def test_figures_for_the_card(visitor: Visitor) -> None:
    figures = visitor.get("api/v1/overview").json()
    assert figures["failures"] == 3
    assert figures["late"] == 1
    assert figures["waiting"] == 2
    assert figures["loaded_today"] >= 2


def test_days_say_of_which_zone_they_are(visitor: Visitor) -> None:
    tree = visitor.look()
    said = words_of(tree)
    assert "today (UTC)," in said
    assert said.count("today") == said.count("today (UTC)")
    assert tree.xpath("//td/@data-label[contains(., 'today')]")[0] == "Rows today (UTC)"
    labels = tree.xpath("//*[name()='svg' and contains(@class, 'bars')]/@aria-label")
    assert {label.partition(":")[0] for label in labels} == {"The last 14 days (UTC)"}
    lines = visitor.look("quality").xpath("//*[name()='svg' and contains(@class, 'line')]")
    assert all("14 days (UTC)" in line.get("aria-label") for line in lines)


def test_an_installation_without_anything(settings: Callable[..., Settings]) -> None:
    tree = Visitor(settings()).look()
    assert "There are no tables yet" in tree.xpath("string(//h1)")


def test_a_zone_that_is_gone_is_told(settings: Callable[..., Settings], tmp_path: Path) -> None:
    gone = settings(landing_path=str(tmp_path / "gone"))
    assert str(tmp_path / "gone") in words_of(Visitor(gone).look())


def test_landing_that_cannot_be_read_is_no_empty_landing(
    showcase: Showcase, tmp_path: Path
) -> None:
    blind = Visitor(
        replace(showcase.settings, landing_path=str(tmp_path / "gone")), reads=["raw_countries"]
    )
    tree = blind.look()
    (head,) = tree.xpath("//h1")
    assert "Landing cannot be read" in words_of(head)
    assert "bad" in head.get("class").split()
    assert "waiting: landing cannot be read" in words_of(tree)
    assert "With files waiting" not in words_of(tree)
    table = words_of(blind.look("tables/raw_countries"))
    assert "0 waiting in landing" not in table
    assert "Landing cannot be read:" in table
    assert "Nothing lies there" not in table
    figures = blind.get("api/v1/overview").json()
    assert figures["waiting"] is None
    assert "gone" in figures["landing_trouble"]
    tables = blind.get("api/v1/tables").json()
    assert "gone" in tables["landing_trouble"]
    assert tables["tables"][0]["landed"] is None
    one = blind.get("api/v1/tables/raw_countries").json()
    assert (one["landing_trouble"], one["state"]["landed"]) == (tables["landing_trouble"], None)
    samples = blind.get("api/v1/metrics").text
    assert "landing_loader_waiting_files{" not in samples
    assert "landing_loader_late{" in samples


def test_what_is_not_there_is_a_page_too(visitor: Visitor) -> None:
    answer = visitor.get("no/such/page")
    assert answer.status_code == 404
    assert "There is no such page." in answer.text


def test_who_works_is_told_to_who_may_see_all_tables(
    showcase: Showcase, visitor: Visitor, visiting: Callable[..., Visitor]
) -> None:
    from airflow_landing_loader.loading.warehouses.duckdb.lock import DatabaseLock

    other = visiting(reads=["raw_countries"])
    lock = DatabaseLock(Path(showcase.settings.duckdb_path))
    with lock.exclusive("loading secret.csv", timeout=10):
        for each in (visitor, other):
            each.monitor.look_again()
        assert "loading secret.csv" in words_of(visitor.look())
        assert "secret" not in words_of(other.look())
        assert "At work: somebody" in words_of(other.look())
    visitor.monitor.look_again()
