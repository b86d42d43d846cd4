"""Random cells, written in each form by a few lines: they are what is read, and what the engine is
given in RFC 4180, as Python's ``csv`` module reads it."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.hostile.fields import ENDS, FORMS, quoted, texts
from tests.support.written import Read, read

from airflow_landing_loader.loading.reading.csv import MARK, ReadOptions
from fuzzing.inspected import blocks_of
from fuzzing.targets.writings import run

Cells = list[list[str | None]]
ALIKE = ("", "\\N")
"""To the csv module these are the same in quotes and without."""


@st.composite
def tables(draw: st.DrawFn) -> Cells:
    width = draw(st.integers(1, 3))
    cells = st.one_of(st.none(), texts)
    return draw(st.lists(st.lists(cells, min_size=width, max_size=width), max_size=6))


def engine_reads(found: Read) -> Cells:
    """What the engine is given, read by Python's module."""
    source = found.given()
    options = ReadOptions.of(source.validated)
    with source.open() as view:
        given_bytes = view.read()
    assert len(given_bytes) == source.size
    text = given_bytes.removeprefix(MARK).decode()
    assert source.read() == text.encode()
    parsed = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=options.delimiter,
        quotechar=options.quote,
        doublequote=options.escape == options.quote,
        strict=True,
    )
    width = len(found.columns)
    return [
        [None if cell in ALIKE else cell for cell in row or [""]]
        for row in parsed
        if row or width == 1
    ]


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=max(150, settings().max_examples))
@given(data=st.data(), table=tables(), block=st.integers(1, 40))
def test_cells_come_back(form: str, data: st.DataObject, table: Cells, block: int) -> None:
    field, keys = FORMS[form]
    delimiter = keys.get("delimiter", ",")
    width = len(table[0]) if table else 2
    end = data.draw(ENDS)
    names = [f"c{n}" for n in range(width)]
    lines = [delimiter.join(names)]
    for row in table:
        lines.append(delimiter.join(field(cell, data.draw) for cell in row))
        if form == "trailing":
            lines[-1] += data.draw(st.sampled_from(("", delimiter)))
        if form == "comments":
            lines += data.draw(st.lists(st.sampled_from(("#", '# "', "#a,b")), max_size=2))
    if form == "mixed":
        ends = [data.draw(ENDS) for _ in lines]
        # A CR before an empty line that ends in LF would be half of a CRLF.
        ends = [
            "\n" if not behind else own for own, behind in zip(ends, [*lines[1:], "x"], strict=True)
        ]
        text = "".join(map("".join, zip(lines, ends, strict=True)))
    else:
        text = end.join(lines) + end
    with blocks_of(block):
        found = read(text.encode(), repeated_header="load", **keys)
        expected = [tuple(row) for row in table]
        assert found.cells == expected
        engine = engine_reads(found)
    assert engine == [[None if cell in ALIKE else cell for cell in row] for row in expected]


@given(st.lists(st.lists(texts, min_size=2, max_size=3), min_size=1, max_size=5))
def test_blanks_before_quotes_as_the_csv_module_skips_them(table: list[list[str]]) -> None:
    width = len(table[0])
    table = [(row * 2)[:width] for row in table]
    text = "".join(", ".join(map(quoted, row)) + "\n" for row in [["x", "y", "z"][:width], *table])
    parsed = list(csv.reader(io.StringIO(text, newline=""), skipinitialspace=True, strict=True))
    found = read(text.encode(), blank_around_quotes=True, repeated_header="load")
    assert [list(cells) for cells in found.cells] == parsed[1:] == table


@settings(max_examples=max(400, settings().max_examples))
@given(st.binary(min_size=17, max_size=60), st.integers(0, 11), st.booleans())
def test_inspection_model_and_engine_agree(data: bytes, writing: int, in_tokens: bool) -> None:
    chosen = bytes((data[0] % 3, writing, 0, *data[3:13], 0, 0, in_tokens))
    run(chosen + data[16:])
