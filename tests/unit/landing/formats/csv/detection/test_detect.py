"""What is detected, what is refused, and in which words."""

from __future__ import annotations

import gzip
import re
from pathlib import Path
from typing import Any

import pytest
from tests.support.hostile.detecting import Held, inspected

from airflow_landing_loader.config.mapping.model import CsvDialect, TableMapping
from airflow_landing_loader.config.mapping.reader import read_mappings
from airflow_landing_loader.exceptions import TerminalError
from airflow_landing_loader.landing.formats.csv.cells import read_records
from airflow_landing_loader.landing.formats.csv.detection.detect import with_dialect
from airflow_landing_loader.landing.formats.csv.dialect_text import as_written, in_words


def detected(text: str, name: str = "a_1.csv", **keys: Any) -> str:
    mapping, _ = inspected(Held(name, text.encode()), **({"csv": "auto"} | keys))
    return in_words(mapping.csv)


def refused(content: str | bytes, name: str = "a_1.csv", **keys: Any) -> TerminalError:
    data = content.encode() if isinstance(content, str) else content
    with pytest.raises(TerminalError) as error:
        inspected(Held(name, data), **({"csv": "auto"} | keys))
    return error.value


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("id,name\n1,Ann\n", "delimiter ',', quote '\"'"),
        ("id;amount\n1;2,5\n2;3,5\n", "delimiter ';', quote '\"'"),
        ("id\tt\n1\t12:30\n", "delimiter tab, quote '\"'"),
        ("id||a\n1||x\n", "delimiter '||', quote '\"'"),
        ("id\n1\n2\n", "delimiter ',', quote '\"'"),
        ('id,a\n1,"x\ny"\n', "delimiter ',', quote '\"'"),
        ('id,a\n1,"say ""x"", or"\n', "delimiter ',', quote '\"'"),
        ('id,a\n1,"say \\"x\\", or"\n', "delimiter ',', quote '\"', escape '\\\\'"),
        ("id,a\n1,'x,y'\n", "delimiter ',', quote \"'\""),
        ('id,a\n1,5" pipe\n2,x\n', "delimiter ',', no quotes"),
        (
            "Positions\n\nid,n\n1,2\n3,4\n5,6\n",
            "delimiter ',', quote '\"', 2 lines before the header",
        ),
        (
            "Account;1\nOwner;Ann\nid;n;m;k\n1;2;x;y\n2;3;x;y\n3;4;x;y\n",
            "delimiter ';', quote '\"', 2 lines before the header",
        ),
    ],
)  # fmt: skip
def test_what_is_detected(text: str, words: str) -> None:
    assert detected(text) == words
    assert detected(text.replace("\n", "\r\n")) == words


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("id;a,b\n1;2,5\n2;3,5\n", "csv.ambiguous_dialect", 1),  # two delimiters
        ("id,a\n1,'x'\n2,'y'\n", "csv.ambiguous_dialect", 2),  # are these quotes?
        ('id,a\n1,"a\\\\b"\n', "csv.ambiguous_dialect", 2),  # is this an escape?
        ("name,city\nAnn,Rome\nBob,Bern\n", "csv.ambiguous_dialect", 1),  # names, or data?
        ("1,Ann\n2,Bob\n", "csv.ambiguous_dialect", 1),  # data without a header
        ("id,name\n", "csv.ambiguous_dialect", 1),  # nothing to tell the header from
        ("id\nAnn,1\nBob,2\nLi,3\n", "csv.no_dialect", 2),  # a header that lacks a name, or text?
        ("id,a\n1,x\n2,y,z\n", "csv.no_dialect", 3),  # ragged
        ('id,a\n1,5" pipe\n2,"x"\n', "csv.no_dialect", 3),  # neither quotes nor text
        ('id,a\n1,"x\n2,y\n', "csv.no_dialect", 2),  # not closed
        ("a word\n1\n2\n", "csv.no_dialect", 1),  # which delimiter?
        ("id,id\n1,2\n", "csv.no_dialect", 1),
        ("id,a\n1,x\x00\n", "encoding.nul_byte", 2),
        ("", "file.empty", None),
        ("\n\n", "file.empty", None),
    ],
)
def test_what_is_refused(text: str, code: str, line: int | None) -> None:
    error = refused(text)
    assert (error.code, error.detail.line) == (code, line)
    assert error.detail.hint


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        # One record more in one column says less than a table.
        ("id;a;b\n1;2;3\n2;3\n", "delimiter ';', quote '\"': 3 columns"),
        # Six columns more count for more than one record more.
        (
            "a;b;c;d;e;f;g;h,x\n" + "1;2;3;4;5;6;7;8,y\n" * 3 + "1;2;3;4,y\n1,2,3\n",
            "delimiter ';', quote '\"': 8 columns",
        ),
        # A title of a few lines is not the table.
        ("made by x\n\nid|n|m\n1|2|3\n2|3\n3|4|5\n", "delimiter '|', quote '\"'"),
    ],
)
def test_the_nearest_dialect_is_the_one_that_makes_a_table_of_most(text: str, nearest: str) -> None:
    error = refused(text)
    assert error.code == "csv.no_dialect"
    assert f"The nearest is {nearest}" in error.detail.message


