"""How the ready files of one table are dealt out to the lanes of one Airflow run.

A lane is a list of file names that one mapped task works through. A few files get a lane each, so
that the grid shows every file by its name. A flood of small files is dealt out in batches: a mapped
task costs Airflow about a second, a small file costs us some milliseconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from airflow_landing_loader.landing.model import Delivery
from airflow_landing_loader.landing.units import delivery_units
from airflow_landing_loader.loading.planning.cuts import BATCH_BYTES, cut
from airflow_landing_loader.loading.planning.sequences import Place, SequenceOf, in_turn, place_of
from airflow_landing_loader.safe_text import counted, printable

SMALL_FILE_BYTES = 16 * 1024**2
MAX_LABEL = 200  # Airflow keeps 250 characters of a mapped task's name

_NAME_SHOWN = 80
_NAMES_TOLD = 10

_Unit = tuple[Delivery, ...]


@dataclass(frozen=True, kw_only=True)
class LanePlan:
    """What one run takes.

    :param lanes: file names, by lane; names inside a lane are sorted, or in the order of their
        numbers where they wait for each other.
    :param waiting: ready files that this run does not take; the next one does.
    """

    lanes: tuple[tuple[str, ...], ...]
    waiting: int = 0


def plan_lanes(deliveries: Sequence[Delivery], *, max_lanes: int, batch_files: int) -> LanePlan:
    """Deal deliveries out to lanes; those that arrived first go first, so that none starves.

    Up to ``max_lanes`` files get a lane each. Of more, files up to :data:`SMALL_FILE_BYTES` share
    lanes of at most ``batch_files`` files and :data:`BATCH_BYTES`; bigger ones keep their own. What
    is taken together is in one lane, and counts as one file. Files of a sequence that wait for each
    other share a lane, of at most ``batch_files``, in the order of their numbers.

    :param max_lanes: lanes of one run, 1 or more.
    :param batch_files: files of one lane at most, 1 or more.
    """
    chains, others = _chains(delivery_units(in_turn(deliveries)))
    arrived = sorted(others, key=_arrival)
    chained = [next(cut(chain, lambda unit: (len(unit),), (batch_files,))) for chain in chains]
    if len(arrived) + len(chained) <= max_lanes:
        loose = [[unit] for unit in arrived]
    else:
        big = [[unit] for unit in arrived if _size(unit) > SMALL_FILE_BYTES]
        small = [unit for unit in arrived if _size(unit) <= SMALL_FILE_BYTES]
        loose = [*big, *_batches(small, batch_files)]
    named = [(lane, _names(lane)) for lane in chained]
    named += [(lane, tuple(sorted(_names(lane)))) for lane in loose]
    named.sort(key=lambda lane: min(map(_arrival, lane[0])))
    taken = tuple(names for _, names in named[:max_lanes])
    return LanePlan(lanes=taken, waiting=len(deliveries) - sum(map(len, taken)))


def _chains(units: Sequence[_Unit]) -> tuple[list[list[_Unit]], list[_Unit]]:
    """What must be loaded one after the other, and the others."""
    chains: dict[SequenceOf, list[_Unit]] = {}
    others = []
    for unit in units:
        waits_in = [place.of for delivery in unit if (place := _waiting_place(delivery))]
        if not waits_in:
            others.append(unit)
            continue
        chain = chains.setdefault(waits_in[0], [])
        for other in [chains[of] for of in waits_in if of in chains]:
            if other is not chain:  # what is taken together may be of several sequences
                chain += other
                chains |= {of: chain for of, each in chains.items() if each is other}
        chains |= dict.fromkeys(waits_in, chain)
        chain.append(unit)
    return list({id(chain): chain for chain in chains.values()}.values()), others


def _waiting_place(delivery: Delivery) -> Place | None:
    """The place of a delivery in a sequence of which one waits for the other."""
    sequence = delivery.mapping.sequence
    return place_of(delivery) if sequence is not None and sequence.waits else None


def _names(lane: Sequence[_Unit]) -> tuple[str, ...]:
    return tuple(delivery.data.name for unit in lane for delivery in unit)


def ready_text(plan: LanePlan, zone: str) -> str:
    """``2 files ready in /data/landing: a.csv, b.csv``, with the first few names.

    :param zone: the landing zone.
    """
    names = [name for lane in plan.lanes for name in lane]
    told = [printable(name, _NAME_SHOWN) for name in names[:_NAMES_TOLD]]
    if len(names) > _NAMES_TOLD:
        told.append(f"{len(names) - _NAMES_TOLD:,} more")
    later = f"; {counted(plan.waiting, 'file')} left to the next run" if plan.waiting else ""
    return f"{counted(len(names), 'file')} ready in {zone}: {', '.join(told)}{later}"


def lane_label(names: Sequence[str]) -> str:
    """What the grid calls a lane: the file's name, or ``250 files: a.csv … b.csv``."""
    if not names:
        return "no file"
    if len(names) == 1:
        return printable(names[0], MAX_LABEL)
    first, last = (printable(name, _NAME_SHOWN) for name in (names[0], names[-1]))
    return f"{len(names)} files: {first} \u2026 {last}"


def _arrival(unit: _Unit) -> tuple[int, str]:
    """When the first of what is taken together arrived."""
    return min((delivery.data.mtime_ns, delivery.data.name) for delivery in unit)


def _size(unit: _Unit) -> int:
    return sum(delivery.data.size for delivery in unit)


def _batches(small: Sequence[_Unit], batch_files: int) -> list[list[_Unit]]:
    """Cut in order, by number and by bytes as delivered: what they hold is not known yet."""
    files = sum(map(len, small))
    count = -(-files // batch_files)
    even = -(-files // count) if count else batch_files  # 300 by 250: 150 and 150
    return list(cut(small, lambda unit: (len(unit), _size(unit)), (even, BATCH_BYTES)))
