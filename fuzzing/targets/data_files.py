"""Inputs that are a data file and the mapping it belongs to."""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.landing.model import Delivery, Validated
from fuzzing.choices import Choices
from fuzzing.engine import Reading, check_engine
from fuzzing.inspected import blocks_of, check_inspection
from fuzzing.memory import MemoryZone
from fuzzing.model.ends import UnsureError
from fuzzing.packing import PACKED

TOKENS = (
    *(b"%c" % byte for byte in b'a,"\n\r b\\;|/\'\t\0=1'),
    b"\r\n", b'""', b'","', b'"\n"', b'"\r\n"', b'\\"', b"\\\\", b"a,a", b";;", b"||",
    "§".encode(), "é".encode(), "\U0001f600".encode(), b"\xff", b"\xc3", codecs.BOM_UTF8,
    codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, b"NULL", b"TRL", b"12", b"0", b"\x85",
    "\u2028".encode(), b"a,b\n", b"1,2\n", b",\n", b'"a","b"\n', b"TRL,1\n", b"TRL,2\n",
    b"\x1a", "表".encode("shift_jis"), "\u0413".encode("gbk"), b"\x81", b"\x15", b"\x25",
)  # fmt: skip
"""Pieces of text that mean something to the grammar or to a reader of it."""

DIALECTS: tuple[dict[str, Any], ...] = (
    {},
    {"escape": "\\"},
    {"quote": ""},
    {"delimiter": ";;"},
    {"delimiter": "a,a", "escape": "\\"},
    {"delimiter": "§"},
    {"delimiter": "\t", "quote": "'"},
    {"delimiter": "|", "escape": "/"},
    {"delimiter": " "},
)
_TOGETHER: dict[str, Any] = {
    "blank_around_quotes": True,
    "comments": "#",
    "mixed_line_ends": True,
    "trailing_delimiter": "ignore",
}
WRITINGS: tuple[dict[str, Any], ...] = (
    {},
    {"trailing_delimiter": "ignore"},
    {"blank_around_quotes": True},
    {"excel_formulas": True},
    {"comments": "#"},
    {"mixed_line_ends": True},
    {"escape_sequences": "mysql"},
    {"escape_sequences": "postgres"},
    {"escape_sequences": "spark"},
    {"excel_formulas": True, **_TOGETHER},
    {"escape_sequences": "mysql", **_TOGETHER, "comments": "a"},
    {"escape_sequences": "spark", **_TOGETHER, "comments": "--"},
)
"""What senders write besides RFC 4180, one by one and together."""


def written(csv: dict[str, Any], writing: dict[str, Any]) -> dict[str, Any]:
    """A dialect together with a writing, without what contradicts that."""
    csv, writing = dict(csv), dict(writing)
    if "escape_sequences" in writing or "excel_formulas" in writing:
        csv.pop("escape", None)
    if "excel_formulas" in writing:
        csv.pop("quote", None)
    if writing.get("escape_sequences") == "postgres":
        csv["quote"] = ""
    if csv.get("quote") == "":
        writing.pop("blank_around_quotes", None)
        if writing.get("escape_sequences") == "spark":
            writing.pop("escape_sequences")
    if csv.get("delimiter", ",")[:1] == writing.get("comments"):
        writing["comments"] = "#"
    return csv | writing


_ENCODINGS = (
    "utf-8", "utf-16", "utf-16-le", "utf-16-be", "latin-1", "windows-1252", "iso-8859-15",
    "utf-32", "utf-32-be", "ascii", "windows-1250", "shift_jis", "gbk", "gb18030", "big5",
    "euc-kr", "cp037", "cp437", "mac-roman",
)  # fmt: skip
_COLUMNS = (None, None, ["a"], ["a", "b"], ["a", "b", "c"])
_MAX_BYTES = (1_000_000, 3, 7, 20, 100)
_MAX_LINES = (1000, 1, 2, 3)
_BLOCKS = (64, 1, 2, 3, 5, 16, 262_144)
_ENDINGS = ("", "", "", *PACKED)
_LINE_LIMITS = (2 * 1024 * 1024, 16, 64, 256)


