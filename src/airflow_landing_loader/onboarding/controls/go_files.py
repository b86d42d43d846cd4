"""What go files say, proved by what their data files are: their counts, sizes, digests, days."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import ValidationError

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.config.mapping.proof import PLACES
from airflow_landing_loader.exceptions import LandingError
from airflow_landing_loader.landing.control.checksums import ALGORITHMS
from airflow_landing_loader.landing.control.counts import read_count
from airflow_landing_loader.landing.control.go_file.at_hand import AtHand
from airflow_landing_loader.landing.control.go_file.at_hand import Said as Found
from airflow_landing_loader.landing.control.go_file.reading import said_in
from airflow_landing_loader.landing.control.go_file.text import decode
from airflow_landing_loader.landing.model import Delivery
from airflow_landing_loader.onboarding.controls.places import Form, Place, forms_of
from airflow_landing_loader.onboarding.model import Doubt, Said
from airflow_landing_loader.safe_text import shown_name
from airflow_landing_loader.storage.model import LandedFile

_COUNT_WORDS = re.compile(r"row|rec|count|cnt|num|line|total|qty|nb|anz", re.IGNORECASE)
_STATUS_WORDS = re.compile(r"stat|state|result|outcome|flag", re.IGNORECASE)
_DATE_WORDS = re.compile(r"date|day|cob|asof|as_of", re.IGNORECASE)
_GOOD_TEXT = """
SUCCESS SUCCEEDED OK DONE COMPLETE COMPLETED FINISHED READY FINAL PASS
"""
_GOOD = frozenset(_GOOD_TEXT.split())
_DAY = re.compile(r"\d{4}(-?)\d\d\1\d\d")
_LARGE = 100
_ENOUGH = 2
_ENOUGH_TO_LEAVE_ONE = 3
_NUMBERS = ("row_count", "checksum", "size")


@dataclass(frozen=True, slots=True)
class Facts:
    """A data file, its go file, and what is true of it.

    :param records: data records; ``None``: they were not counted.
    :param content: of the data file as delivered; ``None``: too large to be read as a whole.
    :param go: bytes of the go file.
    :param days: what the dates in the data file's name say.
    :param skipped_headers: headers among the records, which are left out.
    """

    data: LandedFile
    go_file: LandedFile
    records: int | None
    content: bytes | None = field(repr=False)
    go: bytes
    days: tuple[str, ...] = ()
    skipped_headers: int = 0


@dataclass(frozen=True, slots=True)
class Value:
    """What stands at one place of all go files."""

    place: Place
    hint: str
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GoFound:
    """Keys of ``go_file``, but for its pattern.

    :param proved: whether what it says is right for all files that were read.
    :param others: what stands at the places that no key names.
    :param facts: of the files that it is about.
    """

    said: tuple[Said, ...]
    doubts: tuple[Doubt, ...] = ()
    proved: bool = False
    others: tuple[Value, ...] = ()
    facts: tuple[Facts, ...] = ()


_THERE = (
    Said(
        ("go_file", "format"),
        "presence",
        "nothing that stands in them is proved, so only that they are there counts",
    ),
)


def find_places(
    facts: Sequence[Facts],
    mapping: TableMapping,
    *,
    headers: int,
    trailers: int,
    form: Form | None = None,
) -> GoFound:
    """Find the form of some go files, and where in them stands what can be proved.

    :param facts: of at least one data file.
    :param mapping: with the patterns of both, and ``format: presence``.
    :param headers: how many each data file has.
    :param trailers: likewise.
    :param form: if it is known, as that of go files which name several data files.
    """
    found = _find_mostly(facts, mapping, headers=headers, trailers=trailers, form=form)
    return found if form is None or found.proved else _listing(form, found)


def listing(form: Form) -> tuple[Said, ...]:
    """The keys of a form whose go files name several data files."""
    why = "it names several data files: all of them are loaded together, or none is"
    return tuple(
        Said(("go_file", key), value, why if key == "lists_files" else "")
        for key, value in form.keys
    )


def _listing(form: Form, found: GoFound) -> GoFound:
    """What names several data files proves them by that, though nothing else is proved."""
    doubts = tuple(one for one in found.doubts if one.about != "go_file.format")
    return replace(found, said=listing(form), doubts=doubts)


def _find_mostly(
    facts: Sequence[Facts],
    mapping: TableMapping,
    *,
    headers: int,
    trailers: int,
    form: Form | None,
) -> GoFound:
    """By all files; or by all but one of them, which may be at fault."""
    all_of_them = _find(facts, mapping, headers=headers, trailers=trailers, form=form)
    if all_of_them.proved or len(facts) < _ENOUGH_TO_LEAVE_ONE:
        return all_of_them
    for at, odd in enumerate(facts):
        others = [*facts[:at], *facts[at + 1 :]]
        found = _find(others, mapping, headers=headers, trailers=trailers, form=form)
        if found.proved and any(one.path[1] in _NUMBERS for one in found.said):
            text = f"what {shown_name(odd.go_file.name)} says is not so, unlike all others read"
            return replace(found, doubts=(*found.doubts, Doubt("go_file", text)))
    return all_of_them


def _find(
    facts: Sequence[Facts],
    mapping: TableMapping,
    *,
    headers: int,
    trailers: int,
    form: Form | None,
) -> GoFound:
    if not any(one.go.strip() for one in facts):
        why = "they are empty: each says all by being there"
        return GoFound((Said(("go_file", "format"), "presence", why),), proved=True)
    best: GoFound | None = None
    for one in [form] if form else _forms(facts[0], mapping):
        values = list(_values(one, facts, mapping))
        found = _proved(one, values, facts, headers=headers, trailers=trailers)
        if found is not None and found.proved:
            return found
        best = best or found
    return best or GoFound(_THERE, (Doubt("go_file.format", "nothing in them could be proved"),))


def _forms(first: Facts, mapping: TableMapping) -> Iterator[Form]:
    hand = _hand(first, mapping)
    try:
        text = decode(first.go, hand)
        yield from forms_of(text, hand, first.data.name)
    except LandingError:
        return


def _hand(one: Facts, mapping: TableMapping) -> AtHand:
    rules = mapping.go_file
    if rules is None:
        raise ValueError("a mapping without a go file")
    delivery = Delivery(mapping=mapping, data=one.data, go=one.go_file)
    return AtHand(name=one.go_file.name, delivery=delivery, rules=rules)


def _with(mapping: TableMapping, form: Form, **places: Any) -> TableMapping | None:
    """The mapping with a form and places of its go file; ``None``: they do not go together."""
    pattern = mapping.go_file.pattern if mapping.go_file else ""
    keys = {"pattern": pattern, **dict(form.keys), **places}
    try:
        return TableMapping.model_validate(
            {"pattern": mapping.pattern, "table": mapping.table, "go_file": keys}
        )
    except ValidationError:
        return None


def _said(one: Facts, mapping: TableMapping) -> Found | None:
    try:
        return said_in(one.go, _hand(one, mapping))
    except LandingError:
        return None


def _values(form: Form, facts: Sequence[Facts], mapping: TableMapping) -> Iterator[Value]:
    """What stands at each place, where something stands in all go files."""
    if form.name == "checksum":
        probe = _with(mapping, form)
        said = [None if probe is None else _said(one, probe) for one in facts]
        texts = [one.checksum.text for one in said if one is not None and one.checksum is not None]
        if len(texts) == len(facts):
            yield Value("", "", tuple(texts))
        return
    for place, hint in form.places:
        probe = _with(mapping, form, status=place)
        said = [None if probe is None else _said(one, probe) for one in facts]
        texts = [one.status.text for one in said if one is not None and one.status is not None]
        if len(texts) == len(facts):
            yield Value(place, hint, tuple(texts))


def _proved(
    form: Form,
    values: Sequence[Value],
    facts: Sequence[Facts],
    *,
    headers: int,
    trailers: int,
) -> GoFound | None:
    """The keys of a form of which something is true; ``None``: nothing is."""
    said = [*listing(form)]
    doubts: list[Doubt] = []
    sums = [one for one in values if _all(one, facts, _is_digest)]
    if form.name == "checksum":
        if not sums:
            return None
        first = Said(("go_file", "format"), "checksum", f"right for {_files(facts)}")
        return GoFound((first, *said[1:]), proved=True)
    count = _count(values, facts, headers=headers, trailers=trailers, doubts=doubts)
    said += count
    sizes = [one for one in values if _all(one, facts, _is_size)]
    for key, found in (("checksum", sums), ("size", sizes)):
        said += _only(key, found, facts, doubts)
    if not any(one.path[1] in _NUMBERS for one in said):
        return GoFound(_THERE, tuple(doubts)) if doubts else None
    said += _status(values, doubts)
    said += _date(values, facts)
    named = {one.value for one in said if one.path[1] in PLACES}
    others = tuple(one for one in values if one.place not in named)
    return GoFound(tuple(said), tuple(doubts), True, others, tuple(facts))


def _all(value: Value, facts: Sequence[Facts], is_true: Callable[[str, Facts], bool]) -> bool:
    return all(is_true(text, one) for text, one in zip(value.texts, facts, strict=True))


def _is_digest(text: str, one: Facts) -> bool:
    algorithm = ALGORITHMS.get(len(text))
    if algorithm is None or one.content is None:
        return False
    digest = hashlib.new(algorithm, one.content, usedforsecurity=False).hexdigest()
    return text.lower() == digest


def _is_size(text: str, one: Facts) -> bool:
    return read_count(text) == one.data.size


def _count(
    values: Sequence[Value],
    facts: Sequence[Facts],
    *,
    headers: int,
    trailers: int,
    doubts: list[Doubt],
) -> list[Said]:
    """Where the count stands, if one place has it, and what it includes."""
    if any(one.records is None for one in facts):
        return []
    others = [["header"] * headers, ["trailer"] * trailers]
    for included in ([], others[0], others[1], [*others[0], *others[1]]):
        more = len(included)
        found = [value for value in values if _counts(value, facts, included)]
        hinted = [value for value in found if _COUNT_WORDS.search(value.hint)]
        found = hinted or found
        numbers = {one.records for one in facts}
        sure = hinted or len(numbers) >= _ENOUGH or (min(n or 0 for n in numbers) >= _LARGE)
        if found and sure and (not included or len(numbers) >= _ENOUGH):
            why = f"right for {_files(facts)}"
            said = _only("row_count", found, facts, doubts, why)
            if said and included:
                said.append(Said(("go_file", "count_includes"), included))
            return said
        if found and included:
            where = ", ".join(str(one.place) for one in found)
            text = f"{where} is {more} more than there are records: does it count {included[0]}s?"
            doubts.append(Doubt("go_file.row_count", text))
            return []
        if found:
            where = " or ".join(str(one.place) for one in found)
            doubts.append(
                Doubt("go_file.row_count", f"may stand at {where}; one small count proves nothing")
            )
            return []
    return []


def _only(
    key: str,
    found: Sequence[Value],
    facts: Sequence[Facts],
    doubts: list[Doubt],
    why: str = "",
) -> list[Said]:
    if len(found) > 1:
        places = " and ".join(str(one.place) for one in found)
        doubts.append(Doubt(f"go_file.{key}", f"{places} are all right: nothing tells which is it"))
    if len(found) != 1:
        return []
    return [Said(("go_file", key), found[0].place, why or f"right for {_files(facts)}")]


def _status(values: Sequence[Value], doubts: list[Doubt]) -> list[Said]:
    alike = [one for one in values if len(set(one.texts)) == 1]
    good = [one for one in alike if one.texts[0].upper() in _GOOD]
    if len(good) == 1:
        text = good[0].texts[0]
        said = [Said(("go_file", "status"), good[0].place, f"{text} in all files that were read")]
        if text != "SUCCESS":
            said.append(Said(("go_file", "status_ok"), [text]))
        return said
    for one in alike:
        if _STATUS_WORDS.search(one.hint) and one not in good:
            doubts.append(
                Doubt("go_file.status", f"may stand at {one.place}; which values are good?")
            )
    return []


def _date(values: Sequence[Value], facts: Sequence[Facts]) -> list[Said]:
    found = [one for one in values if _all(one, facts, _is_day)]
    if not found or not all(_DAY.fullmatch(text) for one in found for text in one.texts):
        return []
    named = [one for one in found if _DATE_WORDS.search(one.hint)] or found
    if len(named) > 1:
        return []
    return [Said(("go_file", "business_date"), named[0].place, "the day that the name says")]


def _counts(value: Value, facts: Sequence[Facts], included: Sequence[str]) -> bool:
    """Whether it is the number of records, and of what else is included, in each file."""
    more = len(included)
    headers = "header" in included
    return all(
        read_count(text) == (one.records or 0) + more + one.skipped_headers * headers
        for text, one in zip(value.texts, facts, strict=True)
    )


def _is_day(text: str, one: Facts) -> bool:
    plain = text.replace("-", "")
    return any(plain == day[:10].replace("-", "") for day in one.days)


def _files(facts: Sequence[Facts]) -> str:
    return f"{len(facts)} file{'' if len(facts) == 1 else 's'} that were read"
