"""The record of what became of one delivery, made in one place."""

from __future__ import annotations

from datetime import datetime

from airflow_landing_loader.landing.model import Delivery
from airflow_landing_loader.loading.model import DeliveryOutcome, DeliveryRecord, Load, RunContext
from airflow_landing_loader.loading.planning.identity import delivery_id
from airflow_landing_loader.safe_text import shown, storable


def delivery_record(
    delivery: Delivery,
    run: RunContext,
    outcome: DeliveryOutcome,
    *,
    at: datetime,
    final_uri: str | None,
    sha256: str | None,
    load_id: str | None = None,
    code: str | None = None,
    message: str | None = None,
) -> DeliveryRecord:
    """Return one row of ``load_deliveries``, its texts fit for any database.

    :param at: UTC without zone, as our tables hold times.
    :param final_uri: where the data file will lie; ``None``: nowhere.
    :param sha256: of the data file, if known.
    """
    return DeliveryRecord(
        delivery_id=delivery_id(delivery, sha256),
        filename=storable(delivery.data.name),
        table_name=delivery.mapping.table,
        outcome=outcome,
        code=code,
        message=None if message is None else shown(message),
        load_id=load_id,
        landing_uri=storable(delivery.data.path),
        final_uri=None if final_uri is None else storable(final_uri),
        dag_id=run.dag_id,
        run_id=run.run_id,
        recorded_at=at,
        sha256=sha256,
        failed_at=at if outcome == "failed" else None,
    )


def loaded_record(delivery: Delivery, run: RunContext, load: Load) -> DeliveryRecord:
    """Return the row of ``load_deliveries`` that comes with a load's rows.

    :param load: what became of the delivery; its file will lie where this says.
    """
    return delivery_record(
        delivery,
        run,
        "loaded",
        at=load.completed_at,
        final_uri=load.archive_uri,
        sha256=load.sha256,
        load_id=load.load_id,
    )
