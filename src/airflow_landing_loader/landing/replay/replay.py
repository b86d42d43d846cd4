"""Failed deliveries back into the landing zone, as new arrivals under their original names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial

from airflow_landing_loader.landing.moves.sidecar import (
    Sidecar,
    find_sidecar,
    is_same_delivery,
    sidecar_bytes,
)
from airflow_landing_loader.landing.moves.target import SpotState, Target
from airflow_landing_loader.landing.replay.mates import stored_go_of_others
from airflow_landing_loader.landing.replay.model import (
    Replayed,
    in_neither,
    name_taken,
    wanted_twice,
)
from airflow_landing_loader.landing.replay.named import FailedDelivery, failed_deliveries
from airflow_landing_loader.storage.content import changed, disappeared, sha256_of
from airflow_landing_loader.storage.model import FileToMove, LandedFile
from airflow_landing_loader.storage.opening import open_folder
from airflow_landing_loader.storage.zone import Zone, require_plain_name

_TAG = "replay"


@dataclass(frozen=True, kw_only=True)
class _Return:
    """One file on its way back; ``found``: as it lies in the failed zone, if it still does."""

    stored: str
    name: str
    found: LandedFile | None


@dataclass(frozen=True, kw_only=True)
class _Plan:
    """One delivery on its way back.

    :param named: whether it was asked for itself, and not brought along for its set.
    :param copied: what is left in the failed zone of a data file that was copied back.
    """

    sidecar_name: str
    sidecar: Sidecar
    files: tuple[_Return, ...]
    named: bool
    copied: LandedFile | None = None

    @property
    def own_go(self) -> tuple[_Return, ...]:
        """Its go file, if that is of no other."""
        return () if self.go_of_set else self.files[1:]

    @property
    def go_of_set(self) -> tuple[_Return, ...]:
        """The go file of several data files, if it is known here where that lies."""
        return () if self.sidecar.go_token is None else self.files[1:]


class Returned:
    """Deliveries that are in landing again, whose sidecars tell so until they are forgotten.

    :param view: the two zones.
    :param plans: what went back.
    """

    def __init__(self, view: Target, plans: Sequence[_Plan]) -> None:
        self._view, self._plans = view, plans
        self.replayed = [_replayed(view, plan) for plan in plans]

    @property
    def sidecars(self) -> list[Sidecar]:
        """What was known of each in the failed zone, in the same order."""
        return [plan.sidecar for plan in self._plans]

    def forget(self) -> None:
        """Remove their sidecars, last those by which the same call finds the others.

        :raises TransientError: ``ZONE_UNWRITABLE`` or ``LANDING_UNREADABLE``.
        """
        last = _needed(self._plans)
        for plan in [*(plan for plan in self._plans if plan not in last), *last]:
            _remove_sidecar(self._view, plan)


def replay(
    failed: Zone, landing: Zone, names: Sequence[str], *, of_dag: str | None = None
) -> list[Replayed]:
    """:func:`bring_back`, where nobody has to be told before it is forgotten."""
    returned = bring_back(failed, landing, names, of_dag=of_dag)
    returned.forget()
    return returned.replayed


def bring_back(
    failed: Zone, landing: Zone, names: Sequence[str], *, of_dag: str | None = None
) -> Returned:
    """Move failed deliveries back, each with its go file; their sidecars stay.

    All names are looked at before the first file moves. The files get a new modification time, so
    that they count as a new arrival and have to settle again. After a death the same call finishes:
    a sidecar says which data file went back, also if that was loaded since.

    :param failed: failed zone.
    :param landing: landing zone.
    :param names: as :func:`.named.failed_deliveries` takes them. All that one go file names goes
        back together.
    :param of_dag: as there.
    :raises TerminalError: ``REPLAY_NO_SIDECAR``; ``REPLAY_NAME_TAKEN``, a file of that name lies in
        the landing zone, or two of these would get it; ``LANDING_UNKNOWN_FILE``, a path outside of
        the failed zone, or a file that is in neither zone; ``LANDING_NOT_A_FILE``;
        ``ACTION_OTHER_TABLE``.
    :raises TransientError: ``ZONE_UNAVAILABLE``, ``ZONE_UNWRITABLE``, ``LANDING_UNREADABLE``, or
        ``LANDING_DISAPPEARED``: somebody else takes one away at this moment.
    """
    source, target = open_folder(failed), open_folder(landing)
    source.require()
    target.require()
    # Nothing is quarantined while the zone is looked at: a sidecar without its data file is an
    # interrupted replay, not a delivery that is about to arrive.
    view = Target(source, target)
    with source.lock(target) or nullcontext():
        plans = [
            _plan(view, delivery) for delivery in failed_deliveries(source, names, of_dag=of_dag)
        ]
        plans.sort(key=lambda plan: bool(plan.go_of_set))  # who has the go file comes last
        _require_apart(plans)
    _bring_all_back(view, plans)
    return Returned(view, plans)


def _bring_all_back(view: Target, plans: Sequence[_Plan]) -> None:
    """Move files; go files last, as nothing that needs one loads before."""
    shared = stored_go_of_others(view.source, [plan.sidecar for plan in plans if plan.go_of_set])
    for plan in plans:
        if plan.copied is not None:
            view.source.discard(FileToMove(file=plan.copied), tag=_TAG)
        _bring_each_back(view, plan.files[:1], then=partial(_write_down, view, plan))
        _write_down(view, plan)
    for plan in plans:
        _bring_each_back(view, plan.own_go)
    for plan in _needed(plans):
        _bring_each_back(view, plan.go_of_set, keep=shared)


def _write_down(view: Target, plan: _Plan) -> None:
    """Let the sidecar say that the data file went back, before anybody can have loaded it: where
    it is found neither here nor there, it is not lost."""
    now = _own_sidecar(view, plan)
    if now is None or now.replayed_at is not None:
        return
    at = datetime.now(UTC).isoformat(timespec="milliseconds")
    content = sidecar_bytes(replace(now, replayed_at=at))
    view.source.write(plan.sidecar_name, content, replace=True, tag=_TAG)


def _needed(plans: Sequence[_Plan]) -> list[_Plan]:
    """What a repeated call needs, in the order in which it may go: what it finds by the same names,
    and of each set what knows the go file."""
    ordered = sorted(plans, key=lambda plan: plan.named)
    carriers = {go.stored: plan.sidecar_name for plan in ordered for go in plan.go_of_set}
    return [p for p in ordered if p.named or p.sidecar_name in carriers.values()]


def _require_apart(plans: Sequence[_Plan]) -> None:
    """Refuse two files that want one name before the first of them moves.

    :raises TerminalError: ``REPLAY_NAME_TAKEN``.
    """
    wanted: dict[str, str] = {}
    for file in (file for plan in plans for file in plan.files if file.found is not None):
        other = wanted.setdefault(file.name, file.stored)
        if other != file.stored:
            raise wanted_twice(file.name, other, file.stored)


def _plan(view: Target, delivery: FailedDelivery) -> _Plan:
    sidecar = delivery.sidecar
    pairs = [(delivery.stored, sidecar.data_name)]
    if sidecar.go_name is not None and (sidecar.go_token is None or sidecar.stored_go is not None):
        pairs.append((sidecar.stored_go or sidecar.go_name, sidecar.go_name))
    for pair in pairs:
        for each in pair:
            require_plain_name(each)
    files = tuple(_look_up(view, *pair) for pair in pairs)
    plan = _Plan(
        sidecar_name=delivery.sidecar_name, sidecar=sidecar, files=files, named=delivery.named
    )
    if view.folder.taken(files[0].name):
        return plan
    if sidecar.replayed_at is not None:
        return _taken_up(view, plan)
    if files[0].found is None:
        raise in_neither(files[0].stored, f"{view.source.path}/{delivery.sidecar_name}")
    return plan


def _taken_up(view: Target, plan: _Plan) -> _Plan:
    """What a dead replay has brought back, and a loader has taken since: nothing goes twice.

    A store copies and removes; what is left here may be a copy. Only what is known to be one goes.
    """
    left = plan.files[0].found
    is_copy = left is not None and sha256_of(view.source.source(left)) == plan.sidecar.sha256
    files = tuple(replace(file, found=None) for file in plan.files)
    return replace(plan, files=files, copied=left if is_copy else None)


def _look_up(view: Target, stored: str, name: str) -> _Return:
    source = view.source
    source.give_back(stored, tag=_TAG)
    # A replay by link and unlink that died in between has left two names, which nothing else has.
    look = source.find if view.folder.is_one_file(name, source, stored) else source.stat
    file = _Return(stored=stored, name=name, found=look(stored))
    if file.found is not None:
        _is_back(view, file, file.found)
    return file


def _is_back(view: Target, file: _Return, found: LandedFile) -> bool:
    """Whether a dead replay has copied the file already.

    :raises TerminalError: ``REPLAY_NAME_TAKEN``, by something else.
    """
    state = view.state(FileToMove(file=found), file.name, in_place=True)
    if state is SpotState.OTHER:
        raise name_taken(file.name, file.stored)
    return state is SpotState.OWN


def _remove_sidecar(view: Target, plan: _Plan) -> None:
    if _own_sidecar(view, plan) is not None:
        view.source.remove(plan.sidecar_name)


def _own_sidecar(view: Target, plan: _Plan) -> Sidecar | None:
    """As it is now, if no other has its name."""
    now = find_sidecar(view.source, plan.sidecar_name)
    return now if now is not None and is_same_delivery(now, plan.sidecar) else None


def _replayed(view: Target, plan: _Plan) -> Replayed:
    target = view.folder
    data, *others = plan.files
    go = next((go.name for go in others if target.taken(go.name)), None)
    return Replayed(
        data=f"{target.path}/{data.name}",
        go=None if go is None else f"{target.path}/{go}",
        stored=data.stored,
        code=plan.sidecar.error.code,
    )


def _bring_each_back(
    view: Target,
    files: Sequence[_Return],
    keep: frozenset[str] = frozenset(),
    then: Callable[[], None] = lambda: None,
) -> None:
    """:param keep: what another set in the failed zone needs, too: it gets a copy.
    :param then: called between a copy there and the end of what lies here.
    """
    for file in files:
        if file.found is None:
            continue
        if view.source.taken(file.stored):
            _bring_back(view, file, file.found, keep=file.stored in keep, then=then)
        elif not view.folder.taken(file.name):
            raise disappeared(file.stored)  # it is discarded, or another replay was faster


def _bring_back(
    view: Target, file: _Return, found: LandedFile, *, keep: bool, then: Callable[[], None]
) -> None:
    source, target = view.source, view.folder
    item = FileToMove(file=found)
    if not _is_back(view, file, found):
        item = FileToMove(file=source.renewed(found))
        try:
            if not target.bring(file.name, item, source, tag=_TAG, keep=keep):
                return
        except FileExistsError:  # taken at this moment
            if not _is_back(view, file, item.file):
                raise changed(file.stored) from None
    then()
    if not keep:
        source.discard(item, tag=_TAG)
    target.tidy(file.stored, tag=_TAG)
