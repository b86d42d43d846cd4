"""Names of columns: when two are one, and what a mapping may say of them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from airflow_landing_loader.config.yaml.values import any_case, refusal
from airflow_landing_loader.exceptions import ErrorCode

OWN_COLUMNS = ("_load_id", "_extra", "_row_number")
COLUMN_NAME_SCHEMA: dict[str, Any] = {
    "pattern": r"\S",
    "patternErrorMessage": "A name that is not empty, and none of the loader's own columns.",
    "not": {"pattern": rf"^\s*(?:{any_case('|'.join(OWN_COLUMNS))})\s*$"},
}
POSITION_PATTERN = "^#[1-9][0-9]{0,4}$"
# What Unicode calls default ignorable (soft hyphen, marks of direction, width and byte order,
# joiners, selectors of variants, tags), marks of annotations, and the blank pattern of braille.
UNSEEN = "".join(
    chr(code)
    for first, last in (
        (0xAD, 0xAD),
        (0x34F, 0x34F),
        (0x61C, 0x61C),
        (0x115F, 0x1160),
        (0x17B4, 0x17B5),
        (0x180B, 0x180F),
        (0x200B, 0x200F),
        (0x202A, 0x202E),
        (0x2060, 0x206F),
        (0x2800, 0x2800),
        (0x3164, 0x3164),
        (0xFE00, 0xFE0F),
        (0xFEFF, 0xFEFF),
        (0xFFA0, 0xFFA0),
        (0xFFF0, 0xFFFB),
        (0x1BCA0, 0x1BCA3),
        (0x1D173, 0x1D17A),
        (0xE0000, 0xE0FFF),
    )
    for code in range(first, last + 1)
)


def clean_name(name: str) -> str:
    """A column name as the sender means it: in Unicode form NFC, and without what cannot be seen at
    its edges, that is blanks, marks of byte order and of direction, and characters without width.
    """
    if name.isascii():  # by far most, and nothing of what cannot be seen is
        return name.strip()
    while name != (bare := name.strip().strip(UNSEEN)):
        name = bare
    return unicodedata.normalize("NFC", name)


def same(name: str) -> str:
    """What two clean names have in common if they are one name to a warehouse: case apart."""
    if name.isascii():
        return name.lower()
    return unicodedata.normalize("NFC", name.casefold())


def letters_of(name: str) -> str:
    """What two clean names have in common that differ in case and signs only: ``Ask Price`` and
    ``ask_price``. A name of nothing but signs is itself."""
    letters = "".join(c for c in name if unicodedata.category(c)[0] in "LMN")
    return same(letters or name)


def spelling_of(names: Sequence[str], *, as_sent: bool) -> Callable[[str], str]:
    """How a record is held against names: what both give is equal where they are one name.

    :param names: clean.
    :param as_sent: whether they are written as the sender writes them; names that somebody gave to
        columns may be written as a table calls them. Of one alone, or where signs tell them apart,
        the signs count.
    """
    if as_sent:
        return same
    apart = len({letters_of(name) for name in names}) == len(names) > 1
    return letters_of if apart else same


def position_of(key: str) -> int | None:
    """The position from 1 that a key of ``rename`` stands for; ``None``: it is a name."""
    return int(key[1:]) if re.fullmatch(POSITION_PATTERN, key) else None


def named_by(names: Sequence[str], rename: Mapping[str, str]) -> tuple[str | None, ...]:
    """The mapping's names for a header's columns, in file order; ``None`` for those it leaves.

    :param names: clean names, as the header has them.
    :param rename: the mapping's ``csv.rename``: by name, or by position as ``#1``.
    """
    if not rename:
        return (None,) * len(names)
    by_key = {same(clean_name(key)): clean_name(own) for key, own in rename.items()}
    return tuple(
        by_key.get(f"#{position}", by_key.get(same(name)))
        for position, name in enumerate(names, start=1)
    )


def check_column_name(text: str) -> str:
    """A column name that a mapping gives.

    :raises PydanticCustomError: ``mapping.bad_value``.
    """
    name = clean_name(text)
    if not name or same(name) in OWN_COLUMNS:
        raise refusal(
            ErrorCode.MAPPING_BAD_VALUE,
            f"{text!r} is not a column name: "
            + ("it is a column of the loader's own." if name else "it is empty."),
            hint="Give the column another name.",
        )
    return text


def check_different(names: Iterable[str], *, at: tuple[str, ...] = ()) -> None:
    """Column names that stay different in a warehouse that ignores case.

    :raises PydanticCustomError: ``mapping.contradiction``.
    """
    seen: dict[str, str] = {}
    for name in names:
        key = same(clean_name(name))
        if key in seen:
            raise refusal(
                ErrorCode.MAPPING_CONTRADICTION,
                f"The columns {seen[key]!r} and {name!r} are one name to a warehouse.",
                hint="Rename one of them.",
                at=at,
            )
        seen[key] = name


def check_rename(
    rename: Mapping[str, str], *, header: bool | None, columns: tuple[str, ...] | None
) -> None:
    """What a mapping says of a header's names fits together.

    :param header: ``csv.header``; ``None``: it was refused.
    :param columns: ``csv.columns``.
    :raises PydanticCustomError: ``mapping.contradiction``, ``mapping.missing_key``.
    """
    if rename and header is False:
        raise refusal(
            ErrorCode.MAPPING_CONTRADICTION,
            "csv.rename renames the columns of a header, but the file has none.",
            hint="Write the names into csv.columns.",
        )
    check_different(rename)
    check_different(rename.values())
    positions = [key for key in rename if position_of(key)]
    if positions and columns is None:
        raise refusal(
            ErrorCode.MAPPING_MISSING_KEY,
            f"A position says nothing of the columns beside it: with {positions[0]!r} csv.columns "
            "has to name all columns in file order, as they are called then.",
            hint="Add columns: [first, second, ...], with the new names in their places.",
        )
    promised = {same(clean_name(name)) for name in columns or ()}
    for key, name in rename.items() if columns else ():
        if same(clean_name(name)) not in promised:
            raise refusal(
                ErrorCode.MAPPING_CONTRADICTION,
                f"csv.rename makes a column {name!r}, which csv.columns does not name.",
                hint="Add it to columns, as the columns are called when they are renamed.",
                at=("rename", key),
            )
