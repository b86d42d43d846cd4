"""Which load a delivery is: the rules of exactly-once, without a warehouse.

A ``load_id`` is a UUIDv5 over the JSON array ``[table, file name, sha256]``, so that a retry
computes the same one. Where that triple was loaded before (content that came back after something
else, or a duplicate that is to be loaded), the delivery token joins the array.
"""

from __future__ import annotations

import json
import uuid
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import chain, count
from typing import NamedTuple

from airflow_landing_loader.exceptions import ErrorCode, TerminalError
from airflow_landing_loader.landing.model import Delivery, Validated
from airflow_landing_loader.landing.moves.sidecar import Sidecar
from airflow_landing_loader.loading.model import short_id
from airflow_landing_loader.safe_text import storable

NAMESPACE = uuid.UUID("6f0d1c9e-5b1e-5c43-9d55-0a4f1b1f7a10")


@dataclass(frozen=True, kw_only=True)
class PriorLoad:
    """What ``load_metadata`` knows of an earlier load, as far as identity needs it.

    :param identity_key: what it is of, where its mapping said that by parts of its name.
    :param removed: its rows are out of the table again; nothing is a duplicate of it.
    :param row_count: how many rows it brought.
    :param lost: they are out of the table though no command of ours took them out.
    :param forgotten: they are in the table, though ``load_metadata`` knows nothing of it any more:
        it is no load, and its rows are not to be there twice.
    """

    load_id: str
    filename: str
    table_name: str
    sha256: str
    delivery_token: str
    sequence: int
    identity_key: str | None = None
    removed: bool = False
    row_count: int = 0
    lost: bool = False
    forgotten: bool = False


class Content(NamedTuple):
    """What a delivery may be a repetition of; name and key as the books have them."""

    table: str
    filename: str
    sha256: str
    identity_key: str | None = None


class Asked(NamedTuple):
    """A content, and the id of its first load."""

    table: str
    filename: str
    sha256: str
    load_id: str


class Remembered(NamedTuple):
    """A load that ``load_metadata`` does not know.

    :param booked: another book knows it; else it may have been made, as ``load_metadata`` knows no
        load of its table.
    :param outdated: other content was loaded under its name since.
    """

    table: str
    filename: str
    sha256: str
    load_id: str
    booked: bool
    outdated: bool