@dataclass(frozen=True, kw_only=True)
class DataFile:
    """One data file.

    :param name: its name, by which it is compressed or not.
    :param content: what it holds, not compressed.
    :param delivered: the same as delivered.
    :param block: bytes that the inspection reads at a time.
    :param line_limit: bytes of a line that the engine expects.
    :param together: whether it is read together with others.
    """

    name: str
    content: bytes
    delivered: bytes
    mapping: TableMapping
    block: int
    line_limit: int
    together: bool

    def check(self) -> None:
        """Inspect it and, if it is good, read it.

        :raises AssertionError: a promise is broken.
        """
        zone = MemoryZone({self.name: self.delivered})
        data = zone.file(self.name)
        with blocks_of(self.block), suppress(UnsureError):
            found, judged = check_inspection(zone.source(data), self.content, self.mapping)
            if found is None:
                return
            delivery = Delivery(mapping=self.mapping, data=data)
            validated = Validated(delivery=delivery, inspection=found)
            reading = Reading(line_limit=self.line_limit, together=self.together)
            check_engine(validated, zone, judged, reading)


def data_file(
    choices: Choices,
    *,
    names: dict[str, Any] | None = None,
    writings: Sequence[dict[str, Any]] = (),
    ends: Sequence[dict[str, Any]] = (),
    tokens: Sequence[bytes] = TOKENS,
    **rules: Any,
) -> DataFile:
    """Make a file and its mapping of an input.

    :param names: what the mapping says of columns, in place of what is chosen here.
    :param writings: what may be written besides RFC 4180.
    :param ends: what may be said of lines above and below the data; such files are in UTF-8.
    :param tokens: pieces of text.
    :param rules: further keys of the mapping.
    """
    csv = dict(choices.pick(DIALECTS))
    writing = choices.pick(writings) if writings else {}
    encoding = choices.pick(_ENCODINGS)
    columns = choices.pick(_COLUMNS)
    if names is not None:
        csv |= names
    elif columns:
        csv |= {"header": False, "columns": columns}
    csv = written(csv, writing)
    csv |= {"encoding": encoding, "skip_rows": choices.pick((0, 0, 1, 3))}
    csv |= {
        "null_values": choices.pick(((), ("NULL", "a"))),
        "row_number": choices.pick((0, 1)) == 1,
    }
    said = choices.pick(ends) if ends else {}
    if said:
        encoding = "utf-8"
        csv |= {"encoding": encoding, **said.get("csv", {})}
        csv["skip_rows"] = 0 if "data_start" in csv else csv["skip_rows"]
        rules |= {key: value for key, value in said.items() if key != "csv"}
        rules["max_record_bytes"] = _MAX_BYTES[0]
    mapping = TableMapping.model_validate(
        {
            "pattern": "a_*",
            "table": "t",
            "csv": csv,
            "on_bad_row": choices.pick(("fail", "reject")),
            "max_rejected": 0.99,
            "max_record_bytes": choices.pick(_MAX_BYTES),
            "max_record_lines": choices.pick(_MAX_LINES),
            **rules,
        }
    )
    block, line_limit = choices.pick(_BLOCKS), choices.pick(_LINE_LIMITS)
    together, ending = choices.pick((False, True)), choices.pick(_ENDINGS)
    encoded = choices.pick((False, True))
    content = choices.text(tokens)
    if encoded or said:
        content = content.decode(errors="ignore").encode(encoding, errors="ignore")
    return DataFile(
        name=f"a_1.csv{ending}",
        content=content,
        delivered=PACKED[ending](content),
        mapping=mapping,
        block=block,
        line_limit=line_limit,
        together=together,
    )
