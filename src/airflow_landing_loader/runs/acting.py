"""One action that somebody asked for, carried out: each of its targets alone, whatever becomes of
the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from airflow_landing_loader.clients import Clients
from airflow_landing_loader.config.mapping.dag_ids import dag_id_meant, dag_id_of, is_table_dag
from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.exceptions import (
    ErrorCode,
    LandingError,
    TerminalError,
    TransientError,
    contained,
)
from airflow_landing_loader.landing.replay.named import failed_deliveries, other_table
from airflow_landing_loader.loading.model import DeliveryRecord, short_id
from airflow_landing_loader.loading.planning.identity import refused_id
from airflow_landing_loader.loading.warehouses.base import Warehouse
from airflow_landing_loader.maintenance.archived import known
from airflow_landing_loader.maintenance.discarding import FOLDER, Discarder
from airflow_landing_loader.maintenance.replaying import UNBOOKED, bring_back
from airflow_landing_loader.maintenance.unloading import Unloader
from airflow_landing_loader.maintenance.verification import verify
from airflow_landing_loader.runs.acted import Lying, TargetResult
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


def lying_in_failed(request: ActionRequest, zones: Zones) -> tuple[Lying, ...]:
    """Those targets that lie in the failed zone before the action begins: what does not lie there
    any more when it is tried again, an earlier try may have taken away.

    :raises TransientError: the zone cannot be read.
    """
    if request.action not in _OF_FAILED:
        return ()
    failed = open_folder(zones.failed)
    failed.require()

    def look(target: str) -> Lying | None:
        try:
            found = failed_deliveries(failed, [delivered(target)])
        except TerminalError:  # the action itself says why
            return None
        # Of a go file's set all go together: one says what became of them.
        own = next((each for each in found if each.named), found[0])
        return Lying(target=target, delivery_id=refused_id(own.sidecar))

    return tuple(filter(None, map(look, request.targets)))


def carry_out(
    request: ActionRequest, place: Place, lay_in_failed: Sequence[Lying] = ()
) -> tuple[TargetResult, ...]:
    """Carry an action out; may be called again with the same request, and finishes.

    :param lay_in_failed: what :func:`lying_in_failed` has found before the first try.
    :return: one result for each target, in their order.
    """
    action = _Action(request, place, lay_in_failed)

    def done(target: str) -> TargetResult:
        return TargetResult(target=target, message=action.on(target))

    def refused(target: str, error: LandingError) -> TargetResult:
        return TargetResult(target=target, error=replace(error.detail, value=None))

    return tuple(
        contained(partial(done, target), partial(refused, target)) for target in request.targets
    )


def _says(record: DeliveryRecord | None, action: str) -> bool:
    """Whether the books say of a delivery that it went out of the failed zone by such an action."""
    if record is None:
        return False
    if record.outcome == "unloaded":  # and stays so; but where its file lies is told
        return (f"/{FOLDER}/" in (record.final_uri or "")) == (action == "discard")
    return record.outcome == {"replay": "replayed", "discard": "discarded"}[action]


def _somebody_else(target: str, record: DeliveryRecord | None) -> TerminalError:
    says = "does not know it" if record is None else f"says {record.outcome}"
    return TerminalError(
        ErrorCode.REPLAY_NO_SIDECAR,
        f"{shown(target)} lay in the failed zone when this was asked for, and somebody else has "
        f"taken it out since: load_deliveries {says}.",
        hint="Look up where it is now with `landing-loader status`.",
        file=target,
    )


class _Action:
    """See :func:`carry_out`."""

    def __init__(
        self, request: ActionRequest, place: Place, lay_in_failed: Sequence[Lying]
    ) -> None:
        self._request, self._place = request, place
        self._lay_in_failed = {each.target: each.delivery_id for each in lay_in_failed}
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
                return self._out_of_failed(target, self._replay)
            case "discard":
                return self._out_of_failed(target, self._discard)
            case "unload":
                return self._unload(target)
            case "verify":
                return self._verify(target)
            case "promote":
                return self._promote(target)

    def _out_of_failed(self, target: str, act: Callable[[str], str]) -> str:
        if target in self._came_along:
            return self._came_along[target]
        try:
            return act(target)
        except TerminalError as error:
            own_id = self._lay_in_failed.get(target)
            if error.code is not ErrorCode.REPLAY_NO_SIDECAR or own_id is None:
                raise
        record = self._place.warehouse.delivery(own_id)
        if not _says(record, self._request.action):
            raise _somebody_else(target, record)
        return "out of the failed zone already"

    def _replay(self, target: str) -> str:
        done = bring_back(
            [delivered(target)],
            zones=self._place.zones,
            ledger=lambda: self._place.warehouse,
            of_dag=self._dag_id,
        )
        said = f"back in landing as {shown_name(done.replayed[0].name)}"
        if (untold := done.untold) is not None:
            raise TransientError(
                untold.code,
                f"{said}, but load_deliveries could not be told: {untold.detail.message}",
                hint=untold.detail.hint,
                trouble=untold.detail.trouble,
            ) from untold
        stored = [entry.stored for entry in done.replayed]
        return self._said(target, said, stored, booked=not done.unbooked)

    def _discard(self, target: str) -> str:
        done = self._discarder.discard(delivered(target), of_dag=self._dag_id)
        own = next((each for each in done if storable(each.stored) == target), done[0])
        stored, booked = [each.stored for each in done], all(each.booked for each in done)
        return self._said(target, f"now {shown_name(own.data)}", stored, booked=booked)

    def _said(self, target: str, said: str, stored: Sequence[str], *, booked: bool) -> str:
        """What was done to a target; the others of its set came along with it.

        :param booked: whether the books say so.
        """
        said += "" if booked else f" ({UNBOOKED})"
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
