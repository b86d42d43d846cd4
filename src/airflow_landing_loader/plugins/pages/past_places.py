"""Where a page of deliveries ends, in an address."""

from __future__ import annotations

from datetime import datetime

from pydantic_core import PydanticCustomError

from airflow_landing_loader.loading.model import DeliveryRecord

MOST = 200
"""Characters of it at most."""


def behind(record: DeliveryRecord) -> str:
    """The place behind a delivery."""
    return f"{record.recorded_at.isoformat()} {record.delivery_id}"


def place(text: str) -> tuple[datetime, str]:
    """The place of a text; as a validator of pydantic.

    :raises PydanticCustomError: it is none.
    """
    at, _, delivery_id = text.partition(" ")
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is not None or not delivery_id:
        raise PydanticCustomError("place", "Input should be where a page ended")
    return moment, delivery_id
