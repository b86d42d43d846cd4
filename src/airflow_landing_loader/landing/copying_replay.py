"""Replay with an object store at one end or both: copied back, and only then removed."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from airflow_landing_loader.landing.copying_moves import end_of, find_sidecar
from airflow_landing_loader.landing.ends import End, sha256_of
from airflow_landing_loader.landing.model import LandedFile
from airflow_landing_loader.landing.replaying import (
    Replayed,
    elsewhere,
    in_neither,
    name_taken,
    not_there,
)
from airflow_landing_loader.landing.sidecar import ENDING, Sidecar, sidecar_name
from airflow_landing_loader.landing.transfer import FileToMove
from airflow_landing_loader.landing.zone import Zone, require_plain_name

_TAG = "replay"


@dataclass(frozen=True, kw_only=True)
class _Return:
    """One file on its way back; ``found``: as it lies in the failed zone, if it still does."""

    stored: str
    name: str
    found: LandedFile | None


@dataclass(frozen=True, kw_only=True)
class _Plan:
    sidecar_name: str
    sidecar: Sidecar
    files: tuple[_Return, ...]


def replay(failed: Zone, landing: Zone, names: Sequence[str]) -> list[Replayed]:
    """See :func:`airflow_landing_loader.landing.replay.replay`."""
    failed.require()
    landing.require()
    source, target = end_of(failed), end_of(landing)
    plans = [_plan(failed, source, target, _stored_name(failed, name)) for name in names]
    return [_replay(source, target, plan) for plan in plans]


def _stored_name(failed: Zone, name: str) -> str:
    plain = name.removeprefix(f"{failed.path}/")
    if "/" in plain:
        raise elsewhere(name, failed)
    require_plain_name(plain)
    return plain


def _plan(failed: Zone, source: End, target: End, name: str) -> _Plan:
    own = sidecar_name(name, source.path)
    # A delivered file may have the name of a sidecar; then it has one of its own.
    if name.endswith(ENDING) and not source.taken(own):
        own = name
    sidecar = find_sidecar(source, own)
    if sidecar is None:
        raise not_there(name, failed)
    pairs = [(sidecar.stored_data or sidecar.data_name, sidecar.data_name)]
    if sidecar.go_name is not None:
        pairs.append((sidecar.stored_go or sidecar.go_name, sidecar.go_name))
    for pair in pairs:
        for each in pair:
            require_plain_name(each)
    files = [_Return(stored=s, name=n, found=source.find(s)) for s, n in pairs]
    for file in files:
        if file.found is not None and not _is_free(file, file.found, source, target):
            raise name_taken(file.name, file.stored)
    if files[0].found is None and not target.taken(files[0].name):
        raise in_neither(files[0].stored, f"{source.path}/{own}")
    return _Plan(sidecar_name=own, sidecar=sidecar, files=tuple(files))


def _is_free(file: _Return, found: LandedFile, source: End, target: End) -> bool:
    """Whether the name is free in landing, or holds what a dead replay has copied."""
    if not target.taken(file.name):
        return True
    there = target.find(file.name)
    if there is None or there.size != found.size:
        return False
    return sha256_of(target.source(there)) == sha256_of(source.source(found))


def _replay(source: End, target: End, plan: _Plan) -> Replayed:
    for file in plan.files:
        if file.found is None:
            continue
        item = FileToMove(file=file.found)
        # Taken only by its own copy: the plan has made sure of that.
        with suppress(FileExistsError):
            target.bring(file.name, item, source, tag=_TAG)
        if not _is_free(file, file.found, source, target):
            raise name_taken(file.name, file.stored)
        source.discard(item, tag=_TAG)
    source.remove(plan.sidecar_name)
    data, *others = plan.files
    go = next((go.name for go in others if target.taken(go.name)), None)
    return Replayed(
        data=f"{target.path}/{data.name}",
        go=None if go is None else f"{target.path}/{go}",
        stored=data.stored,
        code=plan.sidecar.error.code,
    )
