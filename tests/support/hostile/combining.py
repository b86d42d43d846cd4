"""Files whose mapping says many things at once, as their senders mean them."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.exceptions import LandingError
from airflow_landing_loader.landing.model import Delivery, Validated
from airflow_landing_loader.pipeline.validation import validate
from fuzzing.memory import MemoryZone
from fuzzing.packing import PACKED
from tests.support.hostile.fields import FORMS, Draw, texts

HOSTILE = (
    "0", "1", "2", "T", "T1", "T 2", "END", "ENDS", "", "TRL", "#", "# END", "x,1", "y\nEND",
    'z"', "--", "\\", "\\.", "H1", " ", "c0",
)  # fmt: skip
"""Cells that are like lines above and below, or the beginnings of such lines."""

_REMARKS = ("#", '# "', "#a,b", "#\\", "")
_BELOW = ("", "x", '"', "# c", "a,b,c", "\\", "y\tz")
_NEAR = (*_BELOW, "END", "ENDS", "T1", "0", "TRL,1", "c0", "c0,c1")
_LINE_END = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True)
class Meant:
    """A file as its sender means it.

    :param text: the whole of it.
    :param records: the cells of each, ragged ones too.
    :param lines: physical line of each.
    :param body_end: where the last record ends in ``text``, before its line end.
    :param tame: no cell, and no line, is like one that the mapping speaks of.
    :param behind: lines of records that stand at or below one that ``data_end.match`` describes by
        chance: by the mapping they are none.
    """

    text: str
    mapping: TableMapping
    records: tuple[tuple[str | None, ...], ...]
    lines: tuple[int, ...]
    body_end: int
    tame: bool
    behind: tuple[str, ...] = ()

    def _repr_pretty_(self, printer: Any, _: bool) -> None:
        """What a failing test prints: the mapping as it is written."""
        keys = self.mapping.model_dump(mode="json", exclude_defaults=True)
        printer.text(f"{self.text!r}\n{keys}\n{self.records} {self.lines} tame: {self.tame}")

    @property
    def ending(self) -> str:
        """How its name ends."""
        return self.mapping.pattern.partition("*")[2].removeprefix(".csv")

    @property
    def columns(self) -> int:
        """Of the table."""
        return len(self.mapping.csv.columns or ())

    def delivered(self, text: str) -> MemoryZone:
        """The file, or what was left of it before it was encoded and packed, and its go file."""
        files = {self.name: self._packed(text)}
        go = self.mapping.go_file
        if go is not None and go.format == "checksum":
            files["a_1.go"] = hashlib.sha256(self._packed(self.text)).hexdigest().encode()
        elif go is not None:
            files["a_1.go"] = f"rows={len(self.records) + len(self.behind)}".encode()
        return MemoryZone(files)

    @property
    def name(self) -> str:
        """Of the data file."""
        return f"a_1.csv{self.ending}"

    def look(self, text: str) -> Validated | LandingError:
        """What is found in the file, or why it is refused."""
        zone = self.delivered(text)
        go = zone.file("a_1.go") if self.mapping.go_file else None
        delivery = Delivery(mapping=self.mapping, data=zone.file(self.name), go=go)
        try:
            return validate(zone, delivery, now=1e12)
        except LandingError as error:
            return error

    @property
    def proof(self) -> bool:
        """Whether something tells the whole file from one that was cut."""
        mapping = self.mapping
        below = mapping.csv.data_end is not None or mapping.csv.footer_rows > 0
        return below or any((mapping.trailer, mapping.header_record, mapping.go_file))

    def _packed(self, text: str) -> bytes:
        return PACKED[self.ending](text.encode(self.mapping.csv.encoding))


@dataclass
class _Draft:
    """A file while it is written: lines without their ends, some of them records."""

    columns: int
    header: bool
    delimiter: str
    csv: dict[str, Any]
    rules: dict[str, Any]
    lines: list[str] = field(default_factory=list)
    records: list[tuple[int, tuple[str | None, ...]]] = field(default_factory=list)


@st.composite
def meant(draw: st.DrawFn) -> Meant:
    """A file, and a mapping that says it with many keys."""
    tame, columns, header = draw(st.booleans()), draw(st.integers(1, 3)), draw(st.booleans())
    write, keys = FORMS[draw(st.sampled_from([*FORMS]))]
    csv = {**_writing(draw, keys), "columns": [f"c{number}" for number in range(columns)]}
    csv["header"] = header
    draft = _Draft(columns, header, keys.get("delimiter", ","), csv, {"max_rejected": 0.99})
    count = draw(st.integers(0, 4))
    if draw(st.booleans()):
        draft.rules["on_bad_row"], csv["repeated_header"] = "reject", "load"
    _above(draft, draw, count)
    for _ in range(count):
        _record(draft, draw, write, tame=tame)
        draft.lines += _remarks(draft, draw)
    _below(draft, draw, count, tame=tame)
    return _finished(draft, draw, tame=tame)


def _writing(draw: Draw, keys: dict[str, Any]) -> dict[str, Any]:
    csv = dict(keys)
    for key, value in (
        ("trailing_delimiter", "ignore"),
        ("comments", "#"),
        ("mixed_line_ends", True),
        ("blank_around_quotes", True),
    ):
        if (key != "blank_around_quotes" or keys.get("quote") != "") and draw(st.booleans()):
            csv[key] = value
    return csv


def _above(draft: _Draft, draw: Draw, count: int) -> None:
    csv, lines = draft.csv, draft.lines
    if draw(st.booleans()):
        lines.append(f"H{count}")
        draft.rules["header_record"] = {"match": r"^H(?P<count>\d+)$"}
    how = draw(st.sampled_from(("", "data_start", "skip_rows")))
    if how == "data_start":
        lines += [*draw(st.lists(st.sampled_from(_BELOW), max_size=2)), "GO"]
        csv["data_start"] = "GO"
    elif how == "skip_rows":
        lines += draw(st.lists(st.sampled_from(_BELOW), min_size=1, max_size=2))
        csv["skip_rows"] = len(lines)
    dashes = draw(st.booleans())
    if dashes:
        csv["skip_lines"] = {"match": "^--"}
        lines += draw(st.lists(st.sampled_from(_between(draft)), max_size=2))
    if draft.header:
        lines += _remarks(draft, draw)
        lines.append(_trailing(draft, draw, draft.delimiter.join(csv["columns"])))
        if dashes:
            lines += draw(st.lists(st.sampled_from(_between(draft)), max_size=2))
    lines += _remarks(draft, draw)


def _between(draft: _Draft) -> tuple[str, ...]:
    remark = ("# c",) if "comments" in draft.csv else ()
    return ("--", *remark, *(("",) if draft.columns > 1 else ()))


def _remarks(draft: _Draft, draw: Draw) -> list[str]:
    """Lines that are no records."""
    possible = [line for line in _REMARKS if line and "comments" in draft.csv]
    possible += [""] if draft.columns > 1 else []
    return draw(st.lists(st.sampled_from(possible), max_size=1)) if possible else []


def _trailing(draft: _Draft, draw: Draw, line: str) -> str:
    ignored = "trailing_delimiter" in draft.csv
    return line + (draft.delimiter if ignored and draw(st.booleans()) else "")


def _record(draft: _Draft, draw: Draw, write: Any, *, tame: bool) -> None:
    cell = st.one_of(st.none(), texts, *(() if tame else (st.sampled_from(HOSTILE),)))
    cells = draw(st.lists(cell, min_size=draft.columns, max_size=draft.columns))
    if "skip_lines" in draft.csv:  # records may not be as the lines that are left out above them
        cells = [None if cell == "--" else cell for cell in cells]
    fields = [write(cell, draw) for cell in cells]
    if draft.csv.get("blank_around_quotes"):
        fields = [draw(st.sampled_from(("", " "))) + f if f.endswith('"') else f for f in fields]
    if draft.csv.get("comments") and fields[0].startswith("#"):
        sequences = draft.csv.get("escape_sequences") in ("mysql", "postgres")
        fields[0] = f"\\{fields[0]}" if sequences else f'"{fields[0]}"'
    line = _trailing(draft, draw, draft.delimiter.join(fields))
    if "on_bad_row" in draft.rules and draw(st.integers(0, 5)) == 5:
        line, cells = draft.delimiter.join([*fields, "r"]), [*cells, "r"]
    draft.records.append((len(draft.lines), tuple(cells)))
    draft.lines.append(line)


def _below(draft: _Draft, draw: Draw, count: int, *, tame: bool) -> None:
    csv, lines, rules = draft.csv, draft.lines, draft.rules
    trailer, ended = (
        draw(st.sampled_from(("", "tag", "match"))),
        draw(st.sampled_from(("", "", *_ENDS))),
    )
    if trailer == "tag":
        rules["trailer"] = {"row_count_column": 1, "tag": "TRL"}
        lines.append(_trailing(draft, draw, draft.delimiter.join(("TRL", str(count)))))
        lines += _remarks(draft, draw)
    counted = trailer or "header_record" in rules
    if ended == "footer_rows" and "on_bad_row" in rules and not counted:
        ended = ""  # nothing would tell the footer from records
    below = draw(st.lists(st.sampled_from(_BELOW if tame else _NEAR), max_size=2))
    if trailer == "match":
        rules["trailer"] = {"match": r"^T(?P<count>\d+)$"}
        at = draw(st.integers(0, len(below))) if ended else 0
        below.insert(at, f"T{count}")
        if not ended:
            below[1:] = _remarks(draft, draw)
    elif not ended:
        below = []
    if ended == "data_end":
        csv["data_end"], line = draw(st.sampled_from(_marks(draft)))
        lines.append(line)
    elif ended == "footer_rows":
        below = below or ["x"]
        csv["footer_rows"] = len(below)
    lines += below


_ENDS = ("data_end", "footer_rows")


def _marks(draft: _Draft) -> list[tuple[Any, str]]:
    marks: list[tuple[Any, str]] = [
        ("END", "END"),
        ({"match": "^END"}, "END,1"),
        ({"match": "END$"}, "x END"),
    ]
    if draft.csv.get("escape_sequences") == "postgres":
        marks.append(("\\.", "\\."))
    if "comments" in draft.csv:
        marks.append(({"match": "^# ?END"}, "# END"))
    return marks


def _finished(draft: _Draft, draw: Draw, *, tame: bool) -> Meant:
    text, starts = _joined(draft, draw)
    kept = _up_to_end(draft)
    numbers = tuple(len(_LINE_END.findall(text[: starts[at]])) + 1 for at, _ in kept)
    body_end = max((starts[at] + len(draft.lines[at]) for at, _ in kept), default=0)
    ending, encoding = draw(st.sampled_from(("", "", ".gz", ".zip"))), "utf-8"
    if draw(st.booleans()):
        encoding = draw(st.sampled_from(("utf-16", "cp1047", "windows-1252")))
    if encoding == "cp1047" and "\r" in text:
        encoding = "utf-8"  # there a line end of two characters is one
    if text.encode(encoding, "ignore").decode(encoding) != text:
        encoding = "utf-8"
    go = draw(st.sampled_from((None, None, "checksum", "properties")))
    if go is not None:
        key = {"row_count_key": "rows"} if go == "properties" else {}
        draft.rules["go_file"] = {"pattern": "a_*.go", "format": go, **key}
    mapping = TableMapping.model_validate(
        {
            "pattern": f"a_*.csv{ending}",
            "table": "t",
            "csv": {**draft.csv, "encoding": encoding},
            **draft.rules,
        }
    )
    records = tuple(cells for _, cells in kept)
    behind = tuple(draft.lines[at] for at, _ in draft.records[len(kept) :])
    return Meant(text, mapping, records, numbers, body_end, tame, behind)


def _up_to_end(draft: _Draft) -> list[tuple[int, tuple[str | None, ...]]]:
    end = draft.csv.get("data_end")
    if not isinstance(end, dict):
        return draft.records
    alike = (
        re.search(end["match"], _LINE_END.split(draft.lines[at])[0]) for at, _ in draft.records
    )
    first = next((number for number, found in enumerate(alike) if found), None)
    return draft.records[:first]


def _joined(draft: _Draft, draw: Draw) -> tuple[str, list[int]]:
    """The text, and where each line begins."""
    ends = st.sampled_from(("\n", "\r\n", "\r"))
    mixed, end = draft.csv.get("mixed_line_ends"), draw(ends)
    text, starts = "", []
    for line in draft.lines:
        own = draw(ends) if mixed else end
        if not line and text.endswith("\r") and own == "\n":
            own = "\r"  # else both would be one line end
        starts.append(len(text))
        text += line + own
    return text, starts
