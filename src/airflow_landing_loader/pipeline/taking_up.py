"""What a dead loader held on to, and does not lie in landing any more: its sender has replaced it,
or another loader has finished its move."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.exceptions import ErrorCode, LandingError, shown
from airflow_landing_loader.landing.model import Delivery
from airflow_landing_loader.landing.moves.held import Held
from airflow_landing_loader.landing.moves.holding import Holding
from airflow_landing_loader.loading.model import Duplicate, Loaded, Verdict
from airflow_landing_loader.loading.planning.identity import Content
from airflow_landing_loader.loading.warehouses.base import Ledger
from airflow_landing_loader.pipeline.outcome import Outcome
from airflow_landing_loader.safe_text import storable

log = logging.getLogger(__name__)

_OF_ALL = (ErrorCode.WAREHOUSE_LOCKED, ErrorCode.WAREHOUSE_UNAVAILABLE)


def take_up(
    holding: Holding,
    warehouse: Ledger,
    mappings: Sequence[TableMapping],
    finish: Callable[[Sequence[Verdict]], Sequence[Outcome]],
) -> None:
    """Archive what was committed, and let go of what was not; cheap if nothing is held.

    What cannot be looked at now is left for the next loader and keeps no file from loading.

    :param mappings: those of other tables are their own loaders' to take up.
    :param finish: the step that archives.
    """
    for unit in holding.replaced():
        deliveries = [_delivery(held, mappings) for held in unit]
        mine = [delivery for delivery in deliveries if delivery is not None]
        if len(mine) < len(unit):
            continue
        try:
            _take_up(unit, mine, holding, warehouse, finish)
        except LandingError as error:
            log.warning("%s cannot be taken up yet: %s", shown(unit[0].data.name), error)
            if error.code in _OF_ALL:
                break  # each of the others would wait as long
    holding.tidy()


def _delivery(held: Held, mappings: Sequence[TableMapping]) -> Delivery | None:
    mapping = next((m for m in mappings if _is_of(held, m)), None)
    if mapping is None:
        return None
    return Delivery(mapping=mapping, data=held.data, go=held.go, members=held.members)


def _is_of(held: Held, mapping: TableMapping) -> bool:
    return held.table == mapping.table and mapping.matches(held.data.name)


def _take_up(
    unit: Sequence[Held],
    deliveries: Sequence[Delivery],
    holding: Holding,
    warehouse: Ledger,
    finish: Callable[[Sequence[Verdict]], Sequence[Outcome]],
) -> None:
    open_files = {name for batch in warehouse.overview(0).open_batches for name in batch.files}
    if any(held.data.name in open_files for held in unit):
        return  # it may be committed yet
    load_ids = [_load_id(held, warehouse) for held in unit]
    if not any(load_ids):
        for held in unit:
            holding.release(held.files)
        return
    verdicts = [
        _duplicate(held, delivery, warehouse)
        if load_id is None
        else _loaded(load_id, held, delivery, warehouse)
        for load_id, held, delivery in zip(load_ids, unit, deliveries, strict=True)
    ]
    told = [verdict for verdict in verdicts if verdict is not None]
    for outcome in finish(told) if told else ():
        _tell(outcome)


def _tell(outcome: Outcome) -> None:
    """Say what became of a file that no run reports: the one that loaded it has ended."""
    now = "it is archived now" if outcome.error is None else outcome.error.sentence()
    log.warning("%s was loaded by a run that ended too soon: %s", shown(outcome.name), now)


def _loaded(load_id: str, held: Held, delivery: Delivery, warehouse: Ledger) -> Loaded | None:
    with warehouse.committed(load_id) as found:
        load = None if found is None else found.load
    # Of a forged note: another delivery's file would be archived with this one, and never loaded.
    go_filename = None if held.go is None else storable(held.go.name)
    if load is None or load.go_filename != go_filename:
        return None
    return Loaded(delivery=delivery, load=load, notes=("loaded by an earlier try",))


def _duplicate(held: Held, delivery: Delivery, warehouse: Ledger) -> Duplicate | None:
    """What is in the table as an earlier load, while others of its set were loaded."""
    content = Content(held.table, storable(held.data.name), held.sha256)
    same = [
        load
        for load in warehouse.prior_loads(content)
        if load.sha256 == held.sha256 and not load.removed
    ]
    if not same:
        return None
    load_id = max(same, key=lambda load: load.sequence).load_id
    return Duplicate(delivery=delivery, sha256=held.sha256, of_load_id=load_id)


def _load_id(held: Held, warehouse: Ledger) -> str | None:
    """The load that has committed this very arrival."""
    name = storable(held.data.name)
    for load in warehouse.prior_loads(Content(held.table, name, held.sha256)):
        same = (load.table_name, load.filename, load.sha256, load.delivery_token)
        if same == (held.table, name, held.sha256, held.data.token):
            return load.load_id
    return None
