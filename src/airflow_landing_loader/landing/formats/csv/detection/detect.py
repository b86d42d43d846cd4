"""``csv: auto``: the dialect of a file from its bytes, or a refusal, never a guess.

The head of the text is read in every way that the mapping leaves open (``readings.py``). If one
table comes out, and only one, the file is read by the dialect that gives it; ways that give equal
cells are one reading. Where the text goes on behind the head, the ways that were equal so far are
followed to its end. So the rows do not depend on which of several dialects the sender had in mind.

The result depends on nothing but the bytes and the mapping: detecting again gives the same.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import zip_longest
from typing import Any

from airflow_landing_loader.config.mapping.fields import Compression
from airflow_landing_loader.config.mapping.model import CsvDialect, TableMapping
from airflow_landing_loader.exceptions import ErrorCode, TerminalError
from airflow_landing_loader.landing.formats.csv.batches import Blocks, text_fault
from airflow_landing_loader.landing.formats.csv.detection.candidates import read_head
from airflow_landing_loader.landing.formats.csv.detection.readings import (
    DELIMITERS,
    QUOTES,
    Broken,
    Head,
    Reading,
    cells,
)
from airflow_landing_loader.landing.formats.csv.dialect import Dialect
from airflow_landing_loader.landing.formats.csv.dialect_text import as_written, in_words
from airflow_landing_loader.landing.formats.csv.ends.above import lines_above
from airflow_landing_loader.landing.formats.csv.ends.cutting import without_ends
from airflow_landing_loader.landing.formats.csv.errors import terminal_error
from airflow_landing_loader.landing.formats.csv.inspection import (
    explain,
    inspect,
    limits_of,
    record_texts,
    text_pass,
)
from airflow_landing_loader.landing.model import Inspection
from airflow_landing_loader.landing.text.stream import BLOCK_BYTES, TextPass, open_text
from airflow_landing_loader.safe_text import counted
from airflow_landing_loader.storage.content import FileContent

HEAD_BYTES = 256 * 1024
"""How much of a text is read in every way."""

_NAMED = re.compile(rb"sep=([,;\t|:^~ ])(?:\r\n|\n|\r)", re.IGNORECASE)


def with_dialect(source: FileContent, mapping: TableMapping) -> TableMapping:
    """Replace ``csv: auto`` by the dialect of one file.

    :param source: the data file.
    :param mapping: the table mapping that the file belongs to.
    :returns: the mapping with a plain dialect; itself if nothing is to be detected. A file without
        any record gets the default dialect: its inspection says what is wrong.
    :raises TerminalError: ``CSV_NO_DIALECT``, ``CSV_AMBIGUOUS_DIALECT``; and as
        :func:`~airflow_landing_loader.landing.formats.csv.inspection.inspect` where no dialect
        makes it text.
    :raises TransientError: ``LANDING_DISAPPEARED``, ``LANDING_UNREADABLE``, ``LANDING_CHANGED``.
    """
    if not mapping.csv.auto:
        return mapping
    with text_pass(source, mapping) as delivered:
        try:
            head, named = _head(delivered, mapping)
            readings = _readings(head, named, source.name)
            if named is not mapping and readings and len(readings[0].rows[0]) == 1:
                raise _names_delimiter(source.name)  # and the table has another one, or none
        except TerminalError as error:
            plain = "".join(DELIMITERS + QUOTES)
            explain(error, delivered, encoding=mapping.csv.encoding, plain=plain)
            raise
    if not readings:
        return _plain(mapping, mapping.csv.model_copy(update={"auto": False}))
    first = _plain(mapping, readings[0].csv)
    if not head.whole:
        others = [_plain(mapping, reading.csv) for reading in readings[1:]]
        _follow(source, delivered.compression, first, others)
    return first


def _plain(mapping: TableMapping, csv: CsvDialect) -> TableMapping:
    return mapping.model_copy(update={"csv": csv})


def _with_named_delimiter(text: bytes, mapping: TableMapping) -> TableMapping:
    """Take the delimiter from a first line that names it, as Excel writes and reads it; what else
    stands above the data stands below that line."""
    named, csv = _NAMED.match(text), mapping.csv
    if named is None or not (csv.is_open("skip_rows") and csv.is_open("delimiter")):
        return mapping
    update: dict[str, Any] = {"delimiter": named[1].decode()}
    if csv.data_start is None:
        update["skip_rows"] = 1 + lines_above(mapping)
    return _plain(mapping, csv.model_copy(update=update))


def _head(delivered: TextPass, mapping: TableMapping) -> tuple[Head, TableMapping]:
    """The beginning of a text, and the mapping with the delimiter that its first line names."""
    blocks = Blocks(delivered.blocks())
    text = blocks.take(HEAD_BYTES + 1)
    whole = len(text) <= HEAD_BYTES
    fault = text_fault(text[:HEAD_BYTES], blocks.undecodable if whole else None)
    if fault is not None:
        raise terminal_error(
            fault,
            file=delivered.name,
            record=None,
            limits=limits_of(mapping),
            utf8=mapping.csv.encoding == "utf-8",
        )
    named = _with_named_delimiter(text, mapping)
    table, line = without_ends(text[:HEAD_BYTES], named)
    return Head(table, whole, line), named


def _readings(head: Head, mapping: TableMapping, name: str) -> list[Reading]:
    """The readings of the head, all with equal cells; none if it has no record."""
    tried = list(read_head(head, mapping))
    readings = [found for found in tried if isinstance(found, Reading)]
    broken = [found for found in tried if isinstance(found, Broken)]
    if not readings:
        if head.whole and not broken:
            return []
        raise (
            _names_delimiter(name)
            if head.text[:4].lower() == b"sep="
            else _no_dialect(name, broken)
        )
    first = readings[0]
    for other in readings[1:]:
        at = first.first_difference(other)
        if at is not None:
            raise _two_readings(name, first, other, first.lines[at])
    if first.doubt:
        columns, line = len(first.rows[0]), first.lines[0]
        raise _no_dialect(name, [Broken(first.csv, 0, columns, line, first.doubt, 0)])
    promised = mapping.csv.columns is not None  # its reading holds exactly these names
    if mapping.csv.is_open("header") and not promised and not first.tells_header():
        raise _no_header(name, first)
    return readings


def _follow(
    source: FileContent,
    compression: Compression,
    first: TableMapping,
    others: Sequence[TableMapping],
) -> None:
    """Hold a reading against others that are equal in the head, over the whole file.

    Only a character that is text for one and a mark for the other can part them.
    """
    own = _marks(first.csv)
    wanted = {'"'}.union(*(_marks(other.csv) for other in others)) - own
    try:
        present = _present(source, compression, first.csv.encoding, wanted) if wanted else set()
        rivals = [other for other in others if present & _marks(other.csv)]
        if not rivals and '"' not in present:
            return
        inspection = inspect(source, first)
    except TerminalError:
        return  # the inspection that follows says where and why
    if '"' in present:
        _require_no_bare_quotes(source, first, inspection)
    for rival in rivals:
        _require_equal(source, first, inspection, rival)


def _marks(csv: CsvDialect) -> set[str]:
    return {mark for mark in (csv.quote, csv.escape) if mark}


def _present(
    source: FileContent, compression: Compression, encoding: str, marks: set[str]
) -> set[str]:
    """Those of some ASCII characters that a text holds."""
    found: set[str] = set()
    with open_text(source, compression, encoding) as text:
        while found != marks and (block := text.read(BLOCK_BYTES)):
            found |= {mark for mark in marks if mark.encode() in block}
    return found


def _require_no_bare_quotes(
    source: FileContent, mapping: TableMapping, inspection: Inspection
) -> None:
    """Refuse what would have been refused in the head, too."""
    dialect = Dialect.of(mapping.csv)
    for number, text in enumerate(record_texts(source, mapping, inspection), start=1):
        if '"' in text and cells(text, dialect, len(inspection.columns)) is None:
            raise TerminalError(
                ErrorCode.CSV_NO_DIALECT,
                f"The file is read with {in_words(mapping.csv)}, but a field of this record that "
                "is not quoted begins or ends with a double quote.",
                hint=_write(as_written(mapping.csv), "if that quote is text"),
                file=source.name,
                record=number,
            )


def _require_equal(
    source: FileContent, first: TableMapping, inspection: Inspection, rival: TableMapping
) -> None:
    """Refuse a file that a rival reads to its end, with other cells."""
    strict = rival.model_copy(update={"on_bad_row": "fail"})
    try:
        there = inspect(source, strict)
    except TerminalError:
        return  # it is no way to read the file
    parted: int | None = None
    one, two = Dialect.of(first.csv), Dialect.of(rival.csv)
    ours, theirs = record_texts(source, first, inspection), record_texts(source, strict, there)
    for number, (our, their) in enumerate(zip_longest(ours, theirs), start=1):
        row = None if their is None else cells(their, two, len(there.columns))
        if their is not None and row is None:
            return  # it breaks a rule after all
        if parted is None and (our is None or cells(our, one, len(inspection.columns)) != row):
            parted = number
    if parted is not None:
        raise TerminalError(
            ErrorCode.CSV_AMBIGUOUS_DIALECT,
            f"The file can be read in two ways, with {in_words(first.csv)}, and with "
            f"{in_words(rival.csv)}. They give other cells in this record for the first time.",
            hint=_write(f"{as_written(first.csv)}, or {as_written(rival.csv)}", "as is right"),
            file=source.name,
            record=parted,
        )


def _two_readings(name: str, one: Reading, two: Reading, line: int) -> TerminalError:
    return TerminalError(
        ErrorCode.CSV_AMBIGUOUS_DIALECT,
        f"The file can be read in two ways, with {_outline(one)}; and with {_outline(two)}. They "
        "give other cells in the record of this line for the first time.",
        hint=_write(f"{as_written(one.csv)}, or {as_written(two.csv)}", "as is right"),
        file=name,
        line=line,
    )


def _outline(reading: Reading) -> str:
    """``delimiter ';', quote '"' (3 columns; records begin at lines 1, 2, 3)``"""
    lines = ", ".join(map(str, reading.lines[:3]))
    columns = counted(len(reading.rows[0]), "column")
    return f"{in_words(reading.csv)} ({columns}; records begin at lines {lines})"


def _no_header(name: str, reading: Reading) -> TerminalError:
    return TerminalError(
        ErrorCode.CSV_AMBIGUOUS_DIALECT,
        f"Nothing tells whether the first record holds column names or data, read with "
        f"{_outline(reading)}.",
        hint="If it holds names, write csv: {auto: true, columns: [...]} with all of them into the "
        "mapping, or csv: {auto: true, header: true}; if it is data, csv: {auto: true, "
        "header: false, columns: [...]} with all columns.",
        file=name,
        line=reading.lines[0],
    )


def _names_delimiter(name: str) -> TerminalError:
    return TerminalError(
        ErrorCode.CSV_NO_DIALECT,
        "The first line names a delimiter, as Excel does, that does not make a table of the file.",
        hint="Leave the line out: csv: {auto: true, skip_rows: 1}.",
        file=name,
        line=1,
    )


def _no_dialect(name: str, broken: Sequence[Broken]) -> TerminalError:
    nearest = max(broken, key=lambda one: one.explained, default=None)
    message = f"The first {HEAD_BYTES:,} bytes hold no record behind what is skipped."
    if nearest is not None:
        good = f"in the first {counted(nearest.good, 'record')}, " if nearest.good else ""
        in_first = f"{good}but "
        message = (
            f"No dialect fits the file. The nearest is {in_words(nearest.csv)}: "
            f"{counted(nearest.columns, 'column')} {in_first}the record at this line {nearest.why}."
        )
    return TerminalError(
        ErrorCode.CSV_NO_DIALECT,
        message,
        hint="Ask the sender to mend the file, or write its dialect into the mapping in place of "
        "auto; see what is detected in docs/csv.md. Beside auto, csv.trailing_delimiter: ignore "
        "allows delimiters behind the last field, csv.blank_around_quotes: true blanks beside "
        "quotes.",
        file=name,
        line=nearest.line if nearest else None,
    )


def _write(csv: str, why: str) -> str:
    return f"Write {csv} into the mapping, {why}."
