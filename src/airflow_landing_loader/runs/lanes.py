"""How the ready files of one table are dealt out to the lanes of one Airflow run.

A lane is a list of file names that one mapped task works through. A few files get a lane each, so
that the grid shows every file by its name. A flood of small files is dealt out in batches: a mapped
task costs Airflow about a second, a small file costs us some milliseconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from airflow_landing_loader.landing.model import Delivery
from airflow_landing_loader.loading.planning.cuts import BATCH_BYTES, cut
from airflow_landing_loader.loading.planning.sequences import SequenceOf, in_turn, place_of
from airflow_landing_loader.safe_text import counted, printable

SMALL_FILE_BYTES = 16 * 1024**2
MAX_LABEL = 200  # Airflow keeps 250 characters of a mapped task's name

_NAME_SHOWN = 80
_NAMES_TOLD = 10


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
    lanes of at most ``batch_files`` files and :data:`BATCH_BYTES`; bigger ones keep their own.
    Files of a sequence that wait for each other share a lane, of at most ``batch_files``, in the
    order of their numbers.

    :param max_lanes: lanes of one run, 1 or more.
    :param batch_files: files of one lane at most, 1 or more.
    """
    chains, others = _chains(deliveries)
    arrived = sorted(others, key=_arrival)
    whole = [chain[:batch_files] for chain in chains]
    if len(arrived) + len(whole) <= max_lanes:
        cut_ = [[delivery] for delivery in arrived]
    else:
        big = [[d] for d in arrived if d.data.size > SMALL_FILE_BYTES]
        small = [d for d in arrived if d.data.size <= SMALL_FILE_BYTES]
        cut_ = [*big, *([sorted(b, key=_name) for b in _batches(small, batch_files)])]
    lanes = sorted([*whole, *cut_], key=lambda lane: min(map(_arrival, lane)))
    taken = tuple(tuple(d.data.name for d in lane) for lane in lanes[:max_lanes])
    return LanePlan(lanes=taken, waiting=len(deliveries) - sum(len(lane) for lane in taken))


def _chains(deliveries: Sequence[Delivery]) -> tuple[list[list[Delivery]], list[Delivery]]:
    """Deliveries that must be loaded one after the other, and the others."""
    chains: dict[SequenceOf, list[Delivery]] = {}
    others = []
    for delivery in in_turn(deliveries):
        place, sequence = place_of(delivery), delivery.mapping.sequence
        if place is not None and sequence is not None and sequence.waits:
            chains.setdefault(place.of, []).append(delivery)
        else:
            others.append(delivery)
    return list(chains.values()), others


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


def _name(delivery: Delivery) -> str:
    return delivery.data.name


def _arrival(delivery: Delivery) -> tuple[int, str]:
    return delivery.data.mtime_ns, delivery.data.name


def _batches(small: Sequence[Delivery], batch_files: int) -> list[list[Delivery]]:
    """Cut in order, by number and by bytes as delivered: what they hold is not known yet."""
    count = -(-len(small) // batch_files)
    even = -(-len(small) // count) if count else batch_files  # 300 by 250: 150 and 150
    return list(cut(small, lambda delivery: (1, delivery.data.size), (even, BATCH_BYTES)))
