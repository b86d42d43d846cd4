"""What speaks against making a table of a file's header.

The first file makes the table, and from then on the table is the schema: a first file in another
delimiter, or without its header, would lock the right ones out. So what shows such a fault makes no
table. Each sign here is one that hardly any right file has; where one has, the mapping's
``csv.columns`` says that its names are right, and nothing is asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise

from airflow_landing_loader.config.mapping.model import CsvDialect
from airflow_landing_loader.exceptions import ErrorCode, TerminalError
from airflow_landing_loader.landing.formats.csv.cells import read_records
from airflow_landing_loader.landing.formats.csv.detection.header_signs import (
    are_names,
    is_value,
    tells_header,
)
from airflow_landing_loader.landing.formats.csv.detection.readings import DELIMITERS, QUOTES
from airflow_landing_loader.landing.model import Validated
from airflow_landing_loader.storage.content import FileContent

RECORDS = 200
"""Records behind the header that are looked at."""

_QUOTED = re.compile(r'"(?:[^"]|"")*"')
_SEPARATOR = re.compile("[\x00-\x08\x0a-\x1f\x7f\x85\u2028\u2029]|\\\\[nr]")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f]")
_SIGN = re.compile(r"[^\w\s.\-]")
_DATE = re.compile(r"\d{4}-\d\d(?:-\d\d)?")
_COMMENT = re.compile(r"#|//|--|%")
_FEWEST_IN_A_ROW = 3


@dataclass(frozen=True, slots=True)
class _Head:
    """The beginning of a file as its mapping reads it.

    :param names: of the header.
    :param rows: cells of the first records.
    :param texts: the header and these records, without what stands in quotes.
    """

    csv: CsvDialect
    names: tuple[str, ...]
    rows: tuple[tuple[str | None, ...], ...]
    texts: tuple[str, ...]


def require_plain(source: FileContent, validated: Validated) -> None:
    """Refuse a file of which no table should be made.

    :param source: where the file is read.
    :param validated: the file; its table is not there.
    :raises TerminalError: ``CSV_DOUBTFUL_FIRST_FILE``.
    """
    mapping, inspection = validated.delivery.mapping, validated.inspection
    asked = mapping.csv.header and mapping.csv.columns is None and validated.detected is None
    if not asked or not inspection.columns:
        return
    _require_most(validated)
    records = tuple(islice(read_records(source, mapping, inspection), RECORDS))
    header = mapping.csv.delimiter.join(inspection.columns)
    texts = (header, *(_QUOTED.sub("", record.text) for record in records))
    rows = tuple(r.cells for r in records if len(r.cells) == len(inspection.columns))
    why = next(_doubts(_Head(mapping.csv, inspection.columns, rows, texts)), None)
    if why is not None:
        raise _doubtful(validated, why)


def _require_most(validated: Validated) -> None:
    """What is set aside may be much, but the header is that of most records."""
    inspection = validated.inspection
    if 2 * inspection.ragged > inspection.records:
        fields = len(inspection.columns)
        raise _doubtful(
            validated,
            f"most of its records have another number of columns than its header, which has "
            f"{fields}: its first line may be a title (csv.skip_rows)",
        )


def _doubtful(validated: Validated, why: str) -> TerminalError:
    return TerminalError(
        ErrorCode.CSV_DOUBTFUL_FIRST_FILE,
        f"This would be the first file of {validated.delivery.mapping.table} and make its columns, "
        f"but {why}.",
        hint="Ask the sender for a right file, or correct csv in the mapping; if the names are "
        "right as they are, promise them: csv: {columns: [...]}, or create the table by hand.",
        file=validated.delivery.data.name,
        line=validated.inspection.header_line,
    )


def _doubts(head: _Head) -> Iterator[str]:
    """What speaks against it, the surest first; each as the end of a sentence."""
    first = head.names[0]
    if first.startswith(("<", "{")):
        yield "it looks like HTML, XML or JSON, not like CSV"
    if any(map(_CONTROL.search, head.names)):
        yield "a name holds control characters: the encoding may be another (csv.encoding)"
    if len(head.texts) == 1 and any(map(_SEPARATOR.search, head.names)):
        yield "a name holds a sign that may separate records: there may be no line ends"
    if first.casefold().startswith("sep="):
        yield "its first line names a delimiter, as Excel does: set csv.skip_rows: 1"
    yield from _other_delimiter(head)
    if len(head.texts) == 1 and _are_records(head.names):
        yield "a sign in its names may separate records: there may be no line ends"
    if _has_values(head.names):
        yield "its first record holds values, not names: there may be no header"
    if _are_quoted_otherwise(head):
        yield "all names stand in quotes of another kind: set csv.quote"
    if _COMMENT.match(first) and (len(head.names) == 1 or _header_comes_next(head.rows)):
        yield "its first line is a comment: set csv.comments, or csv.skip_rows"


def _are_records(names: Sequence[str]) -> bool:
    """Whether the names of one line are several records, in which a sign stands for a line end.

    Where a record has n fields, it stands in every (n - 1)th name, between the last field of one
    record and the first field of the next, and may stand at the very end.
    """
    return any(_is_separator(sign, names) for sign in sorted({*_SIGN.findall("".join(names))}))


def _is_separator(sign: str, names: Sequence[str]) -> bool:
    if len(names) == 1:
        return names[0].count(sign) > 1
    at = [index for index, name in enumerate(names) if sign in name]
    step, last = at[0], len(names) - 1
    if (
        not step
        or last % step
        or at not in ([*range(step, last, step)], [*range(step, last + 1, step)])
    ):
        return False
    firsts = [first for index in at if (first := names[index].partition(sign)[2])]
    if not firsts or any(sign in first or not first[0].isalnum() for first in firsts):
        return False
    return any(map(is_value, firsts)) or len({*firsts}) == len(firsts) > 1


def _other_delimiter(head: _Head) -> Iterator[str]:
    alone = len(head.names) == 1
    for delimiter in DELIMITERS:
        if delimiter in head.csv.delimiter or head.csv.delimiter in delimiter:
            continue
        counts = {text.count(delimiter) for text in head.texts if text}
        most = max(counts, default=0)
        everywhere = len(counts) == 1 and most >= max(1, len(head.names) - 1)
        in_name = delimiter in head.names[0]
        if everywhere or (in_name and alone and delimiter in ",;\t|"):
            yield f"its records seem to be delimited by {_shown(delimiter)}"
        elif delimiter in head.texts[0] and len(head.texts) == 1:
            yield f"it is one line that holds {_shown(delimiter)} too: it may separate records"
    words = {len(text.split()) for text in head.texts if text}
    if alone and len(head.texts) > 1 and len(words) == 1 and words.pop() > 1:
        yield "its records seem to be delimited by blanks"


def _shown(delimiter: str) -> str:
    return "tabs" if delimiter == "\t" else repr(delimiter)


def _has_values(names: Sequence[str]) -> bool:
    """Whether a name is a value; periods side by side, one after the other, are names."""
    values = [name for name in names if is_value(name) and not name.startswith("$")]
    if len(values) < _FEWEST_IN_A_ROW:
        return bool(values)
    numbered = all(value.isdecimal() for value in values) and all(
        int(two) - int(one) == 1 for one, two in pairwise(values)
    )
    dated = all(map(_DATE.fullmatch, values)) and values == sorted(values)
    return not (numbered or dated)


def _are_quoted_otherwise(head: _Head) -> bool:
    return any(
        all(len(name) > 1 and name[0] == name[-1] == quote for name in head.names)
        for quote in QUOTES
        if quote and quote != head.csv.quote
    )


def _header_comes_next(rows: Sequence[tuple[str | None, ...]]) -> bool:
    return len(rows) > 1 and are_names(rows[0]) and tells_header(rows[0], rows[1:])
