"""Zone folders of one test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Zones:
    """Three zone folders side by side, and a folder for mappings."""

    root: Path
    landing: Path
    archive: Path
    failed: Path
    tables: Path

    def names(self) -> dict[str, list[str]]:
        """The names in each zone, sorted, without the loader's own hidden work folder."""
        zones = {"landing": self.landing, "archive": self.archive, "failed": self.failed}
        return {zone: sorted(_names_below(folder)) for zone, folder in zones.items()}


def _names_below(folder: Path) -> Iterator[str]:
    # A loader may take its work folder away meanwhile, which os.walk does not mind.
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != ".landing-loader"]
        yield from (str(Path(parent, name).relative_to(folder)) for name in names)
