"""One action that somebody asked for, carried out: each of its targets alone, whatever becomes of
the others."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from functools import partial

from airflow_landing_loader.clients import Clients
from airflow_landing_loader.config.mapping.dag_ids import dag_id_meant, dag_id_of, is_table_dag
from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.exceptions import (
    ErrorCode,
    LandingError,
    TerminalError,
    contained,
)
from airflow_landing_loader.landing.replay.named import failed_deliveries, other_table
from airflow_landing_loader.loading.model import short_id
from airflow_landing_loader.loading.warehouses.base import Warehouse
from airflow_landing_loader.maintenance.archived import known
from airflow_landing_loader.maintenance.discarding import Discarder
from airflow_landing_loader.maintenance.replaying import bring_back
from airflow_landing_loader.maintenance.unloading import Unloader
from airflow_landing_loader.maintenance.verification import verify
from airflow_landing_loader.runs.acted import TargetResult
from airflow_landing_loader.runs.actions import ActionRequest
from airflow_landing_loader.safe_text import counted, delivered, shown, shown_name, storable
from airflow_landing_loader.storage.opening import Zones, open_folder

_OF_FAILED = ("replay", "discard")
_NAMED = 10


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where actions are carried out.

    :param mappings: of all tables, read when they are needed.
    """

    zones: Zones
    warehouse: Warehouse
    clients: Clients
    mappings: Callable[[], Sequence[TableMapping]]


def lying_in_failed(request: ActionRequest, zones: Zones) -> tuple[str, ...]:
    """Those targets that lie in the failed zone before the action begins: what does not lie there
    any more when it is tried again, an earlier try has taken away.

    :raises TransientError: the zone cannot be read.
    """
    if request.action not in _OF_FAILED:
        return ()
    failed = open_folder(zones.failed)
    failed.require()

    def lies(target: str) -> bool:
        try:
            return bool(failed_deliveries(failed, [delivered(target)]))
        except TerminalError:  # the action itself says why
            return False

    return tuple(filter(lies, request.targets))


def carry_out(
    request: ActionRequest, place: Place, lay_in_failed: Collection[str] = ()
) -> tuple[TargetResult, ...]:
    """Carry an action out; may be called again with the same request, and finishes.

    :param lay_in_failed: what :func:`lying_in_failed` has found before the first try.
    :return: one result for each target, in their order.
    """
    action = _Action(request, place)

    def done(target: str) -> TargetResult:
        return TargetResult(target=target, message=action.on(target))

    def refused(target: str, error: LandingError) -> TargetResult:
        if error.code is ErrorCode.REPLAY_NO_SIDECAR and target in lay_in_failed:
            return TargetResult(target=target, message="out of the failed zone already")
        return TargetResult(target=target, error=replace(error.detail, value=None))

    return tuple(
        contained(partial(done, target), partial(refused, target)) for target in request.targets
    )


class _Action:
    """See :func:`carry_out`."""

    def __init__(self, request: ActionRequest, place: Place) -> None:
        self._request, self._place = request, place
        self._dag_id = dag_id_meant(request.table)
        self._came_along: dict[str, str] = {}
        self._discarder = Discarder(
            place.zones, lambda: place.warehouse, by=request.asked_by, reason=request.reason
        )

    def on(self, target: str) -> str:
        """Do it to one target, and say what was done.

        :raises LandingError: it cannot be done.
        """
        match self._request.action:
            case "replay":
                return self._came_along.get(target) or self._replay(target)
            case "discard":
                return self._came_along.get(target) or self._discard(target)
            case "unload":
                return self._unload(target)
            case "verify":
                return self._verify(target)
            case "promote":
                return self._promote(target)

    def _replay(self, target: str) -> str:
        back, untold = bring_back(
            [delivered(target)],
            zones=self._place.zones,
            ledger=lambda: self._place.warehouse,
            of_dag=self._dag_id,
        )
        note = f"; only load_deliveries does not say so: {untold.sentence()}" if untold else ""
        said = f"back in landing as {shown_name(back[0].name)}"
        return self._said(target, said + note, [entry.stored for entry in back])

    def _discard(self, target: str) -> str:
        done = self._discarder.discard(delivered(target), of_dag=self._dag_id)
        own = next((each for each in done if storable(each.stored) == target), done[0])
        return self._said(target, f"now {shown_name(own.data)}", [each.stored for each in done])

    def _said(self, target: str, said: str, stored: Sequence[str]) -> str:
        """What was done to a target; the others of its set came along with it."""
        others = [name for name in map(storable, stored) if name != target]
        self._came_along |= dict.fromkeys(others, f"came along with {shown(target)}")
        named = ", ".join(others[:_NAMED])
        more = f" and {len(others) - _NAMED:,} more" if len(others) > _NAMED else ""
        return f"{said}, with {shown(named)}{more} of its set" if others else said

    def _unload(self, target: str) -> str:
        self._require_load(target)
        place = self._place
        to = self._request.parameters.to or "failed"
        done = Unloader(place.zones, place.warehouse, place.clients).unload(target, to)
        load, rows = done.load, counted(done.rows, "row")
        went = f"{rows} went out of {load.table_name}" if done.rows else "its rows were out already"
        stay = counted(len(done.stay_loaded), "other file")
        note = f"; {stay} of its set stay loaded until they are unloaded, too"
        return f"{went}; its file is {shown_name(done.uri)}{note if done.stay_loaded else ''}"

    def _verify(self, target: str) -> str:
        self._require_load(target)
        place = self._place
        proof = verify(
            target,
            warehouse=place.warehouse,
            mappings=place.mappings(),
            clients=place.clients,
        )
        if proof.error is not None:
            error = proof.error
            raise TerminalError(
                ErrorCode(error.code), error.message, hint=error.hint, **error.place()
            )
        records = counted(proof.rows, "record")
        name = shown_name(delivered(proof.load.filename))
        return f"{proof.load.table_name} holds exactly the {records} of {name}"

    def _promote(self, target: str) -> str:
        warehouse, table = self._place.warehouse, self._table()
        type_ = self._request.parameters.type
        prospect = warehouse.prospect(table, target, type_)
        if prospect.is_done:
            return f"{target!r} is the column {prospect.column} already ({prospect.type})"
        return warehouse.promote(table, target, type_).sentence()

    def _require_load(self, load_id: str) -> None:
        """Refuse a load of another table.

        :raises TerminalError: ``LOAD_UNKNOWN``, ``ACTION_OTHER_TABLE``.
        """
        with self._place.warehouse.committed(load_id) as found:
            load = known(found, load_id).load
        if dag_id_of(load.table_name) != self._dag_id:
            raise other_table(f"load {short_id(load_id)}", "a load", delivered(load.filename))

    def _table(self) -> str:
        """The table as its mappings name it: two spellings may have one DAG."""
        tables = {m.table for m in self._place.mappings() if m.dag_id == self._dag_id}
        if len(tables) == 1:
            return tables.pop()
        if is_table_dag(self._request.table):
            raise TerminalError(
                ErrorCode.PROMOTE_UNKNOWN,
                f"No mapping says which table the DAG {self._dag_id} is of.",
                hint="Mend the mapping of the table first.",
            )
        return self._request.table
