"""From a zone's listing to deliveries: which file belongs to which mapping, with which go file, and
whether both have come to rest.

Everything here is computed from names, sizes and times; no file is opened.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from airflow_landing_loader.exceptions import ErrorCode, ErrorDetail, TerminalError, shown
from airflow_landing_loader.landing.model import Delivery, LandedFile
from airflow_landing_loader.landing.source import changed, disappeared
from airflow_landing_loader.landing.zone import (
    Entry,
    SpecialEntry,
    Zone,
    not_a_file,
    require_plain_name,
)
from airflow_landing_loader.mapping.model import TableMapping
from airflow_landing_loader.mapping.patterns import Pattern, is_ignored

LOOK_INTERVAL = 1.0
"""Seconds for which a file must have been seen unchanged before it is taken."""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One file in a look; ``since``: first seen like this then, in seconds since the epoch."""

    name: str
    size: int
    token: str
    since: float


@dataclass(frozen=True, kw_only=True)
class Look:
    """What a look has seen of the files that belong to a mapping; the next look compares."""

    seen: tuple[Seen, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """A data file whose go file is not there yet. ``go_name`` is the name it must have."""

    mapping: TableMapping
    data: LandedFile
    go_name: str


@dataclass(frozen=True, kw_only=True)
class Orphan:
    """A go file whose data file is not there. ``data_name`` is the name it must have."""

    mapping: TableMapping
    go: LandedFile
    data_name: str


@dataclass(frozen=True, kw_only=True)
class RefusedFile:
    """A name that is left where it is: two patterns match it, or it is no plain file."""

    name: str
    path: str
    mappings: tuple[TableMapping, ...]
    error: ErrorDetail


@dataclass(frozen=True, kw_only=True)
class Discovery:
    """What one look into a landing zone has found; every tuple is in name order.

    :param ready: deliveries to take now.
    :param unsettled: complete deliveries that have not rested long enough.
    :param waiting: data files without their go file.
    :param orphans: go files without their data file.
    :param unmatched: files that no pattern matches, hidden and unfinished ones left out.
    :param refused: what matches a pattern and yet is never taken.
    :param look: for the next :func:`discover`.
    """

    ready: tuple[Delivery, ...] = ()
    unsettled: tuple[Delivery, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    orphans: tuple[Orphan, ...] = ()
    unmatched: tuple[LandedFile, ...] = ()
    refused: tuple[RefusedFile, ...] = ()
    look: Look = Look()


def discover(
    zone: Zone,
    mappings: Sequence[TableMapping],
    *,
    now: float,
    previous: Look | None = None,
    only_matching: bool = False,
) -> Discovery:
    """Look once into a landing zone.

    A delivery is ready when its data file, and its go file where the mapping asks for one, are both
    there and at rest: unchanged for ``settle_seconds``, by their modification time or by our own
    looks, and unchanged in looks at least :data:`LOOK_INTERVAL` apart. Our own looks count too
    because a modification time in the future (a sender's clock that is ahead) would otherwise hold
    a file up until then. With ``settle_seconds: 0`` it is ready at once.

    :param zone: landing zone.
    :param mappings: all mappings that share it, so that a name that two of them match is seen.
    :param now: seconds since the epoch.
    :param previous: ``look`` of the caller's earlier discovery; without it only mappings with
        ``settle_seconds: 0`` have ready deliveries.
    :param only_matching: files that no pattern matches may stay unseen; an object store then lists
        only what begins like all patterns do.
    :raises TransientError: ``ZONE_UNAVAILABLE``.
    """
    entries = zone.list(_common_prefix(mappings) if only_matching else "")
    sorting = _Sorting(entries, mappings, _Rest(previous or Look(), now, settles=zone.settles))
    for entry in entries:
        sorting.add(entry)
    return sorting.result()


def _common_prefix(mappings: Sequence[TableMapping]) -> str:
    """The text that all names which a pattern matches begin with."""
    patterns = [m.data_pattern for m in mappings] + [m.go_pattern for m in mappings if m.go_pattern]
    prefixes = [pattern.literal_prefix for pattern in patterns]
    if not prefixes:
        return ""
    first, last = min(prefixes), max(prefixes)
    differs = (at for at, (a, b) in enumerate(zip(first, last, strict=False)) if a != b)
    return first[: next(differs, len(first))]


def find_delivery(zone: Zone, mappings: Sequence[TableMapping], name: str) -> Delivery:
    """The delivery of one data file as it lies there now, settled or not.

    :param zone: landing zone.
    :param mappings: all mappings that share it.
    :param name: plain name of the data file.
    :raises TransientError: ``LANDING_DISAPPEARED``, the data file or its go file is not there;
        ``ZONE_UNAVAILABLE``.
    :raises TerminalError: ``LANDING_UNKNOWN_FILE``, no mapping takes a file of this name as data;
        ``LANDING_TWO_PATTERNS``; ``LANDING_NOT_A_FILE``.
    """
    require_plain_name(name)
    index = _Index(mappings)
    uses = index.uses(name)
    if len(uses) > 1:
        raise _two_patterns(name, uses)
    if not uses or not uses[0].is_data:
        raise TerminalError(
            ErrorCode.LANDING_UNKNOWN_FILE,
            f"{shown(name)} is a go file, not a data file."
            if uses
            else f"No mapping has a pattern that matches {shown(name)}.",
            hint="Give the name of a data file; `landing-loader list` shows the patterns.",
            file=name,
        )
    data = zone.stat(name)
    if data is None:
        raise disappeared(name)
    go_name, go = uses[0].partner_name(name), None
    if go_name is not None:
        go = zone.stat(go_name) if index.is_go_file_of(uses[0], name, go_name) else None
        if go is None:
            raise disappeared(go_name)
    return Delivery(mapping=uses[0].mapping, data=data, go=go)


def still_same(zone: Zone, delivery: Delivery) -> None:
    """Make sure that a delivery's files are the ones that were looked at.

    :param zone: landing zone.
    :raises TransientError: ``LANDING_DISAPPEARED`` or ``LANDING_CHANGED``; ``ZONE_UNAVAILABLE``.
    :raises TerminalError: ``LANDING_NOT_A_FILE``.
    """
    for file in (delivery.data, delivery.go):
        if file is None:
            continue
        found = zone.stat(file.name)
        if found is None:
            raise disappeared(file.name)
        if (found.token, found.size) != (file.token, file.size):
            raise changed(file.name)


@dataclass(frozen=True, kw_only=True)
class _Use:
    """One way in which a mapping uses names: as data files, or as go files."""

    mapping: TableMapping
    pattern: Pattern
    partner: Pattern | None
    is_data: bool

    def takes(self, name: str) -> bool:
        if self.is_data:
            return self.mapping.matches(name)
        return self.pattern.match(name) is not None

    def partner_name(self, name: str) -> str | None:
        stars = self.pattern.match(name)
        return None if self.partner is None or stars is None else self.partner.fill(stars)


class _Index:
    """All uses by the text before the first star, so that a name meets few of many patterns."""

    def __init__(self, mappings: Sequence[TableMapping]) -> None:
        self._by_prefix: dict[str, list[_Use]] = {}
        for mapping in mappings:
            data, go = mapping.data_pattern, mapping.go_pattern
            self._add(_Use(mapping=mapping, pattern=data, partner=go, is_data=True))
            if go is not None:
                self._add(_Use(mapping=mapping, pattern=go, partner=data, is_data=False))
        self._lengths = sorted({len(prefix) for prefix in self._by_prefix})

    def uses(self, name: str) -> tuple[_Use, ...]:
        return tuple(
            use
            for length in self._lengths
            for use in self._by_prefix.get(name[:length], ())
            if use.takes(name)
        )

    def is_go_file_of(self, use: _Use, name: str, go_name: str) -> bool:
        """Whether the file of this name is really the go file of ``name``, and of no other.

        Filled into the go pattern, the same text may split differently; then it names another file.
        """
        same = use.partner is not None and use.partner.match(go_name) == use.pattern.match(name)
        return same and len(self.uses(go_name)) == 1

    def _add(self, use: _Use) -> None:
        self._by_prefix.setdefault(use.pattern.literal_prefix, []).append(use)


class _Rest:
    """Since when each file is as it is now, from this look and the one before."""

    def __init__(self, previous: Look, now: float, *, settles: bool) -> None:
        self._settles = settles
        self._before = {seen.name: seen for seen in previous.seen}
        self._seen: dict[str, Seen] = {}
        self._now = now

    def look_at(self, file: LandedFile) -> Seen:
        before = self._before.get(file.name)
        same = before is not None and (before.size, before.token) == (file.size, file.token)
        since = min(before.since, self._now) if before is not None and same else self._now
        seen = Seen(name=file.name, size=file.size, token=file.token, since=since)
        if self._settles:
            self._seen[file.name] = seen
        return seen

    def is_at_rest(self, delivery: Delivery) -> bool:
        settle = delivery.mapping.settle_seconds
        files = (delivery.data,) if delivery.go is None else (delivery.data, delivery.go)
        return settle == 0 or not self._settles or all(self._rests(file, settle) for file in files)

    def look(self) -> Look:
        return Look(seen=tuple(self._seen[name] for name in sorted(self._seen)))

    def _rests(self, file: LandedFile, settle: float) -> bool:
        watched = self._now - self.look_at(file).since
        age = self._now - file.mtime_ns / 1e9
        return watched >= LOOK_INTERVAL and max(watched, age) >= settle


class _Sorting:
    """Puts each entry of a listing where it belongs."""

    def __init__(
        self, entries: Sequence[Entry], mappings: Sequence[TableMapping], rest: _Rest
    ) -> None:
        self._by_name = {entry.name: entry for entry in entries}
        self._index = _Index(mappings)
        self._rest = rest
        self._ready: list[Delivery] = []
        self._unsettled: list[Delivery] = []
        self._waiting: list[Waiting] = []
        self._orphans: list[Orphan] = []
        self._unmatched: list[LandedFile] = []
        self._refused: list[RefusedFile] = []

    def add(self, entry: Entry) -> None:
        uses = self._index.uses(entry.name)
        if not uses:
            if isinstance(entry, LandedFile) and not is_ignored(entry.name):
                self._unmatched.append(entry)
        elif isinstance(entry, SpecialEntry):
            self._refuse(entry, uses, not_a_file(entry))
        elif len(uses) > 1:
            self._refuse(entry, uses, _two_patterns(entry.name, uses))
        elif uses[0].is_data:
            self._add_data(entry, uses[0])
        else:
            self._add_go(entry, uses[0])

    def result(self) -> Discovery:
        return Discovery(
            ready=tuple(self._ready),
            unsettled=tuple(self._unsettled),
            waiting=tuple(self._waiting),
            orphans=tuple(self._orphans),
            unmatched=tuple(self._unmatched),
            refused=tuple(self._refused),
            look=self._rest.look(),
        )

    def _refuse(self, entry: Entry, uses: Sequence[_Use], error: TerminalError) -> None:
        mappings = tuple(use.mapping for use in uses)
        self._refused.append(
            RefusedFile(name=entry.name, path=entry.path, mappings=mappings, error=error.detail)
        )

    def _add_data(self, data: LandedFile, use: _Use) -> None:
        self._rest.look_at(data)
        go_name, go = use.partner_name(data.name), None
        if go_name is not None:
            found = self._by_name.get(go_name)
            if not isinstance(found, LandedFile) or not self._index.is_go_file_of(
                use, data.name, go_name
            ):
                self._waiting.append(Waiting(mapping=use.mapping, data=data, go_name=go_name))
                return
            go = found
        delivery = Delivery(mapping=use.mapping, data=data, go=go)
        (self._ready if self._rest.is_at_rest(delivery) else self._unsettled).append(delivery)

    def _add_go(self, go: LandedFile, use: _Use) -> None:
        self._rest.look_at(go)
        data_name = use.partner_name(go.name) or ""
        if data_name not in self._by_name:
            self._orphans.append(Orphan(mapping=use.mapping, go=go, data_name=data_name))


def _two_patterns(name: str, uses: Sequence[_Use]) -> TerminalError:
    patterns = " and ".join(
        f"{use.pattern.text!r} ({use.mapping.origin or use.mapping.table})" for use in uses
    )
    return TerminalError(
        ErrorCode.LANDING_TWO_PATTERNS,
        f"{shown(name)} matches more than one pattern: {patterns}.",
        hint="Narrow one of the patterns, or add an exclude to its mapping.",
        file=name,
    )
