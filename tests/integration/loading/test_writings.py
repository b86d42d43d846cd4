"""What senders write besides RFC 4180, from landing into tables; `verify` proves each file."""

from __future__ import annotations

from typing import Any


def test_a_dump_and_an_export_beside_a_plain_file(world: Any) -> None:
    csv = {"delimiter": "\t", "quote": "", "escape_sequences": "postgres", "comments": "--"}
    world.map("a_*", csv=csv)
    world.deliver("a_1.csv", b"id\tnote\n-- dump\n1\t\\N\n2\t\n3\tx\\ny\\\\\n")
    outcomes = world.run()  # holds rows against files by `verify`, too
    assert {o.status for o in outcomes.values()} == {"loaded"}
    assert world.rows(columns="id, note") == [("1", None), ("2", ""), ("3", "x\ny\\")]


def test_a_large_file_is_read_in_several_buffers(world: Any) -> None:
    world.map("a_*", csv={"trailing_delimiter": "ignore", "comments": "#", "row_number": True})
    lines = "".join(f'{n},"text {n}",\n' + "# 7,7\n" * (n % 9 == 0) for n in range(1_200_000))
    world.deliver("a_1.csv", f"id,note,\n{lines}")
    assert world.run()["a_1.csv"].rows == 1_200_000
    rows = world.rows(columns="id, note, _row_number")
    assert max(rows, key=lambda row: row[2]) == ("1199999", "text 1199999", 1_200_000)


def test_a_value_that_does_not_fit_is_told_with_the_line_of_the_sender(world: Any) -> None:
    world.sql("CREATE TABLE raw_a (id INTEGER, a VARCHAR, _load_id VARCHAR, _extra VARCHAR)")
    keys = {"comments": "#", "excel_formulas": True, "blank_around_quotes": True}
    content = 'id,a\n# x\n="2",x\n# y\n "z" ,y\n'
    error = world.refused(content, csv=keys)
    assert (error.code, error.line, error.record) == ("load.bad_value", 5, 2)
