"""Since when a file is as it is now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from airflow_landing_loader.exceptions import ErrorDetail
from airflow_landing_loader.landing.discovery.model import (
    Look,
    Seen,
)
from airflow_landing_loader.landing.model import Delivery, files_of
from airflow_landing_loader.storage.model import LandedFile
from airflow_landing_loader.storage.zone import (
    Zone,
)

LOOK_INTERVAL = 1.0
"""Seconds for which a file must have been seen unchanged before it is taken."""


def in_grace(error: ErrorDetail, *, age: float, seconds: float) -> ErrorDetail | None:
    """What is said of a file that looks at fault while it may still be written.

    :param error: as it stands if the file stays so.
    :param age: seconds since the file was written; negative if a clock is ahead.
    :param seconds: the mapping's ``grace_seconds``.
    :returns: the same error as a transient one; ``None``: the file is too old for it.
    """
    if not 0 <= age < seconds:
        return None
    return replace(
        error,
        message=f"{error.message.rstrip('.')}; it is {age:.0f} s old and may still be written "
        f"(grace_seconds: {seconds:g})",
        hint=f"It is looked at again. If it stays so: {error.hint or 'ask the sender.'}",
        transient=True,
    )


class Rest:
    """Since when each file is as it is now, from this look and the one before."""

    def __init__(self, previous: Look, now: float, zone: Zone) -> None:
        self._zone = zone
        self._settles = zone.settles
        self.being_written: list[str] = []
        self._before = {seen.name: seen for seen in previous.seen}
        self._seen: dict[str, Seen] = {}
        self._now = now

    def _look_at(self, file: LandedFile) -> Seen:
        before = self._before.get(file.name)
        same = before is not None and (before.size, before.token) == (file.size, file.token)
        since = min(before.since, self._now) if before is not None and same else self._now
        seen = Seen(name=file.name, size=file.size, token=file.token, since=since)
        self._seen[file.name] = seen
        return seen

    def is_at_rest(self, delivery: Delivery) -> bool:
        """Whether a delivery's files may be taken."""
        return self._all_rest(delivery.mapping.settle_seconds, files_of(delivery))

    def set_is_at_rest(self, go: LandedFile, deliveries: Sequence[Delivery]) -> bool:
        """Whether a go file and all that it names may be taken."""
        settle = max(delivery.mapping.settle_seconds for delivery in deliveries)
        return self._all_rest(settle, (*(delivery.data for delivery in deliveries), go))

    def _all_rest(self, settle: float, files: Sequence[LandedFile]) -> bool:
        if settle == 0 or not self._settles:
            return True
        # Each of them, as each is watched: the second one from its first look on, too.
        if not all([self._rests(file, settle) for file in files]):
            return False
        written = [file.name for file in files if self._zone.is_being_written(file.name)]
        self.being_written += written
        return not written

    def look(self) -> Look:
        return Look(seen=tuple(self._seen[name] for name in sorted(self._seen)))

    def _rests(self, file: LandedFile, settle: float) -> bool:
        watched = self._now - self._look_at(file).since
        age = self._now - file.mtime_ns / 1e9
        return watched >= LOOK_INTERVAL and max(watched, age) >= settle
