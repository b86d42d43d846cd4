"""Whether the first record of a table can be told from its data: are these names, or values?"""

from __future__ import annotations

import re
from collections.abc import Sequence

from airflow_landing_loader.config.mapping.column_names import clean_name, same

Cells = Sequence[str | None]

# A number, date or time however it is written: digits and what stands between them.
_VALUE = re.compile(
    r"[-+(]?\s?[€$£]?\s?[.,]?\d[\d .,:/'+\-]*(?:e[-+]?\d+)?(?:t[\d:.+\-]+)?\s?[z%€$£)]?|true|false",
    re.IGNORECASE,
)
_NOTHING = frozenset({"", "na", "n/a", "nan", "null", "none", "nil", "-", "?", "\\n"})
_DIGIT = re.compile(r"\d")
_RECORDS_FOR_CODES = 5
_RECORDS_BELOW_TEXT = 3


def are_names(header: Cells) -> bool:
    """Whether cells may be column names: none empty, none twice, whatever their case."""
    names = [same(clean_name(cell or "")) for cell in header]
    return all(names) and len(set(names)) == len(names)


def is_value(cell: str | None) -> bool:
    """Whether a cell looks like a number, a date or a time, or like true or false."""
    return cell is not None and _VALUE.fullmatch(cell.strip()) is not None


def tells_header(header: Cells, records: Sequence[Cells], *, below_text: bool = False) -> bool:
    """Whether the data show that the first record holds names.

    They do where no name looks like a value, and there is a column in which all cells look like
    values, or hold digits while the name holds none.

    :param header: the first record.
    :param records: the records behind it.
    :param below_text: text stands before the first record, which might be a broken header: then
        only values count, and some of them.
    """
    if any(_is_nothing(name) or is_value(name) for name in header):
        return False
    for index, name in enumerate(header):
        cells = [record[index] for record in records if not _is_nothing(record[index])]
        if len(cells) >= (_RECORDS_BELOW_TEXT if below_text else 1) and all(map(is_value, cells)):
            return True
        if len(cells) >= _RECORDS_FOR_CODES and not below_text and _are_codes(name, cells):
            return True
    return False


def _is_nothing(cell: str | None) -> bool:
    return cell is None or cell.strip().lower() in _NOTHING


def _are_codes(name: str | None, cells: Cells) -> bool:
    return not _DIGIT.search(name or "") and all(_DIGIT.search(cell or "") for cell in cells)
