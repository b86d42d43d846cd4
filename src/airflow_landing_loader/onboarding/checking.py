"""What would become of each file under the mappings as they are now, by the loader's own check."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.exceptions import ErrorCode, LandingError
from airflow_landing_loader.landing.discovery.discover import Finder
from airflow_landing_loader.landing.formats.csv.first_file import require_plain
from airflow_landing_loader.pipeline.validation import validate
from airflow_landing_loader.safe_text import counted, shown
from airflow_landing_loader.storage.model import LandedFile
from airflow_landing_loader.storage.zone import Zone

CHECKED_BYTES = 64 * 1024 * 1024
"""A larger file is not checked."""

ALL_BYTES = 1024 * 1024 * 1024
"""Of all files together no more is checked."""

_SETTLED = {"settle_seconds": 0, "grace_seconds": 0}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What would become of a file.

    :param code: of the error that refuses it.
    """

    name: str
    verdict: Literal["loads", "waits", "fails", "unchecked"]
    why: str = ""
    records: int | None = None
    code: str | None = None


class Checker:
    """Checks files until :data:`ALL_BYTES` are read.

    :param zone: where they lie.
    :param mappings: all that there are.
    """

    def __init__(self, zone: Zone, mappings: Sequence[TableMapping]) -> None:
        self._zone = zone
        self._finder = Finder(zone, [mapping.model_copy(update=_SETTLED) for mapping in mappings])
        self._left = ALL_BYTES

    def check(self, file: LandedFile) -> Verdict:
        """Check one file; nothing is moved or loaded."""
        if file.size > min(CHECKED_BYTES, self._left):
            why = f"{counted(file.size, 'byte')}: too much to be read now; `check` reads all of it"
            return Verdict(file.name, "unchecked", why)
        self._left -= file.size
        try:
            delivery = self._finder.find(file.name)
        except LandingError as error:
            missing = error.detail.file
            if error.code is ErrorCode.LANDING_DISAPPEARED and missing not in (None, file.name):
                why = f"its go file {shown(str(missing))} is not there"
                return Verdict(file.name, "waits", why)
            if error.code is ErrorCode.SET_INCOMPLETE:
                return Verdict(file.name, "waits", error.detail.message)
            return _failed(file, error)
        try:
            validated = validate(self._zone, replace(delivery, data=file), now=time.time())
            require_plain(self._zone.source(file), validated)
        except LandingError as error:
            return _failed(file, error)
        return Verdict(file.name, "loads", records=validated.inspection.records)


def _failed(file: LandedFile, error: LandingError) -> Verdict:
    return Verdict(file.name, "fails", error.detail.message, code=error.detail.code)
