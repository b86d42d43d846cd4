"""Sidecars of the data files that one go file names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from airflow_landing_loader.exceptions import TerminalError
from airflow_landing_loader.landing.moves.sidecar import ENDING, Sidecar, find_sidecar
from airflow_landing_loader.storage.folder import Folder

Found = list[tuple[str, Sidecar]]
"""Names of sidecars, and what they say."""


def mates_of(source: Folder, sidecar: Sidecar) -> Found:
    """Those of the same arrival of a go file, one's own among them; none where it is of one file.

    :param source: the failed zone.
    :raises TransientError: ``LANDING_UNREADABLE``, ``ZONE_UNAVAILABLE``.
    """
    if sidecar.go_token is None:
        return []
    go_file = (sidecar.go_name, sidecar.go_token)
    return [(n, each) for n, each in _of_sets(source) if (each.go_name, each.go_token) == go_file]


def of_go_file(source: Folder, name: str) -> Found:
    """Those of the go file that has this name in the failed zone."""
    found = list(_of_sets(source))
    go_files = {(each.go_name, each.go_token) for _, each in found if each.stored_go == name}
    return [(n, each) for n, each in found if (each.go_name, each.go_token) in go_files]


def stored_go_of_others(source: Folder, own: Sequence[Sidecar]) -> frozenset[str]:
    """The names in the failed zone of the go files that other sets have there.

    Two that are equal may have become one file, as equal files under one name do.
    """
    ours = {(each.go_name, each.go_token) for each in own}
    others = (s for _, s in _of_sets(source) if (s.go_name, s.go_token) not in ours)
    return frozenset(s.stored_go for s in others if s.stored_go is not None) if own else frozenset()


def _of_sets(source: Folder) -> Iterator[tuple[str, Sidecar]]:
    for name in source.names():
        if name.endswith(ENDING):
            try:
                sidecar = find_sidecar(source, name)
            except TerminalError:  # no file
                continue
            if sidecar is not None and sidecar.go_token is not None:
                yield name, sidecar
