"""Tables fit where they are shown: nothing cut, nothing broken within a word, nothing lost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from airflow_landing_loader.cli.grid import Grid, laid_out, wrapped

LONG = "a_rather_long_feed_name_of_a_counterparty_20240115_region_EMEA.csv"


def lines(grid: Grid, width: int | None) -> list[str]:
    return [
        "".join(" " * cell.before + cell.text for cell in line)
        for line in laid_out(grid, width, lambda text: text)
    ]


def grid_of(*rows: tuple[str, ...]) -> Grid:
    return Grid(title="t", headers=("outcome", "file", "rows", "why"), rows=rows, right=("rows",))


def test_what_fits_stands_in_columns() -> None:
    found = lines(grid_of(("loaded", "a.csv", "2,000", ""), ("failed", "b.csv", "0", "bad")), 40)
    assert found == [
        "  outcome  file    rows  why",
        "  loaded   a.csv  2,000",
        "  failed   b.csv      0  bad",
    ]


def test_one_long_name_and_one_long_reason_stand_below_their_rows() -> None:
    rows = [("loaded", f"{n}.csv", "1", "") for n in range(5)]
    found = lines(grid_of(*rows, ("failed", LONG, "0", "a reason " * 12)), 80)
    assert found[:2] == ["  outcome  file   rows", "  loaded   0.csv     1"]
    assert found[6] == "  failed             0"
    assert found[7] == f"      {LONG}"
    assert " ".join(line.strip() for line in found[8:]) == ("a reason " * 12).strip()
    assert max(map(len, found)) <= 80


def test_a_name_that_has_no_room_at_all_stands_below() -> None:
    found = lines(grid_of(("2026-11-28 18:02:53", LONG, "1", "")), 80)
    assert found[1:] == ["  2026-11-28 18:02:53     1", f"      {LONG}"]


def test_only_as_much_gives_way_as_must() -> None:
    headers = ("state", "file", "table", "bytes", "go or data file", "why")
    plain = [
        ("ready", f"trades_2024011{n}.csv", "raw_trades", "15", f"trades_2024011{n}.go", "")
        for n in range(6)
    ]
    table = "a_table_of_a_rather_long_name_as_well"
    grid = Grid(
        title="t",
        headers=headers,
        rows=(*plain, ("unmatched", LONG, table, "4", "", "no pattern matches it, none at all")),
    )
    found = lines(grid, 80)
    assert found[1].split() == [cell for cell in plain[0] if cell]
    assert found[7].split() == ["unmatched", "4"]
    assert [line.strip() for line in found[8:]] == [LONG, table, grid.rows[-1][5]]
    assert max(map(len, found)) <= 80


def test_a_pipe_has_all_the_room() -> None:
    assert len(lines(grid_of(("failed", LONG * 9, "0", "reason " * 99)), None)) == 2


def test_only_what_has_no_blank_is_longer_than_the_terminal() -> None:
    assert wrapped("Hint: to be or not", 9, hang=2) == ["Hint: to", "  be or", "  not"]
    assert wrapped(f"x {LONG} y", 20) == ["x", LONG, "y"]
    assert wrapped("  indented", 80) == ["  indented"]


_CELL = st.text("ab ", max_size=90).map(lambda text: " ".join(text.split()))


@given(
    rows=st.lists(st.tuples(_CELL, _CELL, _CELL, _CELL), min_size=1, max_size=6),
    width=st.integers(20, 130),
)
def test_every_word_is_shown_once_and_whole(rows: list[tuple[str, ...]], width: int) -> None:
    grid = grid_of(*rows)
    body = [word for line in lines(grid, width)[1:] for word in line.split()]
    longest = max([len(word) for word in body] + [len(h) for h in grid.headers])
    assert all(len(line) <= max(width, longest + 6) for line in lines(grid, width)[1:])
    assert sorted(body) == sorted(word for row in rows for cell in row for word in cell.split())
