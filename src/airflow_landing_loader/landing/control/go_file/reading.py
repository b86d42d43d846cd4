"""Reading a go file of whatever form: its bytes once, its text by the form, its values in the end.

A go file that names another data file is not this one's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import closing

from airflow_landing_loader.landing.control.go_file import (
    checksum,
    csv,
    json,
    listing,
    properties,
)
from airflow_landing_loader.landing.control.go_file.at_hand import AtHand, Said, Words
from airflow_landing_loader.landing.control.go_file.text import LINE_END, SIZE_LIMIT, decode
from airflow_landing_loader.landing.control.go_file.values import content_of
from airflow_landing_loader.landing.model import Delivery, GoFileContent
from airflow_landing_loader.storage.model import LandedFile
from airflow_landing_loader.storage.zone import Zone

_READERS: dict[str, Callable[[str, AtHand], Said]] = {
    "properties": properties.read,
    "csv": csv.read,
    "json": json.read,
    "checksum": checksum.read,
}
_BLOCK_BYTES = 256 * 1024
_LONGEST_NAME = 4096


def read_go_file(zone: Zone, delivery: Delivery) -> GoFileContent:
    """Read a delivery's go file once, and take what it says.

    :param zone: where it lies.
    :param delivery: with a go file, and a mapping that asks for one.
    :raises TerminalError: ``GO_FILE_UNREADABLE`` (another encoding, NUL character, over 1 MiB,
        not of its form), ``GO_FILE_NO_KEY``, ``GO_FILE_NO_LINE``, ``GO_FILE_OTHER_FILE``,
        ``GO_FILE_BAD_COUNT``, ``GO_FILE_BAD_STATUS``, ``GO_FILE_BAD_CHECKSUM``,
        ``GO_FILE_BAD_SIZE``, ``GO_FILE_BAD_DATE``, ``GO_FILE_BAD_NUMBER`` or
        ``GO_FILE_BAD_TOTAL``, all with file and line;
        ``LANDING_NOT_A_FILE``.
    :raises TransientError: ``LANDING_DISAPPEARED``, ``LANDING_CHANGED`` or ``LANDING_UNREADABLE``.
    """
    rules = delivery.mapping.go_file
    if delivery.go is None or rules is None:
        raise ValueError(f"{delivery.data.name!r} has no go file")
    hand = AtHand(name=delivery.go.name, delivery=delivery, rules=rules)
    if rules.format == "presence":
        return _present(zone, delivery.go, hand)
    if rules.lists:
        read = listing.read(zone, delivery.go, rules)
        return content_of(read.listed.said(hand), hand, sha256=read.sha256)
    with closing(zone.source(delivery.go).open()) as opened:
        content = opened.read_at(SIZE_LIMIT + 1, 0)
    said = said_in(content, hand)
    return content_of(said, hand, sha256=hashlib.sha256(content).hexdigest())


def said_in(content: bytes, hand: AtHand) -> Said:
    """What a go file says in the places that its rules name, as it is written there.

    :param content: its bytes.
    :param hand: with a format that has a content.
    :raises TerminalError: as :func:`read_go_file`.
    """
    return _READERS[hand.rules.format](decode(content, hand), hand)


def _present(zone: Zone, file: LandedFile, hand: AtHand) -> GoFileContent:
    """A go file that says all by being there. One line that is another file's name is no content
    of its own, though: it is that file's, under this one's name.
    """
    sha256, first = hashlib.sha256(), b""
    for block in _blocks(zone, file):
        first = first or block
        sha256.update(block)
    if file.size <= _LONGEST_NAME:
        text = first.decode("utf-8-sig", "replace").strip()
        if LINE_END.search(text) is None:
            hand.require_own_name([(Words(text=text, line=1), False)])
    return GoFileContent(sha256=sha256.hexdigest())


def _blocks(zone: Zone, file: LandedFile) -> Iterator[bytes]:
    position = 0
    with closing(zone.source(file).open()) as content:
        while block := content.read_at(_BLOCK_BYTES, position):
            position += len(block)
            yield block
