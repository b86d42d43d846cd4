"""What a loader notes of the deliveries that have second names, and what can be believed of a note.

Senders may write where the notes lie, so a note is held against what a loader could have written.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from airflow_landing_loader.codec import from_json
from airflow_landing_loader.landing.model import Validated
from airflow_landing_loader.storage.model import LandedFile
from airflow_landing_loader.storage.zone import is_plain_name


@dataclass(frozen=True, kw_only=True)
class Held:
    """A delivery that has second names, as its note tells.

    :param table: its mapping's table.
    :param sha256: hex digest of the data file.
    :param members: how many data files its go file names, 0 where it is of this one.
    """

    table: str
    sha256: str
    data: LandedFile
    go: LandedFile | None = None
    members: int = 0

    @property
    def files(self) -> tuple[LandedFile, ...]:
        """Data file, then go file."""
        return (self.data,) if self.go is None else (self.data, self.go)


def note_of(batch: Sequence[Validated]) -> bytes:
    """The content of a note of deliveries; where their files lie the zone says."""
    return json.dumps(list(map(_fields, batch))).encode("ascii")


def _fields(validated: Validated) -> dict[str, Any]:
    """A :class:`Held`."""
    delivery = validated.delivery
    return {
        "table": delivery.mapping.table,
        "sha256": validated.inspection.sha256,
        "data": {**vars(delivery.data), "path": ""},
        "go": delivery.go and {**vars(delivery.go), "path": ""},
        "members": delivery.members,
    }


def held_in(content: bytes) -> tuple[Held, ...]:
    """What a note tells, as far as a loader could have written it: others may write there."""
    read = from_json(tuple[Held, ...], content) or ()
    return tuple(entry for entry in read if all(map(_is_sound, entry.files)))


def _is_sound(file: LandedFile) -> bool:
    return is_plain_name(file.name) and file.token.isascii() and inode_of(file).isdecimal()


def inode_of(file: LandedFile) -> str:
    """The inode that a file had when it was looked at."""
    return file.token.partition("-")[0]


def units_of(held: Sequence[Held]) -> list[tuple[Held, ...]]:
    """Those of each set together, all others alone."""
    found: dict[object, list[Held]] = {}
    for entry in held:
        together = entry.members and entry.go is not None
        found.setdefault(entry.go if together else id(entry), []).append(entry)
    return list(map(tuple, found.values()))
