"""Files as their senders mean them, whole or cut."""

from __future__ import annotations

from dataclasses import dataclass

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.exceptions import LandingError
from airflow_landing_loader.landing.model import Delivery, Validated
from airflow_landing_loader.pipeline.validation import validate
from fuzzing.memory import MemoryZone


def accepted(content: bytes, mapping: TableMapping, name: str = "a_1.csv") -> Validated | None:
    """What is known of a file that is complete; ``None`` for one that is refused."""
    zone = MemoryZone({name: content})
    delivery = Delivery(mapping=mapping, data=zone.file(name))
    try:
        return validate(zone, delivery, now=1e12)
    except LandingError:
        return None


@dataclass(frozen=True)
class Sent:
    """A file as its sender meant it.

    :param content: header, records and trailer.
    :param records: how many data records it holds.
    """

    content: bytes
    mapping: TableMapping
    records: int


def line(cells: list[str], delimiter: str, end: str, *, quoted: bool) -> str:
    special = ('"', "\n", "\r", delimiter)
    fields = [
        '"' + cell.replace('"', '""') + '"'
        if quoted or any(mark in cell for mark in special)
        else cell
        for cell in cells
    ]
    return delimiter.join(fields) + end
