"""Which deliveries of the failed zone a person means by names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from airflow_landing_loader.config.mapping.dag_ids import dag_id_of
from airflow_landing_loader.exceptions import ErrorCode, TerminalError, shown
from airflow_landing_loader.landing.moves.sidecar import (
    ENDING,
    Sidecar,
    read_sidecar,
    sidecar_name,
)
from airflow_landing_loader.landing.replay.mates import Found, mates_of, of_go_file
from airflow_landing_loader.landing.replay.model import elsewhere, not_there
from airflow_landing_loader.storage.folder import Folder
from airflow_landing_loader.storage.zone import require_plain_name


@dataclass(frozen=True, kw_only=True)
class FailedDelivery:
    """A delivery in the failed zone.

    :param sidecar_name: name of its sidecar there.
    :param named: whether it was asked for itself, and not brought along for its set.
    """

    sidecar_name: str
    sidecar: Sidecar
    named: bool

    @property
    def stored(self) -> str:
        """Name of its data file there, which may be no file name at all: others may write there."""
        return self.sidecar.stored_data or self.sidecar.data_name


def failed_deliveries(
    source: Folder, names: Sequence[str], *, of_dag: str | None = None
) -> list[FailedDelivery]:
    """The deliveries of these names, and all that their go files name.

    :param source: the failed zone.
    :param names: of data files, with or without ``.error.json``, or of go files that name data
        files; a path is accepted if it leads directly into the zone.
    :param of_dag: id of a table's DAG: what is named must be of that table. The other files of a
        set may be of others, as nobody can load it without them.
    :raises TerminalError: ``REPLAY_NO_SIDECAR``; ``LANDING_UNKNOWN_FILE``, a path outside of the
        zone; ``LANDING_NOT_A_FILE``; ``ACTION_OTHER_TABLE``.
    :raises TransientError: ``ZONE_UNAVAILABLE`` or ``LANDING_UNREADABLE``.
    """
    found: dict[str, FailedDelivery] = {}
    for name in (_stored_name(source, name) for name in names):
        own, of_set = _found(source, name)
        if of_dag is not None:
            _require_of(of_dag, name, own or of_set)
        for own_name, sidecar in own:
            found[own_name] = FailedDelivery(sidecar_name=own_name, sidecar=sidecar, named=True)
        for own_name, sidecar in of_set:
            delivery = FailedDelivery(sidecar_name=own_name, sidecar=sidecar, named=False)
            found.setdefault(own_name, delivery)
    return list(found.values())


def _found(source: Folder, name: str) -> tuple[Found, Found]:
    """The delivery of this name, and those of its set; of a go file that set alone."""
    own = sidecar_name(name, source.path)
    # A delivered file may have the name of a sidecar; then it has one of its own.
    if name.endswith(ENDING) and not source.taken(own):
        own = name
    try:
        sidecar = read_sidecar(source, own)
    except TerminalError as error:
        of_set = of_go_file(source, name)
        if error.code is not ErrorCode.REPLAY_NO_SIDECAR or not of_set:
            if source.taken(own) or source.taken(name):
                raise
            raise not_there(name, source) from None
        return [], of_set
    return [(own, sidecar)], mates_of(source, sidecar)


def other_table(what: str, kind: str, file: str) -> TerminalError:
    """The error for what belongs to another table than the one that it is asked for at.

    :param kind: ``a file``, ``a load``.
    """
    return TerminalError(
        ErrorCode.ACTION_OTHER_TABLE,
        f"{shown(what)} is {kind} of another table.",
        hint="Ask for it at the table that it belongs to.",
        file=file,
    )


def _require_of(dag_id: str, name: str, found: Found) -> None:
    if all(dag_id_of(sidecar.table) != dag_id for _, sidecar in found):
        raise other_table(name, "a file", name)


def _stored_name(source: Folder, name: str) -> str:
    plain = source.name_of(name)
    if plain is None:
        raise elsewhere(name, source)
    require_plain_name(plain)
    return plain
