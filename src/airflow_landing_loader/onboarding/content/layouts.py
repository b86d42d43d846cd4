"""How the files of one kind are laid out: the frame and the dialect that read all samples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice, product
from typing import Literal

from airflow_landing_loader.landing.model import Inspection, TrailerContent
from airflow_landing_loader.onboarding.content.frames import (
    PLAIN,
    Frame,
    extras_of,
    frames_of,
    may_be_escaped,
)
from airflow_landing_loader.onboarding.content.renaming import PROMISED, RENAME
from airflow_landing_loader.onboarding.content.tables import NoTable, Table, likely, read_tables
from airflow_landing_loader.onboarding.content.texts import Text
from airflow_landing_loader.onboarding.model import Doubt, Said, tree
from airflow_landing_loader.safe_text import shown_name

_MOST_TRIED = 200
_ENOUGH = 2
_ENOUGH_TO_LEAVE_ONE = 3
REPEATED_HEADER = ("csv", "repeated_header")


@dataclass(frozen=True, slots=True)
class Layout:
    """What is known of how files are written.

    :param said: keys, those of ``csv``, ``trailer`` and ``header_record``.
    :param columns: of the first sample; empty where no table was found.
    :param header: whether the first record holds names; ``None``: not known.
    :param has_trailer: whether the last record is a trailer.
    :param repeats_header: whether the names stand among the records again, and no count tells what
        that means.
    """

    said: tuple[Said, ...]
    doubts: tuple[Doubt, ...]
    columns: tuple[str, ...] = ()
    header: bool | None = None
    has_trailer: bool = False
    repeats_header: bool = False


def layout_of(texts: Sequence[Text]) -> Layout:
    """Find the layout of all texts.

    :param texts: of a few files of one kind, none of them empty.
    """
    why = NoTable("no dialect fits it")
    for read in (_by_counts, _uncounted):
        for some, odd in _mostly(texts):
            found = read(some)
            if isinstance(found, NoTable) and not odd:
                why = found
            elif isinstance(found, tuple):
                layout = _told(*found)
                doubts = (*layout.doubts, *_oddity(odd), *_escapes(layout, some))
                return replace(layout, doubts=doubts)
    return _detected_later(why)


def _mostly(texts: Sequence[Text]) -> Iterator[tuple[Sequence[Text], str]]:
    """All texts; and all but one of them, which may be at fault, with its name."""
    yield texts, ""
    if len(texts) >= _ENOUGH_TO_LEAVE_ONE:
        for at, text in enumerate(texts):
            yield [*texts[:at], *texts[at + 1 :]], text.name


def _oddity(name: str) -> list[Doubt]:
    if not name:
        return []
    return [Doubt("csv", f"{shown_name(name)} is not written as the others are, or is at fault")]


def _escapes(layout: Layout, texts: Sequence[Text]) -> list[Doubt]:
    said = {one.path for one in layout.said}
    if said & {("csv", "escape"), ("csv", "escape_sequences")} or not may_be_escaped(texts):
        return []
    text = (
        "a backslash stands before n, t, r or b: is it text, or does it write a line end or a tab, "
        "as dumps of databases do (postgres, mysql)? It is loaded as text"
    )
    return [Doubt("csv.escape_sequences", text)]


def _by_counts(texts: Sequence[Text]) -> tuple[Frame, Table] | None:
    return _counted(texts, exact=True) or _counted(texts, exact=False)


def _counted(texts: Sequence[Text], *, exact: bool) -> tuple[Frame, Table] | None:
    """By a frame whose lines say how many records there are, and are right.

    :param exact: the counts are of data records alone; then they tell whether there is a header.
    """
    whole = [text for text in texts if text.whole]
    if not whole:
        return None
    for frame, extra in islice(_candidates(whole, counted=True), _MOST_TRIED):
        tables, _ = read_tables(whole, (*frame.said, *extra))
        fitting = [
            (table, included)
            for table in tables
            if (included := _included(frame, table)) is not None and (not included or not exact)
        ]
        if len(fitting) == 1:
            table, included = fitting[0]
            header = table.header is not False if exact else table.header
            said = (*frame.said, *extra, *included, *_again(table))
            return replace(frame, said=said), replace(table, header=header)
    return None


def _again(table: Table) -> list[Said]:
    if not table.repeats_header:
        return []
    return [Said(REPEATED_HEADER, "skip", "a header stands among the records, which are counted")]


def _uncounted(texts: Sequence[Text]) -> tuple[Frame, Table] | NoTable:
    first: NoTable | None = None
    second: tuple[Frame, Table] | None = None
    for frame, extra in _candidates(texts, counted=False):
        tables, why = read_tables(texts, (*frame.said, *extra))
        table = likely(tables)
        if table is None:
            first = first or (why if frame == PLAIN and not extra else None)
        elif table.header is not None:
            return replace(frame, said=(*frame.said, *extra)), table
        else:
            second = second or (replace(frame, said=(*frame.said, *extra)), table)
    return second or first or NoTable("no dialect fits it")


def _candidates(
    texts: Sequence[Text], *, counted: bool
) -> Iterator[tuple[Frame, tuple[Said, ...]]]:
    extras = list(extras_of(texts))
    for frame in frames_of(texts):
        if bool(frame.counts) is counted:
            yield from ((frame, extra) for extra in extras)


def _included(frame: Frame, table: Table) -> list[Said] | None:
    """What the counts include besides records; ``None``: they do not fit."""
    said: list[Said] = []
    for key, of in (("trailer", _trailer_of), ("header_record", _header_record_of)):
        if not any(one.path[0] == key for one in frame.said):
            continue
        pairs = [(of(inspection), inspection) for inspection in table.inspections]
        others = _others(pairs, has_trailer=key == "trailer")
        if others is None or (others and len(set(frame.counts)) < _ENOUGH):
            return None
        if others:
            said.append(Said((key, "count_includes"), others, "the count is of more than records"))
    return said


def _trailer_of(inspection: Inspection) -> TrailerContent | None:
    return inspection.trailer


def _header_record_of(inspection: Inspection) -> TrailerContent | None:
    return inspection.header_record


def _others(
    pairs: Sequence[tuple[TrailerContent | None, Inspection]], *, has_trailer: bool
) -> list[Literal["header", "trailer"]] | None:
    has_header = pairs[0][1].header_line is not None
    for trailer, header in product((False, True), repeat=2):
        if trailer > has_trailer or header > has_header:
            continue
        if all(
            it is not None and it.expected_records == _counted_in(one, header=header) + trailer
            for it, one in pairs
        ):
            others: list[Literal["header", "trailer"]] = ["header"] if header else []
            return [*others, "trailer"] if trailer else others
    return None


def _counted_in(inspection: Inspection, *, header: bool) -> int:
    """Records, or those and each header that stands above or among them."""
    return inspection.records + (1 + inspection.skipped_headers if header else 0)


def _told(frame: Frame, table: Table) -> Layout:
    said = tuple({one.path: one for one in (*frame.said, *table.said)}.values())
    has_trailer = any(one.path[0] == "trailer" for one in said)
    doubts = []
    if table.header is False:
        names = [f"column_{at}" for at in range(1, len(table.columns) + 1)]
        said += (
            Said(("csv", "header"), False, "the first record holds values, as the others do"),
            Said(("csv", "columns"), names, "nothing names them: put their names here"),
        )
        doubts.append(Doubt("csv.columns", "the files name no columns, so these are placeholders"))
    given = tree(said).get("csv", {}).get("rename")
    if given and table.header is None:
        said = tuple(one for one in said if one.path not in (RENAME, PROMISED))
        keys = ", ".join(f"'{key}'" for key in given)
        text = f"if the first record holds names, some lack or stand twice: name {keys}"
        doubts.append(Doubt("csv.rename", text))
    elif given:
        text = "columns have no name, or one that stands twice: these are placeholders"
        doubts.append(Doubt("csv.rename", text))
    if any(one.path == ("csv", "footer_rows") for one in said):
        text = "are these lines a footer, or were the files cut? Nothing counts the records"
        doubts.append(Doubt("csv.footer_rows", text))
    if table.header is None:
        said = _open(said)
    asks_again = table.repeats_header and all(one.path != REPEATED_HEADER for one in said)
    if asks_again:
        text = (
            "the names of the columns stand among the records again, and no count tells what that "
            "means. Write skip if they are to be left out, load if they are data. Until then such "
            "files are refused"
        )
        doubts.append(Doubt(".".join(REPEATED_HEADER), text))
    if table.header is None:
        doubts.append(
            Doubt(
                "csv.header",
                "nothing tells whether the first record holds names or data. Names: write header: "
                "true beside auto: true; data: header: false, and columns with all names. Until "
                "then no file loads",
            )
        )
    return Layout(said, tuple(doubts), table.columns, table.header, has_trailer, asks_again)


def _open(said: Sequence[Said]) -> tuple[Said, ...]:
    auto = Said(("csv", "auto"), True, "refuses a file of which nothing tells that it has a header")
    return (auto, *(one for one in said if one.path != REPEATED_HEADER))


def _detected_later(found: NoTable) -> Layout:
    auto = Said(("csv", "auto"), True, "each file is read as it is detected, or refused")
    return Layout((auto,), (Doubt("csv", found.why),))
