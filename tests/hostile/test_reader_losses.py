"""Cases in which CSV readers, DuckDB's among them, are known to lose or change values in silence.

Each is loaded as we load it, and held against its file. The lowest DuckDB that ``pyproject.toml``
declares is one that passes all of them.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import zstandard
from tests.support import worlds

from airflow_landing_loader.exceptions import ErrorCode as Code
from airflow_landing_loader.loading.reading import csv
from airflow_landing_loader.pipeline.outcome import Outcome

MIB = 1024 * 1024


@pytest.fixture
def side(tmp_path: Path) -> worlds.Side:
    """An empty world whose engine works with several threads."""
    made = worlds.duckdb_side(tmp_path)
    made.settings = replace(made.settings, duckdb_threads=4)
    return made


@pytest.fixture
def small_buffers(monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine reads in pieces of some kilobytes, so that small files have many of them."""
    monkeypatch.setattr(csv, "_DEFAULT_LINE_LIMIT", 256)


def load(side: worlds.Side, content: bytes | str, name: str = "a_1.csv") -> Outcome:
    side.deliver(name, content)
    return side.run()[name]


def refused(outcome: Outcome) -> tuple[str, int | None]:
    assert outcome.status == "failed", outcome
    assert outcome.error is not None
    return outcome.error.code, outcome.error.line


def held(side: worlds.Side, what: str) -> list[tuple[object, ...]]:
    return [tuple(row.values()) for row in side.sql(f"SELECT {what} FROM raw_a")]


@pytest.mark.parametrize("bad", ["2", "2,b,c", '2,"b', "2,b\0", '2,"b"c'])
def test_no_row_is_dropped_as_with_ignore_errors(side: worlds.Side, bad: str) -> None:
    side.map()
    _, line = refused(load(side, f"id,x\n1,a\n{bad}\n3,c\n"))
    assert line == 3


def test_no_row_with_a_bad_value_is_dropped_as_with_ignore_errors(side: worlds.Side) -> None:
    side.map()
    side.sql("CREATE TABLE raw_a (id INTEGER, x VARCHAR)")
    assert refused(load(side, "id,x\n1,a\n12.7,b\n")) == (Code.LOAD_BAD_VALUE, 3)
    assert held(side, "count(*)") == [(0,)]


@pytest.mark.usefixtures("small_buffers")
def test_the_last_record_is_not_dropped_wherever_a_buffer_ends(side: worlds.Side) -> None:
    # Numbering the rows makes the loader read each file by itself.
    side.map(csv={"row_number": True})
    for extra in range(20):
        records = [f"{n},{'x' * 380}" for n in range(20)] + ["last," + "y" * (extra * 7 + 1)]
        side.deliver(f"a_{extra}.csv", "id,x\n" + "\n".join(records))
    outcomes = side.run()
    assert {outcome.rows for outcome in outcomes.values()} == {21}
    lasts = [size for name, size in held(side, "id, length(x)") if name == "last"]
    assert sorted(map(str, lasts)) == sorted(str(extra * 7 + 1) for extra in range(20))


@pytest.mark.usefixtures("small_buffers")
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_in_quotes_are_none_for_parallel_readers(side: worlds.Side, end: str) -> None:
    side.map(max_record_lines=1000)
    inner = "".join(f'{n},"",x{end}' for n in range(12)).replace('"', '""')
    text = "".join(f'{n},"{inner}{n}"{end}' for n in range(8_000))
    outcome = load(side, f"id,x{end}{text}")
    assert (outcome.status, outcome.rows) == ("loaded", 8_000)
    assert held(side, "count(DISTINCT id), count(DISTINCT x)") == [(8_000, 8_000)]


