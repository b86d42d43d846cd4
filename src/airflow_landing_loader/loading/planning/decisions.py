"""What is to be done with each delivery of a batch: pure, for all warehouses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from airflow_landing_loader.exceptions import LandingError
from airflow_landing_loader.landing.model import Validated
from airflow_landing_loader.loading.model import (
    Duplicate,
    Refused,
    short_id,
)
from airflow_landing_loader.loading.planning.identity import (
    AlreadyLoaded,
    Decision,
    DuplicateOf,
    NewLoad,
    PriorLoad,
    contents_of,
    decide,
    key_of,
)
from airflow_landing_loader.loading.planning.sequences import Positions, SequenceOf, gap, turns
from airflow_landing_loader.loading.planning.sets import kept_whole
from airflow_landing_loader.loading.planning.steps import Earlier, Planned
from airflow_landing_loader.safe_text import storable


class _Known:
    """Loads that a delivery may be a repetition of, found by name, by key and by content.

    :ivar loads: by load id.
    """

    def __init__(self, loads: Iterable[PriorLoad]) -> None:
        self.loads: dict[str, PriorLoad] = {}
        self._by_name: dict[str, list[str]] = defaultdict(list)
        self._by_key: dict[str | None, list[str]] = defaultdict(list)
        self._by_content: dict[str, list[str]] = defaultdict(list)
        for load in loads:
            self.add(load)

    def add(self, load: PriorLoad) -> None:
        """Know one load more."""
        self.loads[load.load_id] = load
        self._by_name[load.filename].append(load.load_id)
        self._by_content[load.sha256].append(load.load_id)
        if load.identity_key is not None:
            self._by_key[load.identity_key].append(load.load_id)

    def remove(self, load_id: str) -> None:
        """Know that a load's rows go out of its table."""
        self.loads[load_id] = replace(self.loads[load_id], removed=True)

    def like(self, validated: Validated) -> list[PriorLoad]:
        """Return the loads of the same file name, the same key or the same content."""
        (content,) = contents_of([validated])
        found = [
            *self._by_name[content.filename],
            *self._by_key[content.identity_key],
            *self._by_content[content.sha256],
        ]
        return [self.loads[load_id] for load_id in dict.fromkeys(found)]


def decide_all(
    batch: Sequence[Validated],
    prior: Sequence[PriorLoad],
    unfit: Mapping[str, LandingError] = MappingProxyType({}),
    last: Mapping[SequenceOf, int] = MappingProxyType({}),
) -> list[Planned | Earlier | Duplicate | Refused]:
    """Say of each delivery what is to be done, the earlier ones of the batch counted as loaded.

    :param unfit: why no file can be loaded, by table; none is a duplicate of what is not there.
    :param last: the last number of each sequence.
    """
    refused: dict[str, Refused] = {}
    while True:
        decided = _decide_each(batch, prior, unfit, last, refused)
        whole = kept_whole(decided)
        # What was decided by what is not loaded after all is decided anew.
        with_their_sets = {
            item.delivery.data.name: item
            for item, before in zip(whole, decided, strict=True)
            if isinstance(item, Refused) and item is not before
        }
        if not with_their_sets:
            return decided
        refused |= with_their_sets


def _decide_each(
    batch: Sequence[Validated],
    prior: Sequence[PriorLoad],
    unfit: Mapping[str, LandingError],
    last: Mapping[SequenceOf, int],
    said: Mapping[str, Refused],
) -> list[Planned | Earlier | Duplicate | Refused]:
    """See :func:`decide_all`.

    :param said: those that are refused for another one's sake, by name.
    """
    known, positions = _Known(prior), Positions(last)
    decided: dict[int, Planned | Earlier | Duplicate | Refused] = {}
    # Sets stand together, and the numbers of one may lie between those of another.
    for at in turns([validated.delivery for validated in batch]):
        validated = batch[at]
        if (name := validated.delivery.data.name) in said:
            decided[at] = said[name]
            continue
        why = unfit.get(validated.delivery.mapping.table)
        if why is not None:
            decided[at] = refused(validated, why)
            continue
        try:
            decision = decide(validated, known.like(validated))
        except LandingError as error:
            decided[at] = refused(validated, error)
            continue
        item = _in_turn(_decided(validated, decision), positions)
        if isinstance(item, Planned):
            for replaced in item.replaces:
                known.remove(replaced)
            # The next of the batch may have the same content.
            known.add(_as_prior(validated, item.decision, len(known.loads)))
        decided[at] = item
    return [decided[at] for at in range(len(batch))]


def _in_turn(
    item: Planned | Earlier | Duplicate, positions: Positions
) -> Planned | Earlier | Duplicate | Refused:
    """The same, unless a number before its own is missing."""
    if not isinstance(item, Planned):
        return item
    delivery = item.validated.delivery
    waits_for = positions.waits_for(delivery)
    if waits_for is not None:
        return refused(item.validated, gap(delivery, waits_for))
    missing = positions.missing(delivery)
    positions.take(delivery)
    return item if missing is None else replace(item, missing=missing)


def refused(validated: Validated, error: LandingError) -> Refused:
    """Return the verdict for an error, which names the file if it did not."""
    delivery = validated.delivery
    detail = replace(error.detail, file=error.detail.file or delivery.data.name)
    return Refused(delivery=delivery, error=detail, sha256=validated.inspection.sha256)


def _decided(validated: Validated, decision: Decision) -> Planned | Earlier | Duplicate:
    match decision:
        case NewLoad():
            return Planned(validated, decision)
        case AlreadyLoaded(load=prior):
            return Earlier(validated, prior.load_id)
        case DuplicateOf(load=prior):
            return Duplicate(
                delivery=validated.delivery,
                sha256=validated.inspection.sha256,
                of_load_id=prior.load_id,
                notes=(f"equal to {prior.filename}, load {short_id(prior.load_id)}",),
            )


def _as_prior(validated: Validated, decision: NewLoad, order: int) -> PriorLoad:
    delivery = validated.delivery
    return PriorLoad(
        load_id=decision.load_id,
        filename=storable(delivery.data.name),
        table_name=delivery.mapping.table,
        sha256=validated.inspection.sha256,
        delivery_token=delivery.data.token,
        identity_key=key_of(delivery),
        sequence=2**62 + order,  # later than anything that is committed
    )
