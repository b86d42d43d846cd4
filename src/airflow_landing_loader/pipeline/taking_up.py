"""What a dead loader held on to, and does not lie in landing any more: its sender has replaced it,
or another loader has finished its move."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.exceptions import ErrorCode, LandingError, shown
from airflow_landing_loader.landing.model import Delivery
from airflow_landing_loader.landing.moves.holding import Held, Holding
from airflow_landing_loader.loading.model import Loaded, Verdict
from airflow_landing_loader.loading.planning.identity import Content
from airflow_landing_loader.loading.warehouses.base import Ledger
from airflow_landing_loader.safe_text import storable

log = logging.getLogger(__name__)

_OF_ALL = (ErrorCode.WAREHOUSE_LOCKED, ErrorCode.WAREHOUSE_UNAVAILABLE)


def take_up(
    holding: Holding,
    warehouse: Ledger,
    mappings: Sequence[TableMapping],
    finish: Callable[[Sequence[Verdict]], object],
) -> None:
    """Archive what was committed, and let go of what was not; cheap if nothing is held.

    What cannot be looked at now is left for the next loader and keeps no file from loading.

    :param mappings: those of other tables are their own loaders' to take up.
    :param finish: the step that archives.
    """
    for held in holding.replaced():
        mapping = next((m for m in mappings if _is_of(held, m)), None)
        if mapping is None:
            continue
        try:
            _take_up(held, mapping, holding, warehouse, finish)
        except LandingError as error:
            log.warning("%s cannot be taken up yet: %s", shown(held.data.name), error)
            if error.code in _OF_ALL:
                break  # each of the others would wait as long
    holding.tidy()


def _is_of(held: Held, mapping: TableMapping) -> bool:
    return held.table == mapping.table and mapping.matches(held.data.name)


def _take_up(
    held: Held,
    mapping: TableMapping,
    holding: Holding,
    warehouse: Ledger,
    finish: Callable[[Sequence[Verdict]], object],
) -> None:
    if any(held.data.name in batch.files for batch in warehouse.overview(0).open_batches):
        return  # it may be committed yet
    delivery = Delivery(mapping=mapping, data=held.data, go=held.go)
    load_id = _load_id(held, warehouse)
    if load_id is None:
        holding.release(held.files)
        return
    with warehouse.committed(load_id) as found:
        load = None if found is None else found.load
    # Of a forged note: another delivery's file would be archived with this one, and never loaded.
    go_filename = None if held.go is None else storable(held.go.name)
    if load is not None and load.go_filename == go_filename:
        finish([Loaded(delivery=delivery, load=load, notes=("loaded by an earlier try",))])


def _load_id(held: Held, warehouse: Ledger) -> str | None:
    """The load that has committed this very arrival."""
    name = storable(held.data.name)
    for load in warehouse.prior_loads(Content(held.table, name, held.sha256)):
        same = (load.table_name, load.filename, load.sha256, load.delivery_token)
        if same == (held.table, name, held.sha256, held.data.token):
            return load.load_id
    return None
