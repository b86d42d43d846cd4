"""Files as a look finds them, for tests that have a path."""

from __future__ import annotations

from pathlib import Path

from airflow_landing_loader.storage.local import files as local_files
from airflow_landing_loader.storage.local.status import status_of
from airflow_landing_loader.storage.local.zone import LocalSource
from airflow_landing_loader.storage.model import LandedFile


def file_at(path: str | Path) -> LandedFile:
    """What lies at a path, whatever it is; a file that is not there, if nothing does."""
    folder, name = str(Path(path).parent), Path(path).name
    try:
        return local_files.landed_file(folder, name, status_of(str(path)))
    except FileNotFoundError:
        return LandedFile(name=name, path=str(path), size=0, mtime_ns=0, token="")


def source_at(path: str | Path) -> LocalSource:
    """The bytes of what lies at a path."""
    return LocalSource(file_at(path))
