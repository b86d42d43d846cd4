"""Zones, mappings and channels."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from airflow_landing_loader.cli import session
from airflow_landing_loader.cli.doctor.check import Check
from airflow_landing_loader.clients import DefaultClients
from airflow_landing_loader.exceptions import LandingError
from airflow_landing_loader.safe_text import counted
from airflow_landing_loader.settings import Settings, is_object_uri
from airflow_landing_loader.settings.model import ZONES
from airflow_landing_loader.storage.opening import open_zone

_ALL = os.R_OK | os.W_OK | os.X_OK


def zone_checks(settings: Settings) -> Iterator[Check]:
    """Whether each zone is a folder that can be read and written, and on which disk it lies; or a
    bucket that can be listed."""
    devices: dict[str, int] = {}
    for name in ZONES:
        path = getattr(settings, name)
        if is_object_uri(path):
            yield _bucket(name, path, settings)
            continue
        folder = Path(path)
        check = _folder(name, folder)
        yield check
        if check.level == "ok":
            devices[name] = folder.stat().st_dev
    landing = devices.pop(ZONES[0], None)
    far = [name for name, device in devices.items() if landing not in (None, device)]
    if far:
        yield Check(
            topic="zone",
            level="warn",
            message=f"{' and '.join(far)} lie on another device than landing_path: each file is"
            " copied and verified, not renamed",
            mend="Nothing is lost by that; one device for all three is faster.",
        )


def mapping_checks(settings: Settings) -> Iterator[Check]:
    """How many mappings there are, and whether they are good."""
    found = session.mappings_of(settings)
    if found.none_yet:
        yield Check(
            topic="mapping",
            level="error",
            message=f"no mapping yet below {settings.table_config_path}",
            mend=found.errors[0].detail.hint or "",
        )
    elif found.errors:
        yield Check(
            topic="mapping",
            level="error",
            message=f"{counted(len(found.errors), 'problem')} below {settings.table_config_path}",
            mend="`landing-loader validate` shows each with its line.",
        )
    if found.mappings:
        yield Check(
            topic="mapping",
            level="ok",
            message=f"{counted(len(found.mappings), 'good mapping')}"
            f" for {counted(len(found.tables()), 'table')}",
        )


def channel_checks(settings: Settings) -> Iterator[Check]:
    """Whether the channels are good, and have somebody to tell."""
    found, mappings = session.channels_of(settings), session.mappings_of(settings).mappings
    if found.errors:
        yield Check(
            topic="channel",
            level="error",
            message=f"{counted(len(found.errors), 'problem')} below {settings.channels_path}",
            mend="`landing-loader validate` shows each with its line.",
        )
    for lack in found.lacking(mapping.notify for mapping in mappings):
        yield Check(
            topic="channel",
            level="warn",
            message=lack,
            mend="What is sent there waits until somebody mends it.",
        )
    if not found.errors:
        said = counted(len(found.channels), "channel")
        yield Check(
            topic="channel", level="ok", message=f"{said}: {', '.join(sorted(found.names))}"
        )


def _bucket(name: str, uri: str, settings: Settings) -> Check:
    try:
        open_zone(uri, DefaultClients(settings.gcp_project)).require()
    except LandingError as error:
        detail = error.detail
        return Check(topic="zone", level="error", message=detail.message, mend=detail.hint or "")
    return Check(topic="zone", level="ok", message=f"{name} {uri}")


def _folder(name: str, folder: Path) -> Check:
    if not folder.exists():
        problem, mend = "does not exist", f"`mkdir -p {folder}`, or mount its disk."
    elif not folder.is_dir():
        problem, mend = "is not a folder", f"Set {name} to a folder."
    elif not os.access(folder, _ALL):
        problem, mend = "cannot be read and written", f"Give this user rwx on {folder}."
    else:
        return Check(topic="zone", level="ok", message=f"{name} {folder}")
    return Check(topic="zone", level="error", message=f"{name} {folder} {problem}", mend=mend)