@pytest.mark.parametrize("inner", ["1,2\n", "x" * 500 + "\n1,2\n", '""\n""1"",""\n2,""\n'])
def test_line_ends_in_quotes_where_the_engine_begins_anew(side: worlds.Side, inner: str) -> None:
    """It does so every 8 MB, also with one thread, and took lines within quotes for records."""
    side.map()
    cell = inner * (1_000 // len(inner) + 1)
    text = "".join(f'{n},"{cell}{n}"\n' for n in range(18_000))
    outcome = load(side, "id,x\n" + text)
    assert len(text) > 16 * MIB
    assert (outcome.status, outcome.rows) == ("loaded", 18_000)


def test_short_records_are_not_filled_up_with_null(side: worlds.Side) -> None:
    side.map()
    assert refused(load(side, "id,x,y\n1,a,b\n2\n")) == (Code.CSV_RAGGED, 3)
    side.mappings.clear()
    side.map(on_bad_row="reject", max_rejected=0.9)
    outcome = load(side, "id,x,y\n1,a,b\n2\n3,,\n4,c\n", "a_2.csv")
    assert (outcome.rows, outcome.rejected) == (2, 2)
    assert sorted(held(side, "id, x, y")) == [("1", "a", "b"), ("3", None, None)]


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_cut_zstd_file_is_not_a_short_one(side: worlds.Side, share: float) -> None:
    side.map("a_*.csv.zst")
    text = "id,x\n" + "".join(f"{n},{n * 7919 % 100_003}\n" for n in range(100_000))
    whole = zstandard.compress(text.encode())
    cut = load(side, whole[: int(len(whole) * share)], "a_1.csv.zst")
    assert refused(cut) == (Code.COMPRESSION_CUT, None)
    assert load(side, whole, "a_2.csv.zst").rows == 100_000


def test_two_stray_quotes_do_not_swallow_the_records_between_them(side: worlds.Side) -> None:
    side.map(max_record_lines=1_000_000, max_record_bytes=64 * MIB)
    lines = [f"{n},x\n" for n in range(50_000)]
    lines[10], lines[49_000] = '10,"5 pipe\n', '49000,6" pipe\n'
    assert refused(load(side, "id,x\n" + "".join(lines))) == (Code.CSV_STRAY_QUOTE, 12)
    # The second one where a field may end: legal text, but for its length.
    lines[49_000] = '49000,pipe"\n'
    side.mappings.clear()
    side.map()
    outcome = load(side, "id,x\n" + "".join(lines), "a_2.csv")
    assert refused(outcome) == (Code.CSV_RECORD_TOO_MANY_LINES, 12)


@pytest.mark.parametrize(
    "name", ["a_[1].csv", "a_?.csv", "a_{1,2}.csv", "a_%31.csv", "a_**.csv", "a_year=2024.csv"]
)
def test_a_name_is_no_pattern_for_the_engine(side: worlds.Side, name: str) -> None:
    side.map()
    load(side, "id\n1\n")
    assert load(side, "id\n2\n", name).rows == 1
    assert sorted(held(side, "id")) == [("1",), ("2",)]


@pytest.mark.parametrize("keys", [{}, {"csv": {"row_number": True}}])
def test_a_byte_order_mark_that_begins_the_first_cell_is_not_dropped(
    side: worlds.Side, keys: dict[str, object]
) -> None:
    side.map(**keys)
    for number in (1, 2):
        side.deliver(f"a_{number}.csv", f"id,x\n\ufeff{number},a\n\ufeff3,b\n")
    side.deliver("a_3.csv", "id,x\n\ufeff\ufeff4,a")
    side.deliver("a_4.csv", "id,x\n")
    assert {outcome.status for outcome in side.run().values()} == {"loaded"}
    ids = sorted(str(name) for (name,) in held(side, "id"))
    assert ids == ["\ufeff1", "\ufeff2", "\ufeff3", "\ufeff3", "\ufeff\ufeff4"]


def test_a_cell_of_40_mb(side: worlds.Side) -> None:
    side.map(max_record_bytes=64 * MIB)
    size = 40 * MIB
    outcome = load(side, f"id,x\n1,a\n2,{'b' * size}\n3,c")
    assert (outcome.status, outcome.rows) == ("loaded", 3)
    assert sorted(held(side, "id, length(x)")) == [("1", 1), ("2", size), ("3", 1)]
