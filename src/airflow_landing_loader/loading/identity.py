"""Which load a delivery is: the rules of exactly-once, without a warehouse.

A ``load_id`` is a UUIDv5 over the JSON array ``[table, file name, sha256]``, so that a retry
computes the same one. Where that triple was loaded before (content that came back after something
else, or a duplicate that is to be loaded), the delivery token joins the array.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence, Set
from dataclasses import dataclass
from itertools import chain, count

from airflow_landing_loader.exceptions import ErrorCode, TerminalError
from airflow_landing_loader.landing.model import Delivery, Validated
from airflow_landing_loader.loading.names import storable

NAMESPACE = uuid.UUID("6f0d1c9e-5b1e-5c43-9d55-0a4f1b1f7a10")


@dataclass(frozen=True, kw_only=True)
class PriorLoad:
    """What ``load_metadata`` knows of an earlier load, as far as identity needs it.

    :param removed: its rows are out of the table again; nothing is a duplicate of it.
    """

    load_id: str
    filename: str
    table_name: str
    sha256: str
    delivery_token: str
    sequence: int
    removed: bool = False


@dataclass(frozen=True, kw_only=True)
class NewLoad:
    """Decision: load it under this id.

    :param restates: the earlier load of the same table and file name, with other content.
    :param same_content: an earlier load of equal content under another file name.
    """

    load_id: str
    restates: PriorLoad | None
    same_content: PriorLoad | None


@dataclass(frozen=True, kw_only=True)
class AlreadyLoaded:
    """Decision: an earlier try of this very delivery committed; only the move is missing."""

    load: PriorLoad


@dataclass(frozen=True, kw_only=True)
class DuplicateOf:
    """Decision: the content is in the table already and the mapping says skip."""

    load: PriorLoad


Decision = NewLoad | AlreadyLoaded | DuplicateOf


def load_id(table: str, filename: str, sha256: str, *token: str) -> str:
    """Return the UUIDv5 of a load; ``token`` only where the triple was loaded before."""
    return str(uuid.uuid5(NAMESPACE, json.dumps([table, filename, sha256, *token])))


def delivery_id(delivery: Delivery) -> str:
    """Return the key of a delivery in ``load_deliveries``: the same for every retry of it."""
    data = delivery.data
    return str(uuid.uuid5(NAMESPACE, json.dumps([delivery.mapping.table, data.name, data.token])))


def decide(validated: Validated, prior: Sequence[PriorLoad]) -> Decision:
    """Say what to do with a validated delivery, given the earlier loads.

    :param prior: loads of the same file name or the same content, in any order; others are ignored.
    :raises TerminalError: the mapping says ``fail`` for a duplicate or a restatement.
    """
    delivery, sha256 = validated.delivery, validated.inspection.sha256
    mapping, name = delivery.mapping, storable(delivery.data.name)
    of_table = sorted((p for p in prior if p.table_name == mapping.table), key=_sequence)
    present = [p for p in of_table if not p.removed]
    of_name = [p for p in present if p.filename == name]
    for load in of_name:
        if load.sha256 == sha256 and load.delivery_token == delivery.data.token:
            return AlreadyLoaded(load=load)
    latest = of_name[-1] if of_name else None
    # What was taken out of the table is in it no more: its content is new again.
    twins = [p for p in present if p.filename != name and p.sha256 == sha256]
    twin = twins[-1] if twins else None
    duplicate_of = _duplicate_of(mapping.identity == "content", sha256, latest, twin)
    if duplicate_of is not None and mapping.on_duplicate != "load":
        return _refuse_or_skip(delivery, duplicate_of)
    restates = latest if latest is not None and latest.sha256 != sha256 else None
    if restates is not None and mapping.on_redelivery == "fail":
        raise TerminalError(
            ErrorCode.DELIVERY_REDELIVERED,
            f"the name was loaded before with other content (load {restates.load_id}); "
            "the mapping says on_redelivery: fail",
            hint="if the new content is right, set on_redelivery to append or replace, then replay",
            file=name,
        )
    return NewLoad(
        load_id=_free_id(validated, {p.load_id for p in prior}),
        restates=restates,
        same_content=twin,
    )


def _free_id(validated: Validated, taken: Set[str]) -> str:
    """The first id that no earlier load has: object stores may give one token twice in a second."""
    delivery = validated.delivery
    token = delivery.data.token
    longer = chain([(), (token,)], ((token, str(number)) for number in count(2)))
    triple = (delivery.mapping.table, storable(delivery.data.name), validated.inspection.sha256)
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
        f"equal content was loaded before as {earlier.filename!r} (load {earlier.load_id}); "
        "the mapping says on_duplicate: fail",
        hint="nothing is missing from the table; delete the file, or set on_duplicate: skip",
        file=delivery.data.name,
    )
