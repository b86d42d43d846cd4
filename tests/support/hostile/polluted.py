"""Polluted CSV files, each with the verdict that is right by how it was made.

A generator is given a source of chance and returns a :class:`Case`. What it knows of the right
records comes from its own list of cells, never from a reader.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from airflow_landing_loader.exceptions import ErrorCode as Code
from tests.support.hostile.writing import (
    HEADER,
    PLAIN,
    TAME,
    WORDS,
    Case,
    Row,
    Writer,
    one_bad,
    some_rows,
)

Generator = Callable[[Random], Case]
GENERATORS: dict[str, Generator] = {}


def generator(made: Generator) -> Generator:
    """Make a generator one of those that are run."""
    GENERATORS[made.__name__] = made
    return made


@generator
def as_it_should_be(chance: Random) -> Case:
    rows = some_rows(chance)
    return Case(content=PLAIN.text(rows).encode(), rows=rows)


@generator
def other_delimiters(chance: Random) -> Case:
    rows = some_rows(chance)
    delimiter = chance.choice([";", "|", "\t", "||", "~^~", "§"])
    text = Writer(delimiter=delimiter).text(rows)
    return Case(content=text.encode(), rows=rows, mapping={"csv": {"delimiter": delimiter}})


@generator
def a_delimiter_that_nobody_told(chance: Random) -> Case:
    rows = [(str(i), "x", "y") for i in range(chance.randint(2, 9))]
    text = Writer(delimiter=";").text(rows)
    return Case(content=text.encode(), code=Code.HEADER_NO_KNOWN_COLUMN)


@generator
def other_quotes(chance: Random) -> Case:
    rows = some_rows(chance)
    quote = chance.choice(["'", "`", "|"])
    text = Writer(quote=quote).text(rows)
    return Case(content=text.encode(), rows=rows, mapping={"csv": {"quote": quote}})


@generator
def no_quotes_at_all(chance: Random) -> Case:
    rows = [
        tuple(cell or None for cell in row)
        for row in some_rows(chance, lines=False, words=(*WORDS, '"', 'a"b', '"a', '""'))
    ]
    text = "".join(",".join(cell or "" for cell in row) + "\n" for row in (HEADER, *rows))
    return Case(content=text.encode(), rows=rows, mapping={"csv": {"quote": ""}})


@generator
def escapes(chance: Random) -> Case:
    rows = some_rows(chance, words=(*WORDS, '\\"', '"\\', "\\\\"))
    escape = chance.choice(["\\", "/"])
    text = Writer(escape=escape).text(rows)
    return Case(content=text.encode(), rows=rows, mapping={"csv": {"escape": escape}})


@generator
def escapes_that_nobody_told(chance: Random) -> Case:
    return one_bad(chance, lambda row: f'{row[0]},"a\\"b",y', Code.CSV_STRAY_QUOTE)


@generator
def all_kinds_of_line_ends(chance: Random) -> Case:
    rows = some_rows(chance)
    text = Writer(end=chance.choice(["\n", "\r\n", "\r"])).text(rows)
    return Case(content=text.encode(), rows=rows)


@generator
def no_line_end_at_the_end(chance: Random) -> Case:
    rows = some_rows(chance)
    end = chance.choice(["\n", "\r\n", "\r"])
    text = Writer(end=end).text(rows).removesuffix(end)
    if text.endswith("\x1a"):  # it would end the text, as DOS has it
        return no_line_end_at_the_end(chance)
    return Case(content=text.encode(), rows=rows)


@generator
def mixed_line_ends(chance: Random) -> Case:
    rows = some_rows(chance, lines=False)
    kinds = chance.sample(["\n", "\r\n", "\r"], 2)
    lines = [Writer(end=kinds[0]).line(row) for row in (HEADER, *rows)]
    index = chance.randrange(1, len(lines))
    lines[index] = lines[index].removesuffix(kinds[0]) + kinds[1]
    return Case(content="".join(lines).encode(), code=Code.CSV_MIXED_LINE_ENDS, line=index + 1)


@generator
def blank_lines(chance: Random) -> Case:
    rows = some_rows(chance)
    lines = [PLAIN.line(row) + "\n" * chance.choice([0, 0, 1, 3]) for row in (HEADER, *rows)]
    return Case(content=("\n" * chance.randint(0, 2) + "".join(lines)).encode(), rows=rows)


@generator
def an_extra_separator(chance: Random) -> Case:
    return one_bad(chance, lambda row: f"{row[0]},x,y,", Code.CSV_RAGGED)


@generator
def a_missing_separator(chance: Random) -> Case:
    return one_bad(chance, lambda row: f"{row[0]},x y", Code.CSV_RAGGED)


@generator
def rows_of_different_lengths_set_aside(chance: Random) -> Case:
    rows = some_rows(chance)
    lines = [PLAIN.line(HEADER)]
    rejected = 0
    for row in rows:
        lines.append(PLAIN.line(row))
        if chance.random() < 0.3:
            lines.append(
                chance.choice(["1\n", "1,2\n", "1,2,3,4\n", "1,2,3,4,5,6,7\n", ' ,"\n"\n'])
            )
            rejected += 1
    mapping = {"on_bad_row": "reject", "max_rejected": 0.9}
    return Case(content="".join(lines).encode(), rows=rows, rejected=rejected, mapping=mapping)


@generator
def a_stray_quote(chance: Random) -> Case:
    return one_bad(chance, lambda row: f'{row[0]},5" pipe,y', Code.CSV_STRAY_QUOTE)


@generator
def two_stray_quotes_far_apart(chance: Random) -> Case:
    """The famous one: most readers make one field of all that lies between."""
    rows = [(str(i), "x", "y") for i in range(chance.randint(5, 30))]
    lines = [PLAIN.line(row) for row in (HEADER, *rows)]
    first, last = sorted(chance.sample(range(1, len(lines)), 2))
    lines[first] = f'{first},"5 pipe,y\n'
    lines[last] = f'{last},x,6" pipe\n'
    return Case(content="".join(lines).encode(), code=Code.CSV_STRAY_QUOTE, line=first + 1)


@generator
def a_quote_that_never_closes(chance: Random) -> Case:
    return one_bad(chance, lambda row: f'{row[0]},"x,y', Code.CSV_UNCLOSED_QUOTE)


@generator
def text_beside_quotes(chance: Random) -> Case:
    bad = chance.choice(['"x" ', ' "x"', '"x"y', '"x""', '"x" "y"'])
    code = Code.CSV_UNCLOSED_QUOTE if bad == '"x""' else Code.CSV_STRAY_QUOTE
    return one_bad(chance, lambda row: f"{row[0]},{bad},y", code)


@generator
def a_second_header_row(chance: Random) -> Case:
    """Nothing but a person tells it from a record: the sender is asked."""
    rows = some_rows(chance, lines=False)
    index = chance.randrange(len(rows))
    rows.insert(index, HEADER)
    content = PLAIN.text(rows).encode()
    return Case(content=content, code=Code.CSV_REPEATED_HEADER, line=index + 2)


@generator
def a_second_header_row_that_is_meant(chance: Random) -> Case:
    rows = some_rows(chance)
    rows.insert(chance.randrange(len(rows)), HEADER)
    mapping = {"csv": {"repeated_header": "load"}}
    return Case(content=PLAIN.text(rows).encode(), rows=rows, mapping=mapping)


@generator
def a_second_header_row_that_is_passed_over(chance: Random) -> Case:
    rows = some_rows(chance)
    index = chance.randrange(len(rows))
    content = PLAIN.text([*rows[:index], HEADER, *rows[index:]]).encode()
    return Case(content=content, rows=rows, mapping={"csv": {"repeated_header": "skip"}})


@generator
def two_tables_in_one_file(chance: Random) -> Case:
    rows = some_rows(chance, lines=False)
    text = PLAIN.text(rows) + "\nname,value\nx,1\ny,2\n"
    return Case(content=text.encode(), code=Code.CSV_RAGGED, line=len(rows) + 3)


@generator
def a_preamble(chance: Random) -> Case:
    rows = some_rows(chance)
    preamble = ['Report "of 5" day\n', "\n", "made by, us\n", ",,,,\n"]
    number = chance.randint(1, 4)
    text = "".join(preamble[:number]) + PLAIN.text(rows)
    return Case(content=text.encode(), rows=rows, mapping={"csv": {"skip_rows": number}})


@generator
def a_preamble_that_nobody_told(chance: Random) -> Case:
    rows = some_rows(chance)
    text = "Report of the day\n" + PLAIN.text(rows)
    return Case(content=text.encode(), code=Code.CSV_RAGGED, line=2)


@generator
def a_footer(chance: Random) -> Case:
    rows = some_rows(chance, lines=False)
    footer = chance.choice(["Total: 3\n", "Total,3\n", "-- end --", "\x1a", "(3 rows)\n", " \n"])
    text = PLAIN.text(rows) + footer
    return Case(content=text.encode(), code=Code.CSV_RAGGED, line=len(rows) + 2)


@generator
def a_trailer(chance: Random) -> Case:
    rows = some_rows(chance)
    wrong = chance.choice([0, 0, -1, 1])
    text = PLAIN.text(rows) + f"TRAILER,{len(rows) + wrong}\n"
    mapping = {"trailer": {"row_count_column": 1, "tag": "TRAILER"}}
    if wrong:
        code = Code.COUNT_TOO_MANY if wrong < 0 else Code.COUNT_TOO_FEW
        return Case(content=text.encode(), code=code, mapping=mapping)
    return Case(content=text.encode(), rows=rows, mapping=mapping)


@generator
def a_huge_field(chance: Random) -> Case:
    rows = some_rows(chance)
    size = chance.choice([70_000, 300_000, 1_000_000])
    text = chance.choice(["x", 'a"b', "é\n"])
    cell = (text * (size // len(text.replace('"', '""').encode())))[: size // 3]
    rows[chance.randrange(len(rows))] = ("huge", cell, cell)
    return Case(
        content=PLAIN.text(rows).encode(),
        rows=rows,
        mapping={"max_record_lines": 1_000_000, "max_record_bytes": 4_000_000},
    )


@generator
def a_field_that_is_too_huge(chance: Random) -> Case:
    return one_bad(
        chance,
        lambda row: f"{row[0]},{'x' * 1000},y",
        Code.CSV_RECORD_TOO_LONG,
        mapping={"max_record_bytes": 900},
    )


@generator
def a_nul_byte(chance: Random) -> Case:
    return one_bad(chance, lambda row: f"{row[0]},x\0,y", Code.ENCODING_NUL_BYTE)


@generator
def encodings(chance: Random) -> Case:
    encoding = chance.choice(["utf-16", "utf-16-le", "utf-16-be", "latin-1", "windows-1252"])
    words = WORDS if encoding.startswith("utf-16") else ("x", "Müller", "ÿ", "\xa0", "£", "")
    rows = some_rows(chance, words=words)
    python = {"windows-1252": "cp1252"}.get(encoding, encoding)
    content = PLAIN.text(rows).encode(python)
    return Case(content=content, rows=rows, mapping={"csv": {"encoding": encoding}})


@generator
def another_encoding_than_told(chance: Random) -> Case:
    rows = [(str(i), "x", "y") for i in range(chance.randint(2, 20))]
    lines = [PLAIN.line(row).encode() for row in (HEADER, *rows)]
    index = chance.randrange(1, len(lines))
    bad = chance.choice([b"M\xfcller", b"\xc3", b"\xed\xa0\x80", b"\xc0\xaf", b"\xf5\x80\x80\x80"])
    lines[index] = b"1," + bad + b",y\n"
    return Case(content=b"".join(lines), code=Code.ENCODING_INVALID, line=index + 1)


@generator
def a_byte_order_mark(chance: Random) -> Case:
    rows = some_rows(chance)
    return Case(content=b"\xef\xbb\xbf" + PLAIN.text(rows).encode(), rows=rows)


@generator
def a_byte_order_mark_in_the_middle(chance: Random) -> Case:
    """Two files put together: the second header begins with the mark."""
    rows = some_rows(chance, lines=False)
    more = [("\ufeffid", "a", "b"), *some_rows(chance)]
    content = PLAIN.text(rows).encode() + b"".join(PLAIN.line(row).encode() for row in more)
    return Case(content=content, code=Code.CSV_REPEATED_HEADER, line=len(rows) + 2)


@generator
def a_byte_order_mark_of_another_encoding(chance: Random) -> Case:
    rows = some_rows(chance, words=TAME)
    return Case(content=PLAIN.text(rows).encode("utf-16"), code=Code.ENCODING_INVALID, line=1)


@generator
def null_values(chance: Random) -> Case:
    rows = some_rows(chance, words=("NULL", "-", "x", ""))
    text = PLAIN.line(HEADER)
    wanted: list[Row] = []
    for row in rows:
        always = chance.random() < 0.5
        text += ",".join(PLAIN.cell(cell, always=always) for cell in row) + "\n"
        wanted.append(row if always else tuple(None if c in ("NULL", "-") else c for c in row))
    return Case(content=text.encode(), rows=wanted, mapping={"csv": {"null_values": ["NULL", "-"]}})


@generator
def control_totals(chance: Random) -> Case:
    """The sum is given by whole hundredths, which nothing of binary fractions knows."""
    hundredths = [chance.randint(-(10**12), 10**12) for _ in range(chance.randint(1, 30))]
    written = [_of_hundredths(number) for number in hundredths]
    rows: list[Row] = [(str(i), cell, chance.choice(TAME)) for i, cell in enumerate(written)]
    wrong = chance.choice((0, 0, 1, -1, 100))
    total = _of_hundredths(sum(hundredths) + wrong)
    content = PLAIN.text(rows) + f"TRAILER,{len(rows)},{total}\n"
    trailer = {"row_count_column": 1, "tag": "TRAILER", "totals": {"a": 2}}
    if wrong:
        return Case(content=content.encode(), code=Code.TOTALS_DIFFER, mapping={"trailer": trailer})
    return Case(content=content.encode(), rows=rows, mapping={"trailer": trailer})


def _of_hundredths(number: int) -> str:
    return f"{'-' if number < 0 else ''}{abs(number) // 100}.{abs(number) % 100:02d}"


@generator
def a_cell_that_is_no_number(chance: Random) -> Case:
    rows = [(str(i), str(chance.randint(0, 999)), "x") for i in range(chance.randint(2, 20))]
    index = chance.randrange(len(rows))
    bad = chance.choice(("1e5", "0x1", "NaN", "1 000", "1.2.3", "--1", "\u0661", "5-", "(5)"))
    rows[index] = (rows[index][0], bad, "x")
    content = PLAIN.text(rows) + f"TRAILER,{len(rows)},0\n"
    trailer = {"row_count_column": 1, "tag": "TRAILER", "totals": {"a": {"max_at": 2}}}
    return Case(
        content=content.encode(),
        code=Code.TOTALS_NOT_A_NUMBER,
        line=index + 2,
        mapping={"trailer": trailer},
    )