@dataclass(frozen=True, kw_only=True)
class NewLoad:
    """Decision: load it under this id.

    :param restates: the earlier load of the same table and file name, or of the same key, with
        other content.
    :param same_content: an earlier load of equal content under another file name.
    :param lost: an earlier load of equal name and content, whose rows somebody has taken away.
    :param forgotten: those that somebody has taken out of ``load_metadata``; it replaces them.
    """

    load_id: str
    restates: PriorLoad | None
    same_content: PriorLoad | None
    lost: PriorLoad | None = None
    forgotten: tuple[PriorLoad, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be said before it is loaded."""
        notes = []
        if (lost := self.lost) is not None:
            notes.append(
                f"loaded again: the rows of load {short_id(lost.load_id)} are not in "
                f"{lost.table_name} any more, though no unload took them out"
            )
        notes += [
            f"loaded again: {gone.table_name} had rows of load {short_id(gone.load_id)}, which is "
            "not in load_metadata any more; these rows take their place"
            for gone in self.forgotten
        ]
        return tuple(notes)


@dataclass(frozen=True, kw_only=True)
class AlreadyLoaded:
    """Decision: an earlier try of this very delivery committed; only the move is missing."""

    load: PriorLoad


@dataclass(frozen=True, kw_only=True)
class DuplicateOf:
    """Decision: the content is in the table already and the mapping says skip."""

    load: PriorLoad


Decision = NewLoad | AlreadyLoaded | DuplicateOf


@lru_cache(maxsize=4096)  # a batch asks what is there of its first ids before it takes them
def load_id(table: str, filename: str, sha256: str, *token: str) -> str:
    """Return the UUIDv5 of a load; ``token`` only where the triple was loaded before."""
    return str(uuid.uuid5(NAMESPACE, json.dumps([table, filename, sha256, *token])))


def delivery_id(delivery: Delivery, sha256: str | None) -> str:
    """Return the key of a delivery in ``load_deliveries``: the same for every retry of it.

    :param sha256: of its data file, if known: other content is another delivery, should a file
        system give one token twice.
    """
    data = delivery.data
    return _delivery_id(delivery.mapping.table, data.name, data.token, sha256)


def refused_id(sidecar: Sidecar) -> str:
    """Return the same of the delivery that a sidecar in the failed zone is of."""
    return _delivery_id(sidecar.table, sidecar.data_name, sidecar.data_token, sidecar.sha256)


def _delivery_id(table: str, name: str, token: str, sha256: str | None) -> str:
    key = [table, name, token, *([sha256] if sha256 else [])]
    return str(uuid.uuid5(NAMESPACE, json.dumps(key)))


def decide(validated: Validated, prior: Sequence[PriorLoad]) -> Decision:
    """Say what to do with a validated delivery, given the earlier loads.

    :param prior: loads of the same file name or the same content, in any order; others are ignored.
    :raises TerminalError: the mapping says ``fail`` for a duplicate or a restatement.
    """
    delivery, sha256 = validated.delivery, validated.inspection.sha256
    mapping, name = delivery.mapping, storable(delivery.data.name)
    of_table = sorted((p for p in prior if p.table_name == mapping.table), key=_sequence)
    present = [p for p in of_table if not p.removed]
    key = key_of(delivery)
    of_same = [p for p in present if _is_of_same(p, name, key)]
    for load in present:
        arrival = (load.filename, load.sha256, load.delivery_token)
        if arrival == (name, sha256, delivery.data.token):
            return AlreadyLoaded(load=load)
    latest = of_same[-1] if of_same else None
    # What was taken out of the table is in it no more: its content is new again.
    twins = [p for p in present if p not in of_same and p.sha256 == sha256]
    twin = twins[-1] if twins else None
    duplicate_of = _duplicate_of(mapping.identity.content, sha256, latest, twin)
    if duplicate_of is not None and mapping.on_duplicate != "load":
        return _refuse_or_skip(delivery, duplicate_of)
    same = [p for p in of_table if p.filename == name and p.sha256 == sha256]
    restates = latest if latest is not None and latest.sha256 != sha256 else None
    if restates is not None and mapping.on_redelivery == "fail":
        raise TerminalError(
            ErrorCode.DELIVERY_REDELIVERED,
            f"{_same(restates, name)} was loaded before with other content (load "
            f"{short_id(restates.load_id)}); the mapping says on_redelivery: fail",
            hint="If the new content is right, set on_redelivery: append or replace, then replay.",
            file=name,
        )
    # What the books would have called a repetition, had nobody taken the load out of them.
    repeats = restates is None and mapping.on_duplicate != "load"
    return NewLoad(
        load_id=_free_id(validated, {p.load_id for p in prior}),
        restates=restates,
        same_content=twin,
        lost=next((p for p in same if p.lost), None),
        forgotten=tuple(p for p in same if p.forgotten and repeats),
    )


def as_they_are(
    prior: Sequence[PriorLoad],
    contents: Collection[Content],
    remembered: Callable[[Sequence[Asked]], Iterable[Remembered]],
    present: Callable[[str, Sequence[str]], Collection[str] | None],
) -> list[PriorLoad]:
    """Return the loads as the tables show them, where somebody has altered those or the books.

    Loads whose rows are gone are removed: a file is skipped only as a duplicate of rows that are
    there. Loads that are in no books any more, but whose rows are there, are forgotten, unless
    other content came under their name since. A table may be large; so it is asked only for loads
    that may be repeated, and for those that another book than ``load_metadata`` remembers.

    :param remembered: which loads of these contents the other books know, or may have known.
    :param present: which of these loads have rows in this table; ``None``: nothing tells.
    """
    repeatable = {(c.table, c.sha256) for c in contents}
    asked = [Asked(c.table, c.filename, c.sha256, _first_id(c)) for c in contents]
    found = list(remembered(asked))
    booked = {load.load_id for load in found if load.booked}
    outdated = {load.load_id for load in found if load.outdated}
    doubtful = list({load.load_id: _unknown(load) for load in found}.values())
    counted_on = [
        p for p in prior if p.row_count and not p.removed and (p.table_name, p.sha256) in repeatable
    ]
    there, not_there = _sorted_out([*counted_on, *doubtful], present)
    forgotten = there - outdated
    return [
        *(replace(p, removed=True, lost=True) if p.load_id in not_there else p for p in prior),
        *(replace(p, forgotten=True) for p in doubtful if p.load_id in forgotten),
        # Their ids are taken.
        *(p for p in doubtful if p.load_id in (booked | there) - forgotten),
    ]


def _sorted_out(
    loads: Iterable[PriorLoad], present: Callable[[str, Sequence[str]], Collection[str] | None]
) -> tuple[set[str], set[str]]:
    """The ids of those that have rows in their tables, and of those that have none."""
    by_table: dict[str, list[str]] = defaultdict(list)
    for load in loads:
        by_table[load.table_name].append(load.load_id)
    there: set[str] = set()
    not_there: set[str] = set()
    for table, ids in by_table.items():
        with suppress(TerminalError):  # a view, which a load into it is refused for
            found = present(table, ids)
            if found is not None:
                there.update(found)
                not_there.update(set(ids) - set(found))
    return there, not_there


def _unknown(load: Remembered) -> PriorLoad:
    return PriorLoad(
        load_id=load.load_id,
        filename=load.filename,
        table_name=load.table,
        sha256=load.sha256,
        delivery_token="",
        sequence=0,
        removed=True,
    )


def contents_of(batch: Sequence[Validated]) -> list[Content]:
    """Return what is delivered."""
    return [
        Content(
            v.delivery.mapping.table,
            storable(v.delivery.data.name),
            v.inspection.sha256,
            key_of(v.delivery),
        )
        for v in batch
    ]


def key_of(delivery: Delivery) -> str | None:
    """What a delivery is of, as the books have it; ``None``: of its name."""
    key = delivery.identity_key
    return None if key is None else storable(key)


def _first_id(content: Content) -> str:
    return load_id(content.table, content.filename, content.sha256)


def _is_of_same(load: PriorLoad, name: str, key: str | None) -> bool:
    """Whether a load is of the same thing. Where both have a key it alone says so: a name may come
    again with other numbers or days in its go file."""
    if key is None or load.identity_key is None:
        return load.filename == name
    return load.identity_key == key


def _same(restated: PriorLoad, name: str) -> str:
    """What was loaded before, in words."""
    if restated.filename == name:
        return "the name"
    return f"the same {restated.identity_key} as {restated.filename!r}"


def _free_id(validated: Validated, taken: Set[str]) -> str:
    """The first id that no earlier load has: object stores may give one token twice in a second."""
    delivery = validated.delivery
    token = delivery.data.token
    longer = chain([(), (token,)], ((token, str(number)) for number in count(2)))
    (content,) = contents_of([validated])
    triple = (content.table, content.filename, content.sha256)
    return next(made for key in longer if (made := load_id(*triple, *key)) not in taken)


def _sequence(load: PriorLoad) -> int:
    return load.sequence


def _duplicate_of(
    by_content: bool, sha256: str, latest: PriorLoad | None, twin: PriorLoad | None
) -> PriorLoad | None:
    if latest is not None and latest.sha256 == sha256:
        return latest
    return twin if by_content else None


def _refuse_or_skip(delivery: Delivery, earlier: PriorLoad) -> DuplicateOf:
    if delivery.mapping.on_duplicate == "skip":
        return DuplicateOf(load=earlier)
    raise TerminalError(
        ErrorCode.DELIVERY_DUPLICATE,
        f"equal content was loaded before as {earlier.filename!r} "
        f"(load {short_id(earlier.load_id)}); the mapping says on_duplicate: fail",
        hint="Nothing is missing from the table; delete the file, or set on_duplicate: skip.",
        file=delivery.data.name,
    )
