"""Failed deliveries back into the landing zone, as new arrivals under their original names."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from airflow_landing_loader.exceptions import ErrorCode, TransientError, shown
from airflow_landing_loader.landing import local_files, transfer
from airflow_landing_loader.landing.local_zone import LocalZone
from airflow_landing_loader.landing.model import LandedFile
from airflow_landing_loader.landing.replaying import (
    Replayed,
    elsewhere,
    in_neither,
    name_taken,
    not_there,
)
from airflow_landing_loader.landing.sidecar import (
    ENDING,
    Sidecar,
    is_sidecar_of,
    read_sidecar,
    sidecar_name,
)
from airflow_landing_loader.landing.source import disappeared
from airflow_landing_loader.landing.transfer import AcrossDevicesError, Digests, FileToMove
from airflow_landing_loader.landing.zone import Zone, require_plain_name

_TAG = "replay"


@dataclass(frozen=True, kw_only=True)
class _Return:
    """One file on its way back."""

    stored: str
    name: str


@dataclass(frozen=True, kw_only=True)
class _Plan:
    sidecar_path: str
    sidecar: Sidecar
    files: tuple[_Return, ...]


def replay(failed: Zone, landing: Zone, names: Sequence[str]) -> list[Replayed]:
    """Move failed deliveries back, each with its go file, and remove their sidecars.

    All names are looked at before the first file moves. The files get a new modification time, so
    that they count as a new arrival and have to settle again. May be repeated after a death.

    :param failed: failed zone.
    :param landing: landing zone.
    :param names: of data files in the failed zone, with or without ``.error.json``; a path is
        accepted if it leads directly into the failed zone.
    :raises TerminalError: ``REPLAY_NO_SIDECAR``; ``REPLAY_NAME_TAKEN``, a file of that name lies in
        the landing zone; ``LANDING_UNKNOWN_FILE``, a path outside of the failed zone, or a file
        that is in neither zone; ``LANDING_NOT_A_FILE``.
    :raises TransientError: ``ZONE_UNAVAILABLE``, ``ZONE_UNWRITABLE`` or ``LANDING_UNREADABLE``.
    """
    if isinstance(failed, LocalZone) and isinstance(landing, LocalZone):
        return _replay_locally(failed, landing, names)
    # Imported here: local folders do not pay for it.
    from airflow_landing_loader.landing import copying_replay

    return copying_replay.replay(failed, landing, names)


def _replay_locally(failed: LocalZone, landing: LocalZone, names: Sequence[str]) -> list[Replayed]:
    failed.require()
    landing.require()
    try:
        # Nothing is quarantined while the zone is looked at: a sidecar without its data file is an
        # interrupted replay, not a delivery that is about to arrive.
        with local_files.exclusive(failed.path):
            plans = [_plan(failed, landing, _stored_name(failed, name)) for name in names]
        return [_replay(failed, landing, plan) for plan in plans]
    except OSError as error:
        raise TransientError(
            ErrorCode.ZONE_UNWRITABLE,
            f"Files cannot be moved from {shown(failed.path)} to {shown(landing.path)}: "
            f"{error.strerror}.",
            hint="Give your user write permission on both folders; nothing is lost, repeat it.",
        ) from error


def _stored_name(failed: LocalZone, name: str) -> str:
    plain = name
    if "/" in name:
        path = Path(os.path.abspath(name))  # noqa: PTH100 (a link must not be followed)
        if str(path.parent) != failed.path and not _same_folder(path.parent, failed.path):
            raise elsewhere(name, failed)
        plain = path.name
    require_plain_name(plain)
    return plain


def _same_folder(one: Path, other: str) -> bool:
    return one.is_dir() and one.samefile(other)


def _plan(failed: LocalZone, landing: LocalZone, name: str) -> _Plan:
    path = f"{failed.path}/{sidecar_name(name, failed.path)}"
    # A delivered file may have the name of a sidecar; then it has one of its own.
    if name.endswith(ENDING) and _lies_in(failed, name) and not local_files.exists(path):
        path = f"{failed.path}/{name}"
    if not local_files.exists(path) and not _lies_in(failed, name):
        raise not_there(name, failed)
    sidecar = read_sidecar(path)
    files = [_Return(stored=sidecar.stored_data or sidecar.data_name, name=sidecar.data_name)]
    if sidecar.go_name is not None:
        files.append(_Return(stored=sidecar.stored_go or sidecar.go_name, name=sidecar.go_name))
    for file in files:
        require_plain_name(file.stored)
        require_plain_name(file.name)
        _take_up(failed, file)
        _require_free(failed, landing, file)
    if not _lies_in(failed, files[0].stored) and not _lies_in(landing, files[0].name):
        raise in_neither(files[0].stored, path)
    return _Plan(sidecar_path=path, sidecar=sidecar, files=tuple(files))


def _lies_in(zone: LocalZone, name: str) -> bool:
    return local_files.exists(f"{zone.path}/{name}")


def _take_up(failed: LocalZone, file: _Return) -> None:
    """A dead replay may have hidden the file, to remove it behind its copy."""
    hidden = local_files.temporary_path(failed.path, file.stored, _TAG)
    if local_files.exists(hidden) and not _lies_in(failed, file.stored):
        local_files.rename_no_replace(hidden, f"{failed.path}/{file.stored}")


def _stored(failed: LocalZone, landing: LocalZone, file: _Return) -> LandedFile | None:
    path = f"{failed.path}/{file.stored}"
    if local_files.same_inode(path, f"{landing.path}/{file.name}"):
        # A replay by link and unlink died in between.
        return local_files.look_up(path)
    return failed.stat(file.stored)


def _require_free(failed: LocalZone, landing: LocalZone, file: _Return) -> None:
    stored = _stored(failed, landing, file)
    path = f"{landing.path}/{file.name}"
    if stored is None or not local_files.exists(path):
        return
    # A copy across devices that died before it removed its source leaves both.
    if transfer.is_same_content(FileToMove(file=stored), path, Digests(), in_place=True):
        return
    raise name_taken(file.name, file.stored)


def _replay(failed: LocalZone, landing: LocalZone, plan: _Plan) -> Replayed:
    for file in plan.files:
        _bring_back(failed, landing, file)
    if is_sidecar_of(plan.sidecar_path, plan.sidecar):
        Path(plan.sidecar_path).unlink(missing_ok=True)
    data, *others = plan.files
    return Replayed(
        data=f"{landing.path}/{data.name}",
        go=next((f"{landing.path}/{go.name}" for go in others if _lies_in(landing, go.name)), None),
        stored=data.stored,
        code=plan.sidecar.error.code,
    )


def _bring_back(failed: LocalZone, landing: LocalZone, file: _Return) -> None:
    if not _lies_in(failed, file.stored):
        return
    path = f"{landing.path}/{file.name}"
    if local_files.exists(path):
        _require_free(failed, landing, file)
        item = _item(failed, landing, file)
        transfer.discard(item, tag=_TAG)
        transfer.remove_dead_copy(item, landing.path, tag=_TAG)
        return
    os.utime(f"{failed.path}/{file.stored}", follow_symlinks=False)
    item = _item(failed, landing, file)
    try:
        transfer.place(item, path, tag=_TAG)
    except AcrossDevicesError:
        with transfer.staged_copy(item, landing.path, tag=_TAG) as copy:
            transfer.place(item, path, tag=_TAG, staged=copy)


def _item(failed: LocalZone, landing: LocalZone, file: _Return) -> FileToMove:
    stored = _stored(failed, landing, file)
    if stored is None:
        raise disappeared(file.stored)
    return FileToMove(file=stored)
