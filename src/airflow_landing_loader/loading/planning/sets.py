"""Sets stay whole: where one data file of a go file is refused, all that it names are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from airflow_landing_loader.exceptions import ErrorCode, ErrorDetail, shown
from airflow_landing_loader.landing.model import Delivery, Validated
from airflow_landing_loader.landing.units import is_whole, units
from airflow_landing_loader.loading.model import Duplicate, Loaded, Refused
from airflow_landing_loader.loading.planning.steps import Earlier, Planned

Item = Validated | Planned | Earlier | Duplicate | Loaded | Refused
_Item = TypeVar("_Item", bound=Item)


def kept_whole(items: Sequence[_Item]) -> list[_Item | Refused]:
    """The items in order; where one of a set is refused, so are the others, except those whose rows
    are committed.

    As long as one of them may be taken later, so may all.
    """
    if not any(item.delivery.members and isinstance(item, Refused) for item in items):
        return list(items)
    kept: dict[str, _Item | Refused] = {item.delivery.data.name: item for item in items}
    for unit in units(items, _delivery):
        refused = [item for item in unit if isinstance(item, Refused)]
        if unit[0].delivery.members and refused:
            kept |= {item.delivery.data.name: _with_mates(item, refused) for item in unit}
    return [kept[item.delivery.data.name] for item in items]


def refused_with(unit: Sequence[Validated], faults: Sequence[Refused]) -> list[Refused]:
    """The verdicts on all of a set, in order.

    :param faults: those on the ones at fault, at least one.
    """
    at_fault = {fault.delivery.data.name: fault for fault in faults}
    items = [at_fault.get(validated.delivery.data.name, validated) for validated in unit]
    return [item for item in kept_whole(items) if isinstance(item, Refused)]


def required_whole(items: Sequence[_Item]) -> list[_Item | Refused]:
    """As :func:`kept_whole`; where not all of a set are there, those that are stay, too: also what
    is refused for itself, since the others would wait for it for ever."""
    lacking = {
        item.delivery.data.name: _without_mates(item)
        for unit in units(items, _delivery)
        for item in unit
        if not is_whole(list(map(_delivery, unit)))
    }
    return kept_whole([lacking.get(item.delivery.data.name, item) for item in items])


def _without_mates(item: _Item) -> Refused:
    if isinstance(item, Refused):
        return replace(item, error=replace(item.error, transient=True))
    error = _not_all(item.delivery)
    return Refused(delivery=item.delivery, error=error, sha256=_sha256(item))


def _delivery(item: Item) -> Delivery:
    return item.delivery


def _with_mates(item: _Item, refused: Sequence[Refused]) -> _Item | Refused:
    """An item of a set of which these are refused."""
    later = next((one for one in refused if one.error.transient), None)
    if isinstance(item, Refused):
        if later is None or item.error.transient:
            return item
        return replace(item, error=replace(item.error, transient=True))
    if isinstance(item, Loaded | Earlier):
        return item
    cause = later or refused[0]
    error = _because_of(item.delivery, cause)
    return Refused(delivery=item.delivery, error=error, sha256=_sha256(item))


def _because_of(delivery: Delivery, cause: Refused) -> ErrorDetail:
    name, error = shown(cause.delivery.data.name), cause.error
    how = "cannot be taken now" if error.transient else "is refused"
    return ErrorDetail(
        code=ErrorCode.SET_INCOMPLETE.value,
        message=f"{name}, which its go file {_go(delivery)} names too, {how}: [{error.code}]. "
        "All that it names is taken together, or nothing.",
        hint="It is tried again with the others."
        if error.transient
        else f"Look at {name}; once it is mended, replay one of them and all come back.",
        file=delivery.data.name,
        transient=error.transient,
    )


def _not_all(delivery: Delivery) -> ErrorDetail:
    return ErrorDetail(
        code=ErrorCode.SET_INCOMPLETE.value,
        message=f"Its go file {_go(delivery)} names {delivery.members} data files, which are not "
        "all here.",
        hint="Take all that a go file names in one batch: in one task, where tasks are one's own.",
        file=delivery.data.name,
        transient=True,
    )


def _go(delivery: Delivery) -> str:
    return shown(delivery.go.name) if delivery.go is not None else ""


def _sha256(item: Item) -> str | None:
    match item:
        case Validated(inspection=inspection):
            return inspection.sha256
        case Planned(validated=validated) | Earlier(validated=validated):
            return validated.inspection.sha256
        case Loaded(load=load):
            return load.sha256
        case Duplicate(sha256=sha256) | Refused(sha256=sha256):
            return sha256
