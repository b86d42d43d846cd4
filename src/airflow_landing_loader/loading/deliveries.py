"""The record of what became of one delivery, made in one place."""

from __future__ import annotations

from datetime import datetime

from airflow_landing_loader.landing.model import Delivery
from airflow_landing_loader.loading.identity import delivery_id
from airflow_landing_loader.loading.model import DeliveryOutcome, DeliveryRecord, RunContext
from airflow_landing_loader.loading.names import storable


def delivery_record(
    delivery: Delivery,
    run: RunContext,
    outcome: DeliveryOutcome,
    *,
    at: datetime,
    final_uri: str,
    load_id: str | None = None,
    code: str | None = None,
    message: str | None = None,
) -> DeliveryRecord:
    """Return one row of ``load_deliveries``, its texts fit for any database.

    :param at: UTC without zone, as our tables hold times.
    :param final_uri: where the data file will lie.
    """
    return DeliveryRecord(
        delivery_id=delivery_id(delivery),
        filename=storable(delivery.data.name),
        table_name=delivery.mapping.table,
        outcome=outcome,
        code=code,
        message=None if message is None else storable(message),
        load_id=load_id,
        landing_uri=storable(delivery.data.path),
        final_uri=storable(final_uri),
        dag_id=run.dag_id,
        run_id=run.run_id,
        recorded_at=at,
    )
