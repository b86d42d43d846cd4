"""The table in a few texts of one kind, read by the loader's own detection and inspection.

Detection finds the dialect of one file. Here all of them have to agree: a dialect that reads one
file and not another one is none.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from pydantic import ValidationError

from airflow_landing_loader.config.mapping.model import CsvDialect, TableMapping
from airflow_landing_loader.exceptions import ErrorCode, LandingError
from airflow_landing_loader.landing.formats.csv.cells import read_records
from airflow_landing_loader.landing.formats.csv.detection.detect import with_dialect
from airflow_landing_loader.landing.formats.csv.detection.header_signs import (
    is_value,
    tells_header,
)
from airflow_landing_loader.landing.formats.csv.detection.readings import DELIMITERS
from airflow_landing_loader.landing.formats.csv.header.promise import effective_names
from airflow_landing_loader.landing.formats.csv.inspection import inspect
from airflow_landing_loader.landing.model import Inspection
from airflow_landing_loader.onboarding.content.renaming import renamed
from airflow_landing_loader.onboarding.content.texts import InMemory, Text
from airflow_landing_loader.onboarding.model import Said, tree

_RECORDS = 200
_DETECTED = ("delimiter", "quote", "escape", "skip_rows")
_MOST_ABOVE = 5
_PERIOD = re.compile(r"(?:19|20)\d\d(?:-?\d\d){0,2}")

Row = tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """How all texts are read.

    :param said: the keys that say it, those of the frame too.
    :param header: whether the first record holds names; ``None``: nothing tells.
    :param columns: names, or as many placeholders.
    :param inspections: of each text.
    :param rows: the first records of each text; without the header.
    """

    said: tuple[Said, ...]
    header: bool | None
    columns: tuple[str, ...]
    inspections: tuple[Inspection, ...]
    rows: tuple[tuple[Row, ...], ...]

    @property
    def repeats_header(self) -> bool:
        """Whether the names stand among the records again, which is left out here."""
        return any(one.skipped_headers for one in self.inspections)


@dataclass(frozen=True, slots=True)
class NoTable:
    """Why they cannot be read as one table."""

    why: str


def read_tables(texts: Sequence[Text], frame: Sequence[Said]) -> tuple[list[Table], NoTable]:
    """Read all texts as tables, with a header and without one.

    :param texts: at least one; none is empty.
    :param frame: keys that are supposed to hold: what stands above and below, and what else is no
        dialect.
    :returns: the ways in which that is possible, and why the first one is not if it is not.
    """
    found = _with_header(texts, frame)
    if isinstance(found, Table) and found.header:
        return [found], NoTable("")
    bare = _without_header(texts, frame)
    if isinstance(found, NoTable) and isinstance(bare, Table) and not is_of_values(bare):
        found = _with_names(texts, frame, bare)
    if isinstance(bare, Table) and not _may_be_bare(bare, found):
        bare = NoTable("its first record may be a header")
    tables = [table for table in (found, bare) if isinstance(table, Table)]
    return tables, found if isinstance(found, NoTable) else NoTable("")


def _may_be_bare(bare: Table, found: Table | NoTable) -> bool:
    """Whether the first record may be data: it holds values, or might as well be a good header.

    What cannot be one may be a bad one, and what stands there again is hardly data.
    """
    if isinstance(found, NoTable) or found.repeats_header:
        return is_of_values(bare)
    return not found.header


def _with_names(texts: Sequence[Text], frame: Sequence[Said], bare: Table) -> Table | NoTable:
    """Read all texts with the first record as a header in which a name lacks or stands twice."""
    first, *others = [renamed(rows[0]) for rows in bare.rows if rows]
    if not first or any(other != first for other in others):
        return NoTable("its first record may be a header")
    return _with_header(texts, (*frame, *first))


def likely(tables: Sequence[Table]) -> Table | None:
    """The way that the cells speak for; with ``header`` unknown if they speak for none."""
    if len(tables) == 2 and is_of_values(tables[1]):
        return tables[1]
    return next(iter(tables), None)


def is_of_values(table: Table) -> bool:
    """Whether the first record is one like the others: a column has values there, too."""
    for rows in table.rows:
        first = rows[0] if rows else ()
        at = [i for i, cell in enumerate(first) if is_value(cell)]
        if at and all(_PERIOD.fullmatch(first[i] or "") for i in at):
            return False  # periods side by side are names, too
        if len(at) > 1 and [first[i] for i in at] == [*map(str, range(len(at)))]:
            return False  # and so are the numbers of the columns, as pandas writes them
        if not any(all(is_value(row[i]) for row in rows if row[i] is not None) for i in at):
            return False
    return True


def _with_header(texts: Sequence[Text], frame: Sequence[Said]) -> Table | NoTable:
    header = Said(("csv", "header"), True)
    dialects: list[CsvDialect] = []
    for text in texts:
        found = _detected(text, (*frame, header))
        if isinstance(found, NoTable):
            return found
        dialects.append(found)
    if len({dialect.delimiter for dialect in dialects}) == 1:
        for dialect in _most_first(dialects):
            table = _read(texts, frame, dialect)
            if isinstance(table, Table):
                return table
    return NoTable("the files are written in different ways, each of which fits only some of them")


def _most_first(dialects: Sequence[CsvDialect]) -> Iterator[CsvDialect]:
    """The dialects that were found, the rarest quotes first: a file without any fits all."""
    counted = Counter(dialects)
    rare = sorted(counted, key=lambda one: (one.quote == '"', one.escape is None, -counted[one]))
    yield from rare


def _detected(text: Text, keys: Sequence[Said]) -> CsvDialect | NoTable:
    mapping = mapping_of((Said(("csv", "auto"), True), *keys))
    if mapping is None:
        return NoTable("its keys contradict each other")
    try:
        return with_dialect(InMemory(text.name, text.content), mapping).csv
    except LandingError as error:
        return NoTable(error.detail.message)


def mapping_of(said: Sequence[Said]) -> TableMapping | None:
    """A mapping with some keys; ``None``: they contradict each other."""
    keys: dict[str, Any] = {"pattern": "*", "table": "t", "compression": "none", **tree(said)}
    keys["csv"] = {key: v for key, v in keys.get("csv", {}).items() if key != "encoding"}
    try:
        return TableMapping.model_validate(keys)
    except ValidationError:
        return None


def _read(texts: Sequence[Text], frame: Sequence[Said], dialect: CsvDialect) -> Table | NoTable:
    """All texts by one dialect, which each of them must allow."""
    plain = CsvDialect()
    keys = [
        Said(("csv", key), getattr(dialect, key))
        for key in _DETECTED
        if getattr(dialect, key) != getattr(plain, key)
    ]
    said = _without(frame, keys)
    promised = [Said(("csv", key), getattr(dialect, key)) for key in _DETECTED]
    if dialect.escape is None:
        promised = [one for one in promised if one.path[1] != "escape"]
    shape = [] if dialect.header else _placeholders(len(dialect.columns or ()))
    inspections, rows = [], []
    for text in texts:
        again = _detected(text, _without(frame, (*promised, *_header(dialect), *shape)))
        mapping = mapping_of((*said, *shape))
        if isinstance(again, NoTable) or mapping is None:
            return again if isinstance(again, NoTable) else NoTable("its keys contradict")
        source = InMemory(text.name, text.content)
        try:
            mapping, inspection = _inspected(source, mapping)
            records = islice(read_records(source, mapping, inspection), _RECORDS)
            rows.append(tuple(record.cells for record in records))
        except LandingError as error:
            return NoTable(error.detail.message)
        inspections.append(inspection)
    columns = effective_names(inspections[0].columns, dialect)
    told = _told(columns, rows) if dialect.header else False
    return Table(said, told, columns, tuple(inspections), tuple(rows))


def _inspected(source: InMemory, mapping: TableMapping) -> tuple[TableMapping, Inspection]:
    """What is in a text, and the mapping that reads it: headers among its records are left out."""
    try:
        return mapping, inspect(source, mapping)
    except LandingError as error:
        if error.code is not ErrorCode.CSV_REPEATED_HEADER:
            raise
    csv = mapping.csv.model_copy(update={"repeated_header": "skip"})
    mapping = mapping.model_copy(update={"csv": csv})
    return mapping, inspect(source, mapping)


def _header(dialect: CsvDialect) -> list[Said]:
    return [Said(("csv", "header"), True)] if dialect.header else []


def _without(frame: Sequence[Said], keys: Sequence[Said]) -> tuple[Said, ...]:
    """The keys of both; where both say something, those that were found."""
    paths = {one.path for one in keys}
    return (*(one for one in frame if one.path not in paths), *keys)


def _told(columns: Sequence[str], rows: Sequence[Sequence[Row]]) -> bool | None:
    """Whether the data of all files together show that the first record holds names."""
    together = [row for some in rows for row in some if len(row) == len(columns)]
    return True if tells_header(columns, together) else None


def _placeholders(number: int) -> list[Said]:
    names = [f"column_{at}" for at in range(1, number + 1)]
    return [Said(("csv", "header"), False), Said(("csv", "columns"), names)]


def _without_header(texts: Sequence[Text], frame: Sequence[Said]) -> Table | NoTable:
    above = [
        (*frame, Said(("csv", "skip_rows"), skipped)) if skipped else tuple(frame)
        for skipped in range(_MOST_ABOVE + 1)
        if not skipped or not any(one.path[1:] in _STARTS for one in frame)
    ]
    for keys in above:
        found = _bare(texts, keys)
        if isinstance(found, Table):
            names = _skipped_names(texts, found)
            return NoTable("a line above the data may be their header") if names else found
    return NoTable("no dialect fits it")


def _skipped_names(texts: Sequence[Text], table: Table) -> bool:
    """Whether a line that is left out above the data may be their header: it is never skipped."""
    csv = tree(table.said).get("csv", {})
    skipped, delimiter = csv.get("skip_rows", 0), csv.get("delimiter", ",")
    for text in texts:
        for line in text.first[:skipped]:
            fields = [field for field in line.split(delimiter) if field.strip()]
            near = abs(line.count(delimiter) + 1 - len(table.columns)) <= 1
            if near and not any(map(is_value, fields)):
                return True
    return False


_STARTS = (("skip_rows",), ("data_start",))


def _bare(texts: Sequence[Text], frame: Sequence[Said]) -> Table | NoTable:
    """Read records only. Of several delimiters none is taken unless it is the only one."""
    tables: list[Table] = []
    trailing = any(one.path[1:] == ("trailing_delimiter",) for one in frame)
    for delimiter in DELIMITERS:
        number = _fields(texts, delimiter) - trailing
        if number < 2:
            continue
        shape = [Said(("csv", "delimiter"), delimiter), *_placeholders(number)]
        dialects = []
        for text in texts:
            found = _detected(text, (*frame, *shape))
            if isinstance(found, NoTable):
                break
            dialects.append(found)
        else:
            read = next(
                (
                    t
                    for d in _most_first(dialects)
                    if isinstance(t := _read(texts, frame, d), Table)
                ),
                None,
            )
            if read is not None and (trailing or not _ends_in_nothing(read)):
                tables.append(read)
    if len(tables) == 1:
        return tables[0]
    return NoTable("several delimiters fit it" if tables else "no dialect fits it")


def _fields(texts: Sequence[Text], delimiter: str) -> int:
    """As many fields as most of the first lines have that hold the delimiter."""
    counts = Counter(n + 1 for text in texts for line in text.first if (n := line.count(delimiter)))
    return counts.most_common(1)[0][0] if counts else 0


def _ends_in_nothing(table: Table) -> bool:
    """Whether the last column is empty everywhere: then delimiters stand behind the last field."""
    return all(row[-1] is None for rows in table.rows for row in rows)
