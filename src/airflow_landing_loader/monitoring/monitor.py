"""What there is to see of one installation, for whoever shows it to many: the page and the API.

The books' summary is as new as the last writer's. What costs a look around is remembered for a
while: landing, the windows in which files are expected, the mappings.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from airflow_landing_loader.clients import Clients
from airflow_landing_loader.config.mapping.mapping_set import MappingSet
from airflow_landing_loader.config.mapping.reader import read_mappings
from airflow_landing_loader.exceptions import LandingError
from airflow_landing_loader.loading.ledger.history import History
from airflow_landing_loader.loading.summary import Summary
from airflow_landing_loader.loading.warehouses.base import Warehouse
from airflow_landing_loader.loading.warehouses.opening import open_warehouse
from airflow_landing_loader.monitoring.cached import Cached
from airflow_landing_loader.monitoring.expected import Expected, RememberedArrivals, look
from airflow_landing_loader.monitoring.landing import LandingPicture, look_into_landing
from airflow_landing_loader.monitoring.overview import LandingOverview, overview
from airflow_landing_loader.settings import Settings
from airflow_landing_loader.settings.reading import is_object_uri
from airflow_landing_loader.storage.opening import Zones, open_zones

_MAPPINGS = 15.0
_BOOKS = {"duckdb": 1.0, "bigquery": 60.0}
_LOCAL_LANDING, _OBJECTS = 10.0, 60.0
_EXPECTED = 30.0
_ZONES = 60.0
_AHEAD = timedelta(hours=36)
# Who looks does not wait for a writer.
_PATIENCE = 2.0


class Monitor:
    """Looks at one installation.

    :param settings: where everything lies.
    :param clients: of clouds.
    """

    def __init__(self, settings: Settings, clients: Clients) -> None:
        self.settings = settings
        self.zones: Zones = open_zones(settings, clients)
        patient = replace(settings, lock_timeout=min(settings.lock_timeout, _PATIENCE))
        self.warehouse: Warehouse = open_warehouse(patient, self.zones, clients=clients)
        in_objects = is_object_uri(settings.landing_path)
        self._mappings: Cached[MappingSet] = Cached(self._read_mappings, _MAPPINGS)
        self._summary: Cached[Summary] = Cached(
            self.warehouse.summary, _BOOKS[settings.loader_backend]
        )
        self._landing: Cached[LandingPicture] = Cached(
            self._look, _OBJECTS if in_objects else _LOCAL_LANDING
        )
        self._expected: Cached[Expected] = Cached(self._ask_for_windows, _EXPECTED)
        self._troubles: Cached[tuple[str, ...]] = Cached(self._look_at_zones, _ZONES)

    @property
    def history(self) -> History:
        """The books' past."""
        return self.warehouse.history

    def mappings(self) -> MappingSet:
        """The mappings, good and bad."""
        return self._mappings.get()

    def summary(self) -> Summary:
        """What the books come to.

        :raises LandingError: they cannot be read.
        """
        return self._summary.get()

    def landing(self) -> LandingPicture:
        """What lies in landing."""
        return self._landing.get()

    def expected(self) -> Expected:
        """What should have come, and what comes next.

        :raises LandingError: the books cannot be read.
        """
        return self._expected.get()

    def troubles(self) -> tuple[str, ...]:
        """Which zones cannot be used, and why; nothing where all is well."""
        return self._troubles.get()

    def overview(self, shown: Callable[[str], bool]) -> LandingOverview:
        """All tables at a glance.

        :param shown: whether a table may be seen, by its DAG's id.
        :raises LandingError: the books cannot be read.
        """
        whole = overview(self.summary(), self.landing(), self.expected(), self.mappings())
        return replace(whole, tables=tuple(t for t in whole.tables if shown(t.dag_id)))

    def look_again(self) -> None:
        """Let whoever looks next see how things are then."""
        for known in (
            self._mappings,
            self._summary,
            self._landing,
            self._expected,
            self._troubles,
        ):
            known.forget()

    def _read_mappings(self) -> MappingSet:
        return read_mappings(Path(self.settings.table_config_path))

    def _look(self) -> LandingPicture:
        return look_into_landing(self.zones.landing, self.mappings(), lambda: self.warehouse)

    def _look_at_zones(self) -> tuple[str, ...]:
        found = []
        for zone in (self.zones.landing, self.zones.archive, self.zones.failed):
            try:
                zone.require()
            except LandingError as error:
                found.append(error.detail.sentence())
        return tuple(found)

    def _ask_for_windows(self) -> Expected:
        summary = self.summary()
        # Books that are not here say nothing of what came: that would be missing. And nobody waits
        # for a writer.
        is_away = summary.is_copy or summary.overview.busy_with is not None
        books = RememberedArrivals(summary) if is_away else self.warehouse
        return look(books, self.mappings().mappings, datetime.now(UTC), _AHEAD)
