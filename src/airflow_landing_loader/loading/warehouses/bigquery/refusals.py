"""The deliveries of a batch that are refused on the way, with those that go with them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from airflow_landing_loader.exceptions import LandingError
from airflow_landing_loader.landing.model import Delivery, Validated
from airflow_landing_loader.landing.units import UnitKey, unit_key, units
from airflow_landing_loader.loading.model import Refused
from airflow_landing_loader.loading.planning.decisions import refused
from airflow_landing_loader.loading.planning.sequences import SequenceOf, gap, place_of
from airflow_landing_loader.loading.planning.sets import refused_with
from airflow_landing_loader.loading.planning.steps import Planned


class Refusals:
    """The verdicts on what is refused; what is refused has no load.

    :param batch: all deliveries. The name of a file is its own in a batch.
    """

    def __init__(self, batch: Iterable[Validated]) -> None:
        self._verdicts: dict[str, Refused] = {}
        self._units: dict[UnitKey, Sequence[Validated]] = {
            unit_key(unit[0].delivery): unit for unit in units(batch, _delivery)
        }
        self._spared: frozenset[str] = frozenset()
        # The lowest number that was refused, of each sequence.
        self._missing: dict[SequenceOf, int] = {}

    def of(self, delivery: Delivery) -> Refused | None:
        """The verdict on a delivery, if it is refused."""
        return self._verdicts.get(delivery.data.name)

    def spare(self, loaded: Iterable[Delivery]) -> None:
        """Do not refuse these, which are loaded already, for another one's sake."""
        self._spared = frozenset(delivery.data.name for delivery in loaded)

    def add(self, item: Planned, error: LandingError) -> None:
        """Refuse a delivery, and all that its go file names beside it."""
        own = refused(item.validated, error)
        for verdict in refused_with(self._units[unit_key(item.delivery)], [own]):
            name = verdict.delivery.data.name
            if verdict is own or name not in (*self._verdicts, *self._spared):
                self._verdicts[name] = verdict
                self._miss(verdict.delivery)

    def waits(self, item: Planned) -> bool:
        """Whether a number before its own was refused meanwhile; then it is, too."""
        delivery = item.delivery
        place, sequence = place_of(delivery), delivery.mapping.sequence
        if place is None or sequence is None or not sequence.waits:
            return False
        missing = self._missing.get(place.of, place.number)
        if missing >= place.number:
            return False
        self.add(item, gap(delivery, missing))
        return True

    def _miss(self, delivery: Delivery) -> None:
        place = place_of(delivery)
        if place is not None:
            self._missing[place.of] = min(place.number, self._missing.get(place.of, place.number))


def _delivery(item: Validated) -> Delivery:
    return item.delivery
