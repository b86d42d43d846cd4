"""Sidecars by their paths."""

from __future__ import annotations

from pathlib import Path

from airflow_landing_loader.landing.moves import sidecar
from airflow_landing_loader.landing.moves.sidecar import Sidecar
from airflow_landing_loader.storage.local.folder import LocalFolder


def read_sidecar(path: str) -> Sidecar:
    """The sidecar at a local path."""
    where = Path(path)
    return sidecar.read_sidecar(LocalFolder(str(where.parent)), where.name)
