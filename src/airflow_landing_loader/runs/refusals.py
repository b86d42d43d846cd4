"""When files that nobody takes fail a run of Airflow: each once, and never two runs within ten
minutes.

What is refused, or matched by no mapping, stays in landing, where nobody looks while everything is
green. What there was so far is therefore remembered from run to run, and a run that meets something
new fails over it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from airflow_landing_loader.codec import received, sendable
from airflow_landing_loader.config.mapping.patterns.pattern import Pattern
from airflow_landing_loader.exceptions import ErrorCode
from airflow_landing_loader.landing.discovery.model import RefusedFile
from airflow_landing_loader.runs.holdback import LONG_PAUSE, PATIENCE
from airflow_landing_loader.runs.wording import MAX_NAME
from airflow_landing_loader.safe_text import counted, printable

MAX_REFUSALS = 200  # remembered; of more, those behind have their turn when the first ones are gone


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """One name that is refused.

    :param name: the file.
    :param code: why it is not taken, an ``ErrorCode`` value.
    :param due: when it fails a run, seconds since the epoch: at once, or 15 minutes after it was
        seen first if it may pass by itself.
    :param failed_at: when it failed one, seconds since the epoch; 0: it did not yet.
    """

    name: str
    code: str
    due: float
    failed_at: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What refused files mean for a run.

    :param remembered: for the next look, of this run or a later one.
    :param over: those that fail the run now.
    """

    remembered: tuple[Refusal, ...] = ()
    over: tuple[Refusal, ...] = ()


def refusals_of(refused: Sequence[RefusedFile], now: float) -> list[Refusal]:
    """The refused files of a look.

    :param now: seconds since the epoch.
    """
    return [
        Refusal(name=f.name, code=f.error.code, due=now + PATIENCE if f.transient else now)
        for f in refused[:MAX_REFUSALS]
    ]


def unclaimed(names: Sequence[str], patterns: Sequence[str]) -> tuple[str, ...]:
    """Files that no mapping matches, and no DAG of one's own takes.

    :param names: those that no mapping matches.
    :param patterns: what such DAGs take.
    """
    claimed = tuple(map(Pattern.parse, patterns))
    return tuple(n for n in names if not any(p.match(n) is not None for p in claimed))


def strangers(names: Sequence[str], now: float) -> list[Refusal]:
    """Files that nobody takes, as refused ones.

    :param now: seconds since the epoch.
    """
    code = ErrorCode.LANDING_UNKNOWN_FILE.value
    return [Refusal(name=name, code=code, due=now) for name in names[:MAX_REFUSALS]]


def strangers_text(over: Sequence[Refusal], count: int, zone: str) -> str:
    """Why a run fails over files that nobody takes, and what to do.

    :param over: those that are told now, at least one.
    :param count: how many there are.
    :param zone: the landing zone.
    """
    names = "".join(f"\n  {printable(entry.name, MAX_NAME)}" for entry in over)
    more = f"\n  and {count - MAX_REFUSALS:,} more" if count > MAX_REFUSALS else ""
    them = "it" if len(over) == 1 else "them"
    return (
        f"[{over[0].code}] No mapping matches {counted(len(over), 'file')} in {zone}; nothing "
        f"takes {them}:{names}{more}\n"
        "Hint: Add a mapping, or correct a pattern (case counts without ignore_case); where a "
        f"DAG of your own takes {them}, name {them} in claimed_patterns."
    )


def no_strangers_text(count: int, zone: str) -> str:
    """Why a run has nothing to tell of files that nobody takes.

    :param count: how many there are, all told before.
    :param zone: the landing zone.
    """
    if not count:
        return f"Every file in {zone} is one that a mapping matches."
    what = counted(count, "file")
    return f"{what} in {zone} that no mapping matches, as an earlier run has said."


def judge(known: Sequence[Refusal], found: Sequence[Refusal], now: float) -> Judged:
    """Whether a run fails over what is refused; none does within ten minutes after another one.

    :param known: what was remembered before.
    :param found: all that there is now; what is not found any more is forgotten, later.
    :param now: seconds since the epoch.
    """
    entries = {entry.name: entry for entry in known if entry.failed_at + LONG_PAUSE > now}
    before = {entry.name: entry for entry in known}
    entries |= {new.name: before.get(new.name, new) for new in found}
    refusals = tuple(entries[name] for name in sorted(entries))
    if any(entry.failed_at + LONG_PAUSE > now for entry in refusals):
        return Judged(remembered=refusals)
    over = tuple(entry for entry in refusals if not entry.failed_at and entry.due <= now)
    remembered = tuple(replace(e, failed_at=now) if e in over else e for e in refusals)
    return Judged(remembered=remembered, over=over)


def dump_refusals(refusals: Sequence[Refusal]) -> list[dict[str, Any]]:
    """As JSON-able dicts, for XCom and trigger arguments."""
    return [sendable(asdict(entry)) for entry in refusals]


def load_refusals(entries: Sequence[dict[str, Any]] | None) -> tuple[Refusal, ...]:
    """Rebuild what :func:`dump_refusals` wrote; nothing from ``None``."""
    return tuple(Refusal(**received(entry)) for entry in entries or ())