def test_a_first_line_that_names_the_delimiter_is_skipped_and_gives_it() -> None:
    for text in ("SEP=;\nid;amt\n1;2,5\n2;3,5\n", "\ufeffsep=;\r\nid;amt\r\n1;2,5\r\n"):
        assert detected(text) == "delimiter ';', quote '\"', 1 line before the header"
    assert "delimiter tab" in detected("sep=\t\nid\tamt\n1\t2;5\n")


def test_a_line_that_names_another_delimiter_is_called_by_its_name() -> None:
    error = refused("SEP=;\nid,amt\n1,2\n2,3\n")
    assert (error.code, error.detail.line) == ("csv.no_dialect", 1)
    assert "skip_rows: 1" in (error.detail.hint or "")


def test_keys_beside_auto_are_taken_as_they_are() -> None:
    writing = {"trailing_delimiter": "ignore", "blank_around_quotes": True, "comments": "#"}
    text = '# "x\n"id" ;amt;\n1; "2,5";\n2;3\n'
    csv = {"auto": True, "header": True, **writing}
    assert "delimiter ';'" in detected(text, csv=csv)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("A|B|C|\n1|2|3|\n4|5|6|\n", {"trailing_delimiter": "ignore"}),
        ('id, name, n\n1, "Smith, Jane", 5\n2, "Doe", 6\n', {"blank_around_quotes": True}),
    ],
)
def test_what_is_not_detected_is_named_and_cured_by_a_key(text: str, key: dict[str, Any]) -> None:
    assert f"csv.{next(iter(key))}" in (refused(text).detail.hint or "")
    assert "quote" in detected(text, csv={"auto": True, **key})


def test_a_header_without_a_name_leads_to_rename() -> None:
    message = refused("id,,b\n1,2,3\n").detail.message
    assert "csv.rename" in message
    assert "0 records" not in message


@pytest.mark.parametrize("again", ["refuse", "skip"])
def test_a_header_that_stands_again_is_no_data_that_hides_it(again: str) -> None:
    csv = {"auto": True, "repeated_header": again}
    text = "id;v\n1;2\nid;v\n2;3\n"
    if again == "skip":
        assert detected(text, csv=csv) == "delimiter ';', quote '\"'"
    else:
        assert refused(text, csv=csv).code == "csv.repeated_header"


def test_a_name_that_the_mapping_gives_is_a_name_in_the_header() -> None:
    csv = {"auto": True, "rename": {"": "filler"}}
    assert detected("id;v;\n1;2;\n", csv=csv) == "delimiter ';', quote '\"'"


def test_a_refusal_names_both_readings_and_what_to_write_and_no_cell() -> None:
    detail = refused("id;secret,b\n1;2,5\n2;3,5\n").detail
    assert "delimiter ',', quote '\"' (2 columns; records begin at lines 1, 2, 3)" in detail.message
    assert "delimiter ';', quote '\"' (2 columns; records begin at lines 1, 2, 3)" in detail.message
    assert "secret" not in detail.text()
    assert detail.hint is not None
    assert 'csv: {delimiter: ","}, or csv: {delimiter: ";"}' in detail.hint


def test_what_a_hint_says_to_write_can_be_written(tmp_path: Path) -> None:
    csv = CsvDialect(delimiter="\x1f", quote="'", escape="\\", skip_rows=2, null_values=('"', "é"))
    written = as_written(csv)
    (tmp_path / "a.yaml").write_text(f"a_*.csv:\n  table: raw_a\n  {written}\n")
    found = read_mappings(tmp_path)
    assert not found.errors
    assert found.mappings[0].csv == csv
    assert as_written(CsvDialect()) == 'csv: {delimiter: ","}'


