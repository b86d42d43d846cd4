"""One delivery from landing to archive or failed; every step callable alone.

    Delivery -> validate -> Validated -> load -> Verdict -> finish -> Outcome

The command line runs the steps in a row, an Airflow task runs one of them. Each may be repeated at
any time: it looks first whether its work is done already. A terminal error is a verdict on one
file; a transient error leaves the file where it is.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from airflow_landing_loader.clients import Clients
from airflow_landing_loader.exceptions import (
    ErrorCode,
    LandingError,
    TerminalError,
    TransientError,
)
from airflow_landing_loader.finishing import Finisher
from airflow_landing_loader.landing import discovery
from airflow_landing_loader.landing.discovery import Discovery, Look
from airflow_landing_loader.landing.looking import look
from airflow_landing_loader.landing.model import Delivery, LandedFile, Validated
from airflow_landing_loader.landing.zones import open_zones
from airflow_landing_loader.loading.model import Refused, RunContext, Verdict
from airflow_landing_loader.loading.warehouse import Warehouse
from airflow_landing_loader.loading.warehouses import open_warehouse
from airflow_landing_loader.mapping.model import TableMapping
from airflow_landing_loader.outcome import Outcome
from airflow_landing_loader.settings import Settings
from airflow_landing_loader.validation import validate

_In = TypeVar("_In")
_Out = TypeVar("_Out")


class Pipeline:
    """The steps of some mappings' deliveries between one set of zones and one warehouse.

    :param settings: zones, database, workers.
    :param mappings: the mappings whose files are looked for.
    :param warehouse: where rows go; as the settings say unless given.
    :param run: who loads, for our tables and the sidecars.
    :param clients: for object stores and BigQuery; those of the machine's own credentials unless
        given.
    :param on_wait: told who is waited for when another process holds the database.
    :param job_wait: as :func:`~airflow_landing_loader.loading.warehouses.open_warehouse`.
    """

    def __init__(
        self,
        settings: Settings,
        mappings: Sequence[TableMapping],
        warehouse: Warehouse | None = None,
        run: RunContext | None = None,
        *,
        clients: Clients | None = None,
        on_wait: Callable[[str], None] | None = None,
        job_wait: float | None = None,
    ) -> None:
        self.settings = settings
        self.mappings = tuple(mappings)
        self.run = run or RunContext()
        self.zones = open_zones(settings, clients)
        self.warehouse = warehouse or open_warehouse(
            settings, self.zones, clients=clients, on_wait=on_wait, job_wait=job_wait
        )
        self._finisher = Finisher(self.zones, self.warehouse, self.run)

    def discover(self, previous: Look | None = None) -> Discovery:
        """Look into the landing zone; moves that a killed process had begun are finished first.

        :param previous: the look before this one; files must be equal in two looks to be ready.
        :raises TransientError: a zone cannot be read or written.
        """
        return look(self.zones, self.mappings, previous=previous)

    def delivery(self, name: str) -> Delivery:
        """Return the delivery of one data file as it lies in landing now.

        :raises LandingError: it is gone, matches no mapping or two, or is no plain file.
        """
        return discovery.find_delivery(self.zones.landing, self.mappings, name)

    def validate(self, delivery: Delivery) -> Validated:
        """See :func:`~airflow_landing_loader.validation.validate`."""
        return validate(self.zones.landing, delivery, now=time.time())

    def validate_batch(self, names: Sequence[str]) -> tuple[Validated | Refused, ...]:
        """Validate data files by name; errors become verdicts, in the order of the names."""
        return self._each(self._validated_by_name, names)

    def load(self, batch: Sequence[Validated | Refused]) -> tuple[Verdict, ...]:
        """Load what is valid, in one batch; what was refused passes through, order is kept.

        A file that changed since it was validated is validated again.

        :raises TransientError: the warehouse cannot be used at all.
        :raises StillRunningError: a job takes longer than ``job_wait``; call it again later.
        """
        fresh = self._each(self._freshened, batch)
        valid = [item for item in fresh if isinstance(item, Validated)]
        verdicts = iter(self.warehouse.load(valid, self.run))
        return tuple(item if isinstance(item, Refused) else next(verdicts) for item in fresh)

    def finish(self, verdicts: Sequence[Verdict]) -> tuple[Outcome, ...]:
        """Put each file where its verdict says: archive, failed, or leave it in landing.

        :raises TransientError: the warehouse cannot be used; no file was moved.
        """
        return self._finisher.finish(verdicts, self._each)

    def run_batch(
        self,
        deliveries: Sequence[Delivery],
        on_outcome: Callable[[Outcome], None] | None = None,
    ) -> tuple[Outcome, ...]:
        """Validate, load and finish deliveries; ``loader_workers`` files at a time where it helps.

        :param on_outcome: told each outcome, in the order of the deliveries.
        :raises TransientError: the warehouse cannot be used at all.
        """
        outcomes = self.finish(self.load(self._each(self._validated_or_refused, deliveries)))
        for outcome in outcomes:
            if on_outcome is not None:
                on_outcome(outcome)
        return outcomes

    def _validated_or_refused(self, delivery: Delivery) -> Validated | Refused:
        try:
            return self.validate(delivery)
        except (TerminalError, TransientError) as error:
            return Refused(delivery=delivery, error=error.detail)

    def _validated_by_name(self, name: str) -> Validated | Refused:
        try:
            delivery = self.delivery(name)
        except LandingError as error:
            return Refused(delivery=self._absent(name), error=error.detail)
        return self._validated_or_refused(delivery)

    def _absent(self, name: str) -> Delivery:
        """Stand in for a delivery that cannot be looked at, so that its verdict has a name."""
        mapping = next((m for m in self.mappings if m.matches(name)), self.mappings[0])
        path = f"{self.zones.landing.path}/{name}"
        return Delivery(
            mapping=mapping,
            data=LandedFile(name=name, path=path, size=0, mtime_ns=0, token=""),
        )

    def _freshened(self, item: Validated | Refused) -> Validated | Refused:
        if isinstance(item, Refused):
            return item
        delivery = item.delivery
        try:
            discovery.still_same(self.zones.landing, delivery)
        except TransientError as error:
            if error.code is ErrorCode.LANDING_DISAPPEARED:
                # Perhaps an earlier try has loaded and moved it: the warehouse knows.
                return item
            return self._validated_by_name(delivery.data.name)
        return item

    def _each(self, work: Callable[[_In], _Out], items: Sequence[_In]) -> tuple[_Out, ...]:
        workers = min(self.settings.loader_workers, len(items))
        if workers <= 1:
            return tuple(work(item) for item in items)
        with ThreadPoolExecutor(workers) as pool:
            return tuple(pool.map(work, items))
