"""From a zone's listing to deliveries: which file belongs to which mapping, with which go file, and
whether both have come to rest.

Everything here is computed from names, sizes and times; of a file that is to be taken it is asked,
too, whether somebody has it open for writing. Go files are read that name their data files, or
that number them.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from threading import Lock
from typing import Any

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.config.mapping.patterns.ignored import is_ignored
from airflow_landing_loader.config.mapping.sets import SetKey
from airflow_landing_loader.exceptions import (
    ErrorCode,
    TerminalError,
    TransientError,
)
from airflow_landing_loader.landing.control.go_file.numbered import numbered
from airflow_landing_loader.landing.discovery.many import many_values
from airflow_landing_loader.landing.discovery.matching import Index, Partners, Use
from airflow_landing_loader.landing.discovery.model import (
    Discovery,
    Look,
    Orphan,
    RefusedFile,
    Waiting,
    files_alike,
    no_use_of,
)
from airflow_landing_loader.landing.discovery.rest import Rest
from airflow_landing_loader.landing.discovery.same_key import one_of_each
from airflow_landing_loader.landing.discovery.sets import FileSet, Sets, by_name, waits
from airflow_landing_loader.landing.model import Delivery, files_of
from airflow_landing_loader.storage.content import disappeared, require_same
from airflow_landing_loader.storage.model import LandedFile
from airflow_landing_loader.storage.zone import (
    Entry,
    Listing,
    SpecialEntry,
    UnknownEntry,
    Zone,
    require_plain_name,
)


@many_values()
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
    looks, unchanged in looks at least ``rest.LOOK_INTERVAL`` apart, and open for writing by nobody.
    Our own looks count too because a modification time in the future (a sender's clock that is
    ahead) would otherwise hold a file up until then. With ``settle_seconds: 0`` it is ready at
    once. Of deliveries with the same identity key the one that was written first is ready, and the
    others after it, in later looks: the last one is what is true.

    :param zone: landing zone.
    :param mappings: all mappings that share it, so that a name that two of them match is seen.
    :param now: seconds since the epoch.
    :param previous: ``look`` of the caller's earlier discovery; without it only mappings with
        ``settle_seconds: 0`` have ready deliveries.
    :param only_matching: files that no pattern matches may stay unseen; an object store then lists
        only what begins like all patterns do.
    :raises TransientError: ``ZONE_UNAVAILABLE``.
    """
    listed = zone.list(_common_prefix(mappings) if only_matching else "")
    listing = listed.only(lambda name: not is_ignored(name))
    sorting = _Sorting(zone, listing, mappings, Rest(previous or Look(), now, zone), now)
    for name in listing.names:
        sorting.add(name)
    return sorting.result()