class TestKeysBesideAuto:
    def test_a_written_key_is_not_detected(self) -> None:
        both = "id;a,b\n1;2,5\n2;3,5\n"
        assert detected(both, csv={"auto": True, "delimiter": ";"}) == "delimiter ';', quote '\"'"
        plain = "id,a\n1,'x'\n"
        assert detected(plain, csv={"auto": True, "quote": '"'}) == "delimiter ',', quote '\"'"
        assert detected(plain, csv={"auto": True, "quote": "'"}) == "delimiter ',', quote \"'\""
        assert refused("x\nid,n\n1,2\n1,2\n1,2\n", csv={"auto": True, "skip_rows": 0})

    def test_a_delimiter_of_skipped_lines_is_none_of_the_table(self) -> None:
        text = 'HDR|2|\nid,n,a\n1,"l,r",2\n2,"x",3\n'
        csv = {"auto": True, "skip_rows": 1}
        assert detected(text, csv=csv) == "delimiter ',', quote '\"', 1 line before the header"

    def test_a_header_that_is_promised_needs_no_sign(self) -> None:
        for text in ("name;city\nAnn;Rome\n", "id;2024\n", "name;city\n"):
            words = detected(text, csv={"auto": True, "header": True})
            assert words == "delimiter ';', quote '\"'"

    def test_without_a_header_the_columns_are_named(self) -> None:
        csv = {"auto": True, "header": False, "columns": ["id", "name"]}
        assert detected("1;Ann\n2;Bob\n", csv=csv) == "delimiter ';', quote '\"', no header"
        assert refused("1;Ann;x\n", csv=csv).code == "csv.no_dialect"

    def test_encoding_and_null_values_are_kept(self) -> None:
        csv = {"auto": True, "encoding": "utf-16", "null_values": ["NA"]}
        data = "id;a\n1;NA\n2;é\n".encode("utf-16")
        source = Held("a_1.csv", data)
        mapping, inspection = inspected(source, csv=csv)
        cells = [record.cells for record in read_records(source, mapping, inspection)]
        assert cells == [("1", None), ("2", "é")]
        assert refused(data).code == "encoding.invalid"


def test_a_trailer_does_not_disturb() -> None:
    trailer = {"row_count_column": 1, "tag": "END"}
    text = "id;a;b\n1;x;y\n2;x;y\nEND;2\n"
    assert detected(text, trailer=trailer) == "delimiter ';', quote '\"'"
    assert refused(text).detail.line == 4


def test_what_is_no_text_and_what_is_cut_is_refused_as_always() -> None:
    assert refused(b"PK\x03\x04\x14\x00\x06\x00").code == "file.binary"
    assert (
        refused(gzip.compress(b"id,a\n1,x,y\n" * 99)[:-9], "a_1.csv.gz").code == "compression.cut"
    )
    assert refused(b"id,a\n1,\xff\n").detail.column == 3


def test_behind_the_head_no_quote_stands_at_the_edge_of_a_bare_field() -> None:
    lines = "".join(f'{n},5" pipe\n' for n in range(30_000))
    assert detected(f"id,note\n{lines}") == "delimiter ',', no quotes"
    later = refused(f"id,note\n{lines}1,'x'\n")  # by now these might be quotes
    assert (later.code, later.detail.record) == ("csv.ambiguous_dialect", 30_001)
    error = refused(f'id,note\n{lines}1,"x"\n')
    assert (error.code, error.detail.record) == ("csv.no_dialect", 30_001)


def test_a_mapping_without_auto_is_not_touched() -> None:
    source = Held("a_1.csv", b"id;a\n1;x\n")
    keys: dict[str, Any] = {"pattern": "a_*", "table": "raw_a", "csv": {"delimiter": ";"}}
    written = TableMapping.model_validate(keys)
    assert with_dialect(source, written) is written


def test_examples_in_the_docs() -> None:
    docs = Path(__file__).parents[6] / "docs" / "csv.md"
    page = docs.read_text("utf-8").partition("## Detected dialects")[2]
    examples = re.findall(r"^\| `(.*⏎.*)` \| (.*) \|$", page, re.MULTILINE)
    assert len(examples) == 7
    for example, words in examples:
        text = example.replace("⏎", "\n")
        if words.startswith("refused"):
            assert refused(text).code == "csv.ambiguous_dialect", example
        else:
            key, _, value = words.replace("`", "").partition(" ")
            mapping, _ = inspected(Held("a_1.csv", text.encode()), csv="auto")
            assert getattr(mapping.csv, key) == value, example
