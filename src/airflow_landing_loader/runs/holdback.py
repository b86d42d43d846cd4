"""Which files the next run does not try again yet, so that no DAG fails hot over one cause.

A file that stays in landing after a transient error would be found again a second later by the next
run. What a run leaves behind is therefore remembered, by name and token, from run to run, and
offered again only when its time has come. A new delivery of the same name has another token and is
offered at once.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from airflow_landing_loader.codec import received, sendable
from airflow_landing_loader.exceptions import ErrorDetail
from airflow_landing_loader.landing.model import Delivery
from airflow_landing_loader.landing.units import only_whole

SHORT_PAUSE = 30.0
LONG_PAUSE = 600.0
PATIENCE = 900.0

_SURROUNDINGS = ("zone", "warehouse")


@dataclass(frozen=True, kw_only=True)
class HeldBack:
    """One file that waits in landing for its next try; what is remembered by others is timed by the
    clock of all machines, seconds since the epoch.

    :param name: name of the data file.
    :param token: :func:`delivery_token` of the delivery that was left; ``None`` if it could not be
        found out, then every delivery of that name waits.
    :param code: why it was left, an ``ErrorCode`` value.
    :param since: when it was left for the first time.
    :param until: when it is offered again.
    :param failed: whether it failed its run.
    """

    name: str
    token: str | None
    code: str
    since: float
    until: float
    failed: bool

    def holds(self, delivery: Delivery, now: float) -> bool:
        """Whether this delivery has to wait still."""
        same = self.name == delivery.data.name
        return same and self.token in (None, delivery_token(delivery)) and now < self.until


@dataclass(frozen=True, kw_only=True)
class LeftBehind:
    """A file that a run leaves in landing.

    :param token: as :class:`HeldBack` has it.
    :param code: why it was left, an ``ErrorCode`` value.
    :param gave_up: its tasks have used up their retries.
    """

    name: str
    token: str | None
    code: str
    gave_up: bool


def is_of_the_file(error: ErrorDetail) -> bool:
    """Whether a transient error is about one file, which others need not wait for; else it is about
    a zone or the warehouse, which all files share."""
    return error.transient and error.code.partition(".")[0] not in _SURROUNDINGS


def delivery_token(delivery: Delivery) -> str:
    """What tells this delivery from a later one of the same name; a new go file counts too."""
    return f"{delivery.data.token}/{delivery.go.token if delivery.go else ''}"


def offered(
    deliveries: Sequence[Delivery], held: Collection[HeldBack], now: float
) -> tuple[Delivery, ...]:
    """Those deliveries that need not wait, nor anything that is taken together with them.

    :param now: by the clock that ``held`` is timed by.
    """
    waiting = {entry.name: entry for entry in held}
    return only_whole(
        delivery
        for delivery in deliveries
        if not (entry := waiting.get(delivery.data.name)) or not entry.holds(delivery, now)
    )


def hold_back(
    held: Collection[HeldBack], left: Sequence[LeftBehind], now: float
) -> tuple[HeldBack, ...]:
    """What to remember after a run: what it left behind, and what has to wait longer still.

    A file fails its run when its tasks gave up, or when it was left again and again for
    :data:`PATIENCE` seconds; then it waits :data:`LONG_PAUSE`. Before that it waits as long as it
    has waited already, :data:`SHORT_PAUSE` at least. Files that were left for the same reason fail
    together: while one of them waits after a failure, the others wait with it.

    :param held: what was remembered before.
    :param now: seconds since the epoch.
    """
    before = {(entry.name, entry.token): entry for entry in held}
    entries = {entry.name: entry for entry in held if entry.until > now}
    for file in left:
        known = before.get((file.name, file.token))
        since = known.since if known else now
        over = file.gave_up or now - since >= PATIENCE
        told = max((e.until for e in held if e.failed and e.code == file.code), default=0.0)
        pause = LONG_PAUSE if over else max(SHORT_PAUSE, now - since)
        entries[file.name] = HeldBack(
            name=file.name,
            token=file.token,
            code=file.code,
            since=since,
            until=told if over and told > now else now + pause,
            failed=over and told <= now,
        )
    return tuple(entries[name] for name in sorted(entries))


def dump_held(held: Collection[HeldBack]) -> list[dict[str, Any]]:
    """As JSON-able dicts, for XCom and trigger arguments."""
    return [sendable(asdict(entry)) for entry in held]


def load_held(entries: Sequence[dict[str, Any]] | None) -> tuple[HeldBack, ...]:
    """Rebuild what :func:`dump_held` wrote; nothing from ``None``."""
    names = [field.name for field in fields(HeldBack)]
    return tuple(
        HeldBack(**{name: received(entry[name]) for name in names}) for entry in entries or ()
    )