def _common_prefix(mappings: Sequence[TableMapping]) -> str:
    """The text that all names which a pattern matches begin with."""
    patterns = [m.data_pattern for m in mappings] + [m.go_pattern for m in mappings if m.go_pattern]
    if any(pattern.ignore_case for pattern in patterns):
        return ""  # no listing ignores case
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
        ``SET_INCOMPLETE``, no go file names it, or that is refused, or not all is there that it
        names; ``ZONE_UNAVAILABLE``.
    :raises TerminalError: ``LANDING_UNKNOWN_FILE``, no mapping takes a file of this name as data;
        ``LANDING_TWO_PATTERNS``, ``LANDING_BAD_NAME``, ``LANDING_FILES_ALIKE``;
        ``LANDING_NOT_A_FILE``.
    """
    return Finder(zone, mappings).find(name)


class Finder:
    """Finds deliveries by name; go files that name their data files are looked at once for all.

    :param zone: landing zone.
    :param mappings: all mappings that share it.
    """

    def __init__(self, zone: Zone, mappings: Sequence[TableMapping]) -> None:
        self._zone = zone
        self._index = Index(mappings)
        self._lock = Lock()
        self._sets: dict[SetKey | None, dict[str, FileSet]] = {}

    def find(self, name: str) -> Delivery:
        """See :func:`find_delivery`."""
        use = _use_of(self._index, name)
        data = self._zone.stat(name)
        if data is None:
            raise disappeared(name)
        if use.kind is not None:
            return self._member(use, name)
        go = _go_file_of(self._zone, self._index, use, name)
        return numbered(self._zone, Delivery(mapping=use.mapping, data=data, go=go))

    def _member(self, use: Use, name: str) -> Delivery:
        with self._lock:
            if use.kind not in self._sets:
                self._sets[use.kind] = by_name(_sets_of(self._zone, self._index, use))
        found = self._sets[use.kind].get(name)
        if found is None or found.error is not None or found.lacks is not None:
            raise waits(name, found, use)
        return next(each for each in found.deliveries if each.data.name == name)


def _use_of(index: Index, name: str) -> Use:
    """What a mapping uses a data file of this name for.

    :raises TerminalError: ``LANDING_UNKNOWN_FILE``, ``LANDING_TWO_PATTERNS``, ``LANDING_BAD_NAME``.
    """
    require_plain_name(name)
    uses = index.uses(name) or index.misnamed(name)
    if len(uses) > 1 or (uses and uses[0].misses(name)):
        raise no_use_of(name, uses)
    if not uses or not uses[0].is_data:
        raise TerminalError(
            ErrorCode.LANDING_UNKNOWN_FILE,
            "It is a go file, not a data file."
            if uses
            else "No mapping has a pattern that matches it.",
            hint="Give the name of a data file; `landing-loader list` shows the patterns, and "
            "`landing-loader validate` the mappings that are refused and take nothing.",
            file=name,
        )
    return uses[0]


def _sets_of(zone: Zone, index: Index, use: Use) -> list[FileSet]:
    """All sets of one kind, as they lie there now."""
    listing = zone.list().only(lambda each: not is_ignored(each))
    names = listing.names
    sets = Sets(zone, index, Partners(names), names, listing.entry, time.time())
    return sets.of(list(_go_files(listing, index, use)))


def _go_files(listing: Listing[Any], index: Index, use: Use) -> Iterator[tuple[LandedFile, Use]]:
    """All go files that may name a file of this use."""
    pattern = use.mapping.go_pattern
    for name in listing.names if pattern is not None else ():
        uses = index.uses(name) if pattern is not None and pattern.match(name) is not None else ()
        if len(uses) == 1 and uses[0].kind == use.kind and not uses[0].is_data:
            entry = listing.entry(name)
            if isinstance(entry, LandedFile):
                yield entry, uses[0]


def _go_file_of(zone: Zone, index: Index, use: Use, name: str) -> LandedFile | None:
    """The go file of a data file that is taken by its name; ``None`` where it needs none."""
    expected = use.partner_name(name)
    if expected is None:
        return None
    partners = Partners(zone.list().names if use.mapping.ignore_case else ())
    found = partners.of(name, use)
    if found.alike:
        raise files_alike(name, found.alike)
    go = zone.stat(found.name) if index.is_go_file_of(use, name, found.name) else None
    if go is None:
        raise disappeared(found.name)
    return go


def still_same(zone: Zone, delivery: Delivery) -> None:
    """Make sure that a delivery's files are the ones that were looked at, and nobody writes them.

    :param zone: landing zone.
    :raises TransientError: ``LANDING_DISAPPEARED`` or ``LANDING_CHANGED``; ``LANDING_UNSETTLED``,
        somebody has one of them open for writing; ``ZONE_UNAVAILABLE``.
    :raises TerminalError: ``LANDING_NOT_A_FILE``.
    """
    for file in files_of(delivery):
        require_same(zone.stat(file.name), file)
        if delivery.mapping.settle_seconds and zone.is_being_written(file.name):
            raise TransientError(
                ErrorCode.LANDING_UNSETTLED,
                "The file is still being written: somebody has it open for writing.",
                hint="It is taken once it is closed; `fuser` or `lsof` tell who has it open.",
                file=file.name,
            )


def _name(delivery: Delivery) -> str:
    return delivery.data.name


class _Sorting:
    """Puts each name of a listing where it belongs.

    Names decide as far as they can, and a child is asked for only when it may be taken or is no
    plain file: there may be hundreds of thousands of which neither is so.
    """

    def __init__(
        self,
        zone: Zone,
        listing: Listing[Any],
        mappings: Sequence[TableMapping],
        rest: Rest,
        now: float,
    ) -> None:
        self._zone = zone
        self._now = now
        self._folder = zone.path
        self._listing = listing
        self._answers: dict[str, Entry | None] = {}
        self._index = Index(mappings)
        self._partners = Partners(listing.names)
        self._rest = rest
        self._ready: list[Delivery] = []
        self._unsettled: list[Delivery] = []
        self._waiting: list[Waiting] = []
        self._orphans: list[Orphan] = []
        self._unmatched: list[str] = []
        self._refused: list[RefusedFile] = []
        # What these are shows when all names are known.
        self._members: list[tuple[str, Use]] = []
        self._listing_go_files: list[tuple[LandedFile, Use]] = []

    def add(self, name: str) -> None:
        uses = self._index.uses(name) or self._index.misnamed(name)
        if self._listing.is_file(name) or (uses and self._file(name, uses) is not None):
            self._add_file(name, uses)

    def result(self) -> Discovery:
        if self._members or self._listing_go_files:
            self._add_sets()
        first, later = one_of_each([numbered(self._zone, each) for each in self._ready])
        unsettled = [*self._unsettled, *later]
        return Discovery(
            ready=tuple(first),
            unsettled=tuple(sorted(unsettled, key=_name) if later else unsettled),
            waiting=tuple(self._waiting),
            orphans=tuple(self._orphans),
            unmatched=tuple(self._unmatched),
            refused=tuple(self._refused),
            being_written=tuple(self._rest.being_written),
            look=self._rest.look(),
        )

    def _add_file(self, name: str, uses: tuple[Use, ...]) -> None:
        if not uses:
            self._unmatched.append(name)
        elif len(uses) > 1 or uses[0].misses(name):
            self._refuse(name, uses)
        elif uses[0].kind is not None:
            self._add_of_set(name, uses[0])
        elif uses[0].is_data:
            self._add_data(name, uses[0])
        else:
            self._add_go(name, uses[0])

    def _add_of_set(self, name: str, use: Use) -> None:
        if use.is_data:
            self._members.append((name, use))
        elif (go := self._file(name, (use,))) is not None:
            self._listing_go_files.append((go, use))

    def _add_sets(self) -> None:
        names = self._listing.names
        sets = Sets(self._zone, self._index, self._partners, names, self._asked, self._now)
        kinds: dict[SetKey | None, list[FileSet]] = defaultdict(list)
        for found in sets.of(self._listing_go_files):
            kinds[found.use.kind].append(found)
            self._add_set(found)
        of = {kind: by_name(some) for kind, some in kinds.items()}
        for name, use in self._members:
            if self._file(name, (use,)) is not None:
                self._wait(name, use, of.get(use.kind, {}).get(name))
        for some in (self._ready, self._unsettled):
            some.sort(key=_name)
        for others in (self._waiting, self._orphans, self._refused):
            others.sort(key=lambda each: each.name)

    def _add_set(self, found: FileSet) -> None:
        go, use = found.go, found.use
        if found.error is not None:
            refused = RefusedFile(go.name, self._path(go.name), (use,), problem=found.error)
            self._refused.append(refused)
        elif found.lacks is not None:
            self._orphans.append(Orphan(use.mapping, go.name, found.lacks))
        elif self._rest.set_is_at_rest(go, found.deliveries):
            self._ready += found.deliveries
        else:
            self._unsettled += found.deliveries

    def _wait(self, name: str, use: Use, found: FileSet | None) -> None:
        """Say what a data file waits for, if its set is not complete."""
        pattern = use.mapping.go_file.pattern if use.mapping.go_file else ""
        if found is None:
            self._waiting.append(Waiting(use.mapping, name, pattern, lacks=""))
        elif found.error is not None or found.lacks is not None:
            lacks = "" if found.error is not None else found.lacks
            self._waiting.append(Waiting(use.mapping, name, found.go.name, lacks=lacks))

    def _add_data(self, name: str, use: Use) -> None:
        if use.partner is None:
            self._deliver(name, use)
            return
        partner = self._partners.of(name, use)
        go_name = partner.name
        there = self._listing.is_file(go_name) and self._index.is_go_file_of(use, name, go_name)
        go = self._asked(go_name) if there else None
        if partner.alike:
            self._refused.append(RefusedFile(name, self._path(name), (use,), alike=partner.alike))
        elif isinstance(go, LandedFile):
            self._deliver(name, use, go)
        else:
            self._waiting.append(Waiting(use.mapping, name, go_name))

    def _add_go(self, name: str, use: Use) -> None:
        data = self._partners.of(name, use)
        if data.alike or data.name in self._listing.names:
            self._file(name, (use,))  # the data file takes it along, unless it is no plain file
        else:
            self._orphans.append(Orphan(use.mapping, name, data.name))

    def _deliver(self, name: str, use: Use, go: LandedFile | None = None) -> None:
        data = self._file(name, (use,))
        if data is not None:
            delivery = Delivery(mapping=use.mapping, data=data, go=go)
            (self._ready if self._rest.is_at_rest(delivery) else self._unsettled).append(delivery)

    def _file(self, name: str, uses: tuple[Use, ...]) -> LandedFile | None:
        """The file of this name, if it is one; else it is gone, or refused for what it is."""
        entry = self._asked(name)
        if entry is None or isinstance(entry, LandedFile):
            return entry
        self._refuse(name, uses, entry)
        return None

    def _asked(self, name: str) -> Entry | None:
        """What a child is in this look, however often it is asked for."""
        if name not in self._answers:
            self._answers[name] = self._listing.entry(name)
        return self._answers[name]

    def _refuse(
        self, name: str, uses: tuple[Use, ...], entry: SpecialEntry | UnknownEntry | None = None
    ) -> None:
        self._refused.append(RefusedFile(name, self._path(name), uses, entry))

    def _path(self, name: str) -> str:
        return f"{self._folder}/{name}"
