"""Zone folders of one test."""

from __future__ import annotations

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
        return {
            zone: sorted(
                str(p.relative_to(folder))
                for p in folder.rglob("*")
                if not p.is_dir() and ".landing-loader" not in p.parts
            )
            for zone, folder in zones.items()
        }
