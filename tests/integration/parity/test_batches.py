"""Batches and how they are committed, on all warehouses: bad ones, hostile ones, real ones, any."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.support import worlds
from tests.support.deliveries import MORE_PEOPLE, PEOPLE

from airflow_landing_loader.exceptions import ErrorCode as Code
from airflow_landing_loader.settings import BACKENDS


def test_every_warehouse_takes_part() -> None:
    assert set(worlds.WORLDS) == set(BACKENDS)


def test_fifty_small_files_with_a_bad_one(both: Any) -> None:
    both.map()
    for number in range(50):
        both.deliver(f"a_{number:02}.csv", f"id,name\n{number},x\n")
    both.deliver("a_25.csv", "nothing,known\n1,2\n")
    both.load(PEOPLE, "a_00.csv")  # the table comes from the first good one
    columns = both.bigquery.pipeline.warehouse.columns_of("raw_a", row_number=False)
    assert [column.name for column in columns][:2] == ["id", "name"]
    assert len(both.bigquery.table("load_metadata")) == 49


def test_several_tables_and_mappings_in_one_batch(both: Any) -> None:
    both.map()
    both.map("b_*.csv", "raw_b")
    both.map("c_*.csv", "raw_a", csv={"row_number": True})
    for name in ("a_1.csv", "b_1.csv", "c_1.csv"):
        both.deliver(name, PEOPLE)
    assert {o.status for o in both.run().values()} == {"loaded"}


def test_hostile_names_headers_and_cells(both: Any) -> None:
    both.map()
    names = [
        "[1]",
        "?",
        "{x}",
        " 'quoted' \"name\"",
        "100%",
        "ü€",
        "new\nline",
        "year=2024",
        "*",
        "@x",
    ]
    for number, name in enumerate(names):
        both.deliver(f"a_{name}.csv", f"id,x\n{number},{'y' * number}\n")
    both.deliver("a_zz.csv", "id,x'); DROP TABLE load_metadata; --,$1,@ids\n1,'); --,`{},?\n")
    assert {o.status for o in both.run().values()} == {"loaded"}


def test_a_broken_constraint_fails_its_file_alone(both: Any) -> None:
    """Only the warehouse itself knows: it refuses the batch, and the good ones load without it."""
    both.map()
    both.duckdb.sql("CREATE TABLE raw_a (id VARCHAR NOT NULL, name VARCHAR)")
    both.bigquery.sql("CREATE TABLE raw_a (id STRING NOT NULL, name STRING)")
    for number in range(4):
        both.deliver(f"a_{number}.csv", f"id,name\n{'' if number == 2 else number},x\n")
    outcomes = both.run()
    assert [o.status for o in outcomes.values()] == ["loaded", "loaded", "failed", "loaded"]
    assert outcomes["a_2.csv"].error.code == Code.LOAD_BAD_VALUE


def test_the_real_files(both: Any, shared_data: Path) -> None:
    files = sorted((shared_data / "italy_covid_regions").glob("*.csv"))
    both.map("dpc-covid19-ita-regioni-*.csv", "raw_regions")
    for file in files:
        both.deliver(file.name, file.read_bytes())
    outcomes = both.run()
    assert sum(o.rows for o in outcomes.values()) == 1890
    assert {o.status for o in outcomes.values()} == {"loaded"}


@pytest.mark.parametrize("commit", ["transaction", "load_job"])
def test_the_free_path_ends_in_the_same_state(both: Any, commit: str) -> None:
    both.map(bigquery={"commit": commit}, on_bad_row="reject", max_rejected=0.5)
    both.load(PEOPLE)
    both.load("id,name,new\n4,Dan,x\n", "a_2.csv")
    both.load("id,name\n5,Eva\n6\n", "a_3.csv")
    both.load(MORE_PEOPLE)


NAMES = st.sampled_from(["id", "name", "Name", "x y", "é", "new"])
CELLS = st.sampled_from(["", "1", "a,b", 'q"q', "l\nl", " pad ", "NULL", "ü", "'", "\\", "`{}"])


@st.composite
def files(draw: st.DrawFn) -> dict[str, str]:
    """Some files of one mapping: well formed or not, equal or not, with headers that vary."""
    made = {}
    for number in draw(st.lists(st.integers(1, 4), min_size=1, max_size=4, unique=True)):
        header = ["id", *draw(st.lists(NAMES, max_size=3, unique=True))]
        rows = draw(
            st.lists(st.lists(CELLS, min_size=len(header), max_size=len(header)), max_size=4)
        )
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([header, *rows])
        made[f"a_{number}.csv"] = text.getvalue() + draw(
            st.sampled_from(["", "", "", "1,2,3,4,5,6\n"])
        )
    return made


@settings(
    max_examples=6,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    # An example takes seconds: a smaller one is not worth the minutes of looking for it.
    phases=[Phase.explicit, Phase.generate],
)
@given(
    polls=st.lists(files(), min_size=1, max_size=2),
    keys=st.fixed_dictionaries(
        {
            "on_redelivery": st.sampled_from(["append", "replace", "fail"]),
            "on_duplicate": st.sampled_from(["skip", "load", "fail"]),
            "identity": st.sampled_from(["name", "content"]),
            "on_bad_row": st.sampled_from(["fail", "reject"]),
            "bigquery": st.sampled_from([{}, {"commit": "load_job"}]),
        }
    ),
)
def test_whatever_comes(new_worlds: Any, polls: list[dict[str, str]], keys: dict[str, Any]) -> None:
    with new_worlds() as both:
        both.map(max_rejected=0.6, **keys)
        for made in polls:
            for name, text in made.items():
                both.deliver(name, text)
            both.run()
