"""Go files that name their data files: which files they name, and what they say of each.

One go file is asked for each of its data files, and at every look into the landing zone; so what
was read of an arrival is kept for a while.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

from airflow_landing_loader.config.mapping.model import GoFile
from airflow_landing_loader.exceptions import ErrorCode, TerminalError
from airflow_landing_loader.landing.control.go_file import checksum, csv, json
from airflow_landing_loader.landing.control.go_file.at_hand import Hand, Listed
from airflow_landing_loader.landing.control.go_file.recent import Recent
from airflow_landing_loader.landing.control.go_file.text import SIZE_LIMIT, decode
from airflow_landing_loader.storage.model import LandedFile
from airflow_landing_loader.storage.zone import Zone

MOST_FILES = 1000
"""Data files that one go file may name: they are loaded in one transaction."""

_READERS: dict[str, Callable[[str, Hand], Listed]] = {
    "csv": csv.listed,
    "json": json.listed,
    "checksum": checksum.listed,
}


@dataclass(frozen=True, kw_only=True)
class Read:
    """A go file as it was read.

    :param sha256: hex digest of its bytes.
    """

    sha256: str
    listed: Listed


_READ: Recent[Read] = Recent(4)
_NAMES: Recent[tuple[str, ...] | TerminalError] = Recent(1000)


def read(zone: Zone, go: LandedFile, rules: GoFile) -> Read:
    """Read a go file that names its data files.

    :param zone: where it lies.
    :param rules: with ``lists_files``.
    :raises TerminalError: ``GO_FILE_UNREADABLE`` (another encoding, NUL character, over 1 MiB, not
        of its form, more than :data:`MOST_FILES` names), ``GO_FILE_NO_KEY`` (no name where one
        should be), ``GO_FILE_NO_FILES``; ``LANDING_NOT_A_FILE``.
    :raises TransientError: ``LANDING_DISAPPEARED``, ``LANDING_CHANGED`` or ``LANDING_UNREADABLE``.
    """
    return _READ.get((zone.path, go, rules.way_of_listing), lambda: _read(zone, go, rules))


def files_named(zone: Zone, go: LandedFile, rules: GoFile) -> tuple[str, ...]:
    """The data files that a go file names, each once, in its order.

    :raises LandingError: as :func:`read`.
    """

    def names() -> tuple[str, ...] | TerminalError:
        try:
            listed = _read(zone, go, rules).listed
        except TerminalError as error:
            return error
        return tuple(dict.fromkeys(words.text for words in listed.names))

    found = _NAMES.get((zone.path, go, rules.way_of_listing), names)
    if isinstance(found, TerminalError):
        raise found
    return found


def _read(zone: Zone, go: LandedFile, rules: GoFile) -> Read:
    hand = Hand(name=go.name, rules=rules)
    with closing(zone.source(go).open()) as opened:
        content = opened.read_at(SIZE_LIMIT + 1, 0)
    listed = _READERS[rules.format](decode(content, hand), hand)
    named = {words.text for words in listed.names}
    if not named:
        hand.fail(
            ErrorCode.GO_FILE_NO_FILES,
            "The go file names no data file.",
            hint="Ask the sender for the right one; a day without files needs no go file.",
        )
    if len(named) > MOST_FILES:
        hand.fail(
            ErrorCode.GO_FILE_UNREADABLE,
            f"The go file names {len(named):,} data files; {MOST_FILES:,} may be taken together.",
            hint="Ask the sender for several go files with fewer data files each.",
        )
    return Read(sha256=hashlib.sha256(content).hexdigest(), listed=listed)
