"""The number by which a go file counts its data file, before anything else of both is looked at."""

from __future__ import annotations

from dataclasses import replace

from airflow_landing_loader.exceptions import LandingError, TerminalError
from airflow_landing_loader.landing.control.go_file.reading import read_go_file
from airflow_landing_loader.landing.control.go_file.recent import Recent
from airflow_landing_loader.landing.model import Delivery
from airflow_landing_loader.storage.zone import Zone

_NUMBERS: Recent[int | None] = Recent(10_000)


def numbered(zone: Zone, delivery: Delivery) -> Delivery:
    """The delivery with its number, where its mapping says that the go file has one.

    A go file that cannot be read gives none: what is wrong with it is found when it is validated.

    :param zone: where it lies.
    """
    rules = delivery.mapping.go_file
    if delivery.go is None or rules is None or rules.sequence_number is None:
        return delivery

    def number() -> int | None:
        try:
            return read_go_file(zone, delivery).sequence_number
        except TerminalError:
            return None

    key = (zone.path, delivery.go, (delivery.data.name, rules.model_dump_json()))
    try:
        return replace(delivery, number=_NUMBERS.get(key, number))
    except LandingError:
        return delivery  # gone, or changed, or out of reach: it is looked at again
