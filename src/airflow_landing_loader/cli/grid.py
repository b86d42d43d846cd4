"""Small tables that fit where they are shown: nothing is cut, and nothing breaks within a word.

What has no room in its column stands below its row. A pipe has all the room there is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

INDENT = 2
_GAP = 2
_NARROW = 16  # columns of times, ids and counts never give way by halves
_PROSE = 24
_MOST_CELLS = 0.7  # of a column have room in it, if it is beside the others


@dataclass(frozen=True, kw_only=True)
class Grid:
    """A small table: cells are text of anybody, made safe when shown.

    :param title: line above the table.
    :param headers: column names.
    :param rows: cells, as many as headers.
    :param right: headers whose cells are aligned to the right.
    :param styles: rich's style of a cell with this text, in the column ``styled``.
    :param empty: shown in place of a table without rows; ``""`` leaves the whole grid out.
    """

    title: str
    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    right: tuple[str, ...] = ()
    styled: str = ""
    styles: Mapping[str, str] = field(default_factory=dict)
    empty: str = "none"


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A piece of a line.

    :param before: blanks that come before it.
    :param style: rich's style; ``""`` for none.
    """

    before: int
    text: str
    style: str = ""


Line = tuple[Cell, ...]


def laid_out(grid: Grid, width: int | None, safe: Callable[[str], str]) -> Iterator[Line]:
    """The lines of a table with rows, headers first.

    :param width: columns of the terminal; ``None``: there is no limit.
    :param safe: makes a cell's text one that can be shown.
    """
    rows = [tuple(safe(cell) for cell in row) for row in grid.rows]
    widths = _natural((grid.headers, *rows))
    if width is not None:
        widths = _narrowed(grid.headers, rows, widths, width)
    right = tuple(header in grid.right for header in grid.headers)
    yield _line(grid.headers, widths, right, ("dim",) * len(widths))
    for row in rows:
        styles = tuple(
            grid.styles.get(cell, "") if header == grid.styled else ""
            for header, cell in zip(grid.headers, row, strict=True)
        )
        if line := _line(row, widths, right, styles):
            yield line
        yield from _below(row, widths, width)


def wrapped(text: str, width: int, *, hang: int = 0) -> list[str]:
    """A line as lines of at most ``width``, broken between words only.

    :param hang: blanks before the lines behind the first.
    """
    if len(text) <= width:
        return [text]
    lines, line, started = [], "", False
    for word in text.split(" "):
        longer = f"{line} {word}" if started else word
        if line.strip() and len(longer) > width:
            lines.append(line)
            line = " " * hang + word
        else:
            line = longer
        started = True
    return [*lines, line]


def _natural(rows: Sequence[tuple[str, ...]]) -> list[int]:
    return [max(map(len, column)) for column in zip(*rows, strict=True)]


def _narrowed(
    headers: tuple[str, ...], rows: Sequence[tuple[str, ...]], widths: list[int], width: int
) -> list[int]:
    """Widths that fit; 0 for a column that has no room beside the others.

    First prose in the last column gives way, then the few longest cells of wide columns, then
    columns from the last on, the first two last: they say what a row is about.
    """
    natural, order = list(widths), [*reversed(range(2, len(widths))), *range(min(2, len(widths)))]
    if _total(widths) > width and len(widths) > 2 and widths[-1] > _PROSE:
        widths[-1] = 0
    for column in sorted(order, key=lambda i: -widths[i]):
        lengths = sorted(len(row[column]) for row in rows if row[column])
        if _total(widths) > width and widths[column] > _NARROW and lengths:
            widths[column] = max(len(headers[column]), lengths[int(len(lengths) * _MOST_CELLS)])
    for column in (*order[:-2], *sorted(order[-2:], key=lambda i: -widths[i])):
        if _total(widths) > width:
            widths[column] = 0
    return _grown(widths, natural, rows, width)


def _grown(
    widths: list[int], natural: Sequence[int], rows: Sequence[tuple[str, ...]], width: int
) -> list[int]:
    """What was taken too much, since other columns have gone."""
    for column, whole in enumerate(natural):
        here, widths[column] = widths[column], 0
        room = width - _total(widths) - _GAP
        fitting = [len(row[column]) for row in rows if len(row[column]) <= room]
        widths[column] = whole if whole <= room else max([here, *fitting]) if here else 0
    return widths


def _total(widths: Sequence[int]) -> int:
    shown = [w for w in widths if w]
    return INDENT + sum(shown) + _GAP * max(0, len(shown) - 1)


def _line(
    row: tuple[str, ...], widths: Sequence[int], right: Sequence[bool], styles: Sequence[str]
) -> Line:
    cells, blanks = [], INDENT
    for text, width, to_right, style in zip(row, widths, right, styles, strict=True):
        if not width:
            continue
        here = text if len(text) <= width else ""
        room = width - len(here)
        if here:
            before = blanks + room if to_right else blanks
            cells.append(Cell(before=before, text=here, style=style))
            blanks = 0 if to_right else room
        else:
            blanks += room
        blanks += _GAP
    return tuple(cells)


def _below(row: tuple[str, ...], widths: Sequence[int], width: int | None) -> Iterator[Line]:
    """What has no room in its column, one after the other."""
    indent = INDENT * 3
    for text, room in zip(row, widths, strict=True):
        if width is None or len(text) <= room:
            continue
        for line in wrapped(text, width - indent):
            yield (Cell(before=indent, text=line),)
