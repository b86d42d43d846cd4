"""Failed deliveries that nobody wants: out of failed, into the archive, with who said so and why.

    completed sidecar, data file and go file in the archive  ->  books  ->  sidecar out of failed

The sidecar in failed goes last, so that the same call finishes what a dead one has begun.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice

from airflow_landing_loader.exceptions import ErrorCode, TerminalError, shown
from airflow_landing_loader.landing.moves import move
from airflow_landing_loader.landing.moves.names import suffixed, suffixes
from airflow_landing_loader.landing.moves.sidecar import (
    Sidecar,
    find_sidecar,
    is_same_delivery,
    read_sidecar,
    sidecar_name,
)
from airflow_landing_loader.landing.replay.mates import stored_go_of_others
from airflow_landing_loader.landing.replay.named import FailedDelivery, failed_deliveries
from airflow_landing_loader.loading.model import DiscardedDelivery, short_id
from airflow_landing_loader.loading.planning.identity import refused_id
from airflow_landing_loader.loading.warehouses.base import Ledger
from airflow_landing_loader.maintenance.set_go_file import MOST_SUFFIXES
from airflow_landing_loader.safe_text import ended, storable
from airflow_landing_loader.storage.folder import Folder
from airflow_landing_loader.storage.model import FileToMove, LandedFile
from airflow_landing_loader.storage.opening import Zones, open_folder
from airflow_landing_loader.storage.zone import require_plain_name

FOLDER = "_discarded"
"""In the archive; below it one folder for each day on which files were refused."""
_UNDATED = "undated"


@dataclass(frozen=True, kw_only=True)
class Discarded:
    """A delivery that is discarded.

    :param data: path or URI of its data file now.
    :param go: of its go file; ``None`` if it has none, or another one of its set has it.
    :param stored: name that the data file had in the failed zone.
    :param code: why it had been refused.
    :param booked: whether the books say so; they may know nothing of it.
    """

    data: str
    go: str | None
    stored: str
    code: str
    booked: bool


@dataclass(frozen=True, kw_only=True)
class _Plan:
    """One delivery on its way.

    :param delivery_id: its key in the books.
    :param subfolder: of the archive.
    :param data: as it lies in failed, if it still does; so is ``go``.
    """

    delivery: FailedDelivery
    delivery_id: str
    subfolder: str
    data: LandedFile | None
    go: LandedFile | None

    @property
    def sidecar(self) -> Sidecar:
        """As it is in failed."""
        return self.delivery.sidecar


class Discarder:
    """Discards deliveries.

    :param ledger: opens the books.
    :param by: who says so.
    :param reason: why.
    """

    def __init__(self, zones: Zones, ledger: Callable[[], Ledger], *, by: str, reason: str) -> None:
        self._zones = zones
        self._failed, self._archive = open_folder(zones.failed), open_folder(zones.archive)
        self._ledger = ledger
        self._by, self._reason = by, reason

    def discard(self, name: str, *, of_dag: str | None = None) -> tuple[Discarded, ...]:
        """Discard one delivery, with all that its go file names, or finish an earlier call's work.

        :param name: as :func:`~airflow_landing_loader.landing.replay.named.failed_deliveries` takes
            it, and ``of_dag``.
        :raises TerminalError: ``REPLAY_NO_SIDECAR``, ``LANDING_UNKNOWN_FILE``,
            ``LANDING_NOT_A_FILE``, ``ACTION_OTHER_TABLE``; nothing has moved.
        :raises TransientError: a zone or the warehouse cannot be used; the same call finishes.
        """
        self._failed.require()
        self._archive.require()
        move.finish_interrupted(self._failed, self._archive)
        # Nothing is quarantined meanwhile: a sidecar without its file is not one that arrives.
        with self._failed.lock(open_folder(self._zones.landing)) or nullcontext():
            found = failed_deliveries(self._failed, [name], of_dag=of_dag)
            plans = [self._plan(delivery) for delivery in found]
        # Who has the go file of a set comes first, as the others say what it is called.
        plans.sort(key=lambda plan: plan.sidecar.stored_go is None)
        sidecars = self._moved(plans)
        pairs = list(zip(plans, sidecars, strict=True))
        now = datetime.now(UTC).replace(tzinfo=None)
        told = [_told(plan, sidecar, self._place(plan)) for plan, sidecar in pairs]
        booked = self._ledger().mark_discarded(told, now)
        # By these the same call would find the others.
        plans.sort(key=lambda plan: (plan.delivery.named, plan.sidecar.stored_go is not None))
        for plan in plans:
            self._remove_sidecar(plan)
        return tuple(
            _done(plan, sidecar, self._place(plan), booked=plan.delivery_id in booked)
            for plan, sidecar in pairs
        )

    def _plan(self, delivery: FailedDelivery) -> _Plan:
        sidecar, stored = delivery.sidecar, delivery.stored
        go = sidecar.stored_go
        if go is None and sidecar.go_token is None:
            go = sidecar.go_name
        for each in filter(None, (stored, go)):
            require_plain_name(each)
        own_id = refused_id(sidecar)
        plan = _Plan(
            delivery=delivery,
            delivery_id=own_id,
            subfolder=self._subfolder(sidecar, stored, own_id),
            data=self._failed.stat(stored),
            go=None if go is None else self._failed.stat(go),
        )
        if plan.data is None and self._lying(plan) is None:
            raise _nowhere(stored, f"{self._failed.path}/{delivery.sidecar_name}")
        return plan

    def _subfolder(self, sidecar: Sidecar, stored: str, own_id: str) -> str:
        """Where it goes: the same at each try; not to an equal file that was discarded before,
        whose sidecar would make way for this one."""
        folder = f"{FOLDER}/{_date_of(sidecar)}"
        place = self._archive.below(folder)
        beside = find_sidecar(place, sidecar_name(stored, place.path))
        same_names = beside is not None and is_same_delivery(beside, sidecar, same_arrival=False)
        if beside is None or not same_names or is_same_delivery(beside, sidecar):
            return folder
        return f"{folder}/{short_id(own_id)}"

    def _place(self, plan: _Plan) -> Folder:
        return self._archive.below(plan.subfolder)

    def _lying(self, plan: _Plan) -> Sidecar | None:
        """Its sidecar in the archive, if an earlier call has brought its data file there."""
        place = self._place(plan)
        for suffix in islice(suffixes(short_id(plan.delivery_id)), MOST_SUFFIXES):
            name = suffixed(plan.delivery.stored, suffix, place.path)
            found = find_sidecar(place, sidecar_name(name, place.path))
            if found is not None and is_same_delivery(found, plan.sidecar):
                return found if place.taken(name) else None
        return None

    def _moved(self, plans: Sequence[_Plan]) -> list[Sidecar]:
        """Move the files; the sidecars as they lie in the archive then."""
        of_set = [plan.sidecar for plan in plans if plan.sidecar.go_token is not None]
        shared = stored_go_of_others(self._failed, of_set)
        found: list[Sidecar] = []
        go: str | None = None  # what the go file of a set is called in the archive
        for plan in plans:
            moved = plan if go is None else replace(plan, go=None)
            keep = moved.go is not None and moved.go.name in shared
            found.append(self._move(moved, go, keep=keep))
            go = go or (found[-1].stored_go if of_set else None)
        return found

    def _move(self, plan: _Plan, go: str | None, *, keep: bool) -> Sidecar:
        """Move one delivery, as far as it has not been.

        :param go: what its go file, which is there already, is called.
        :param keep: its go file is another set's, too: a copy goes.
        """
        lying = self._lying(plan) if plan.data is None else None
        if plan.go is not None and (keep or lying is not None):
            go = self._bring(plan, [plan.go], None, keep=keep)[0]
            plan = replace(plan, go=None)
        if lying is not None:
            return lying
        files = [file for file in (plan.data, plan.go) if file is not None]
        _, sidecar = self._bring(plan, files, self._completed(plan.sidecar, go))
        return read_sidecar(self._place(plan), sidecar)

    def _bring(
        self,
        plan: _Plan,
        files: Sequence[LandedFile],
        sidecar: Sidecar | None,
        *,
        keep: bool = False,
    ) -> tuple[str, str]:
        """The names that the first file and the sidecar have in the archive."""
        digest = plan.sidecar.sha256 if files[0] is plan.data else None
        moved = move.move(
            [FileToMove(file=files[0], sha256=digest), *(FileToMove(file=f) for f in files[1:])],
            self._failed,
            self._archive,
            suffix_id=plan.delivery_id,
            subfolder=plan.subfolder,
            sidecar=sidecar,
            keep_source=keep,
        )
        return _name_of(moved.data), _name_of(moved.sidecar or "")

    def _completed(self, sidecar: Sidecar, go: str | None) -> Sidecar:
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        return replace(
            sidecar,
            stored_go=sidecar.stored_go and (go or sidecar.stored_go),
            discarded_at=now,
            discarded_by=self._by,
            discard_reason=self._reason,
        )

    def _remove_sidecar(self, plan: _Plan) -> None:
        name = plan.delivery.sidecar_name
        now = find_sidecar(self._failed, name)
        if now is not None and is_same_delivery(now, plan.sidecar):
            self._failed.remove(name)


def _told(plan: _Plan, sidecar: Sidecar, place: Folder) -> DiscardedDelivery:
    why = f"not wanted, says {sidecar.discarded_by}: {sidecar.discard_reason}"
    return DiscardedDelivery(
        delivery_id=plan.delivery_id,
        message=shown(f"{ended(why)} It had been refused: {sidecar.error.text()}"),
        final_uri=storable(f"{place.path}/{sidecar.stored_data}"),
    )


def _done(plan: _Plan, sidecar: Sidecar, place: Folder, *, booked: bool) -> Discarded:
    go = None if sidecar.stored_go is None else f"{place.path}/{sidecar.stored_go}"
    return Discarded(
        data=f"{place.path}/{sidecar.stored_data}",
        go=go,
        stored=plan.delivery.stored,
        code=sidecar.error.code,
        booked=booked,
    )


def _date_of(sidecar: Sidecar) -> str:
    """The day on which it was refused: the same at each try, unlike the present one."""
    try:
        return datetime.fromisoformat(sidecar.time).date().isoformat()
    except ValueError:  # others may write there
        return _UNDATED


def _name_of(path: str) -> str:
    return path.rpartition("/")[2]


def _nowhere(stored: str, sidecar_path: str) -> TerminalError:
    return TerminalError(
        ErrorCode.LANDING_UNKNOWN_FILE,
        f"{shown(stored)} is not in the failed zone: it was removed by hand, or a replay of it was "
        "interrupted.",
        hint="`landing-loader replay` again finishes one that was interrupted; else delete "
        f"{shown(sidecar_path)}.",
        file=stored,
    )
