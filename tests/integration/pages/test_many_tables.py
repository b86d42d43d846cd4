"""A thousand tables: a hundred rows at a time, the worst of all first."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.support.pages import ROOT, Visitor, words_of
from tests.support.showcase import Showcase

from airflow_landing_loader.settings import Settings

TABLES = 1000


@pytest.fixture
def many(settings: Callable[..., Settings]) -> Visitor:
    """Somebody who sees all of them; what one table has in the books, all have."""
    made = Showcase(settings())
    mappings = "".join(
        f"t{n:04}_*.csv: {{table: raw_t{n:04}, settle_seconds: 0}}\n" for n in range(TABLES)
    )
    made.write_mappings({"many.yaml": mappings})
    made.deliver("t0000_1.csv", "id,name\n1,a\n2,b\n")
    made.run()
    made.deliver("t0000_2.csv", 'id,name\n1,"a"b\n2,c\n')
    made.run()
    with made.database() as con:
        named = "'raw_t' || lpad(n::VARCHAR, 4, '0') AS table_name"
        for table, changed, which in (
            ("load_metadata", "load_id || n AS load_id, n AS sequence", "true"),
            ("load_deliveries", "delivery_id || n AS delivery_id", "n % 100 = 50"),
        ):
            con.execute(
                f"INSERT INTO {table} BY NAME SELECT {table}.* REPLACE ({named}, {changed}) "
                f"FROM {table}, range(1, {TABLES}) numbers(n) WHERE {which}"
            )
    made.count_anew()
    return Visitor(made.settings)


def test_red_ones_first_a_page_at_a_time(many: Visitor) -> None:
    tree = many.look()
    assert "11 tables need attention" in words_of(tree.xpath("//h1")[0])
    rows = tree.xpath("//tr[@data-row]")
    assert len(rows) == 100
    assert [row.get("class") for row in rows[:12]] == [*["bad"] * 11, "good"]
    assert "1 to 100 of 1,000 tables" in words_of(tree)
    seen = set()
    while True:
        seen |= set(tree.xpath("//table//a[@class='table-name']/text()"))
        later = tree.xpath("//a[@rel='next']/@href")
        if not later:
            break
        tree = many.look(later[0].removeprefix(f"{ROOT}/"))
    assert len(seen) == TABLES


def test_one_of_them_is_found(many: Visitor) -> None:
    tree = many.look(q="T0777")
    assert tree.xpath("//table//a[@class='table-name']/text()") == ["raw_t0777"]
