"""One delivery from landing to archive or failed; every step callable alone.

    Delivery -> validate -> Validated -> load -> Verdict -> finish -> Outcome

The command line runs the steps in a row, an Airflow task runs one of them. Each may be repeated at
any time: it looks first whether its work is done already. A terminal error is a verdict on one
file; a transient error leaves the file where it is. Whatever goes wrong with one file, foreseen or
not, is the verdict on that file: the others go on.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

from airflow_landing_loader.clients import Clients
from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.exceptions import (
    ErrorCode,
    LandingError,
    TransientError,
    contained,
)
from airflow_landing_loader.landing.discovery.discover import Finder, still_same
from airflow_landing_loader.landing.discovery.model import Discovery, Look
from airflow_landing_loader.landing.model import Delivery, Validated, files_of
from airflow_landing_loader.landing.moves.holding import Holding
from airflow_landing_loader.landing.units import units
from airflow_landing_loader.loading.model import Refused, RunContext, Verdict
from airflow_landing_loader.loading.planning.cuts import BATCH_BYTES, cut, expanded_bytes
from airflow_landing_loader.loading.planning.sets import required_whole
from airflow_landing_loader.loading.warehouses.base import Warehouse
from airflow_landing_loader.loading.warehouses.opening import open_warehouse
from airflow_landing_loader.pipeline.finishing import Finisher
from airflow_landing_loader.pipeline.look import look
from airflow_landing_loader.pipeline.outcome import Outcome
from airflow_landing_loader.pipeline.sequencing import in_sequence
from airflow_landing_loader.pipeline.taking_up import take_up
from airflow_landing_loader.pipeline.turns import in_turns
from airflow_landing_loader.pipeline.workers import Workers, map_in_order
from airflow_landing_loader.settings import Settings
from airflow_landing_loader.storage.content import nothing
from airflow_landing_loader.storage.model import LandedFile
from airflow_landing_loader.storage.opening import open_zones


class Pipeline:
    """The steps of some mappings' deliveries between one set of zones and one warehouse.

    :param settings: zones, database, workers.
    :param mappings: the mappings that it works for.
    :param takes: the mappings whose files it takes, if these are others: go files may name files of
        several tables, which one table's loader takes for all.
    :param warehouse: where rows go; as the settings say unless given.
    :param run: who loads, for our tables and the sidecars.
    :param clients: for object stores and BigQuery; those of the machine's own credentials unless
        given.
    :param on_wait: told who is waited for when another process holds the database.
    :param job_wait: as :func:`~airflow_landing_loader.loading.warehouses.opening.open_warehouse`.
    :param on_block: called while files are inspected, for each block of theirs; what it raises, and
        is no error of a file, ends the inspection.
    """

    def __init__(
        self,
        settings: Settings,
        mappings: Sequence[TableMapping],
        warehouse: Warehouse | None = None,
        run: RunContext | None = None,
        *,
        takes: Sequence[TableMapping] | None = None,
        clients: Clients | None = None,
        on_wait: Callable[[str], None] | None = None,
        job_wait: float | None = None,
        on_block: Callable[[], None] = nothing,
    ) -> None:
        self.settings = settings
        self.mappings = tuple(mappings)
        self.taken = self.mappings if takes is None else tuple(takes)
        self.run = run or RunContext()
        self._on_block = on_block
        self.zones = open_zones(settings, clients)
        self.warehouse = warehouse or open_warehouse(
            settings, self.zones, clients=clients, on_wait=on_wait, job_wait=job_wait
        )
        self._holding = Holding(self.zones.landing)
        self._finisher = Finisher(self.zones, self.warehouse, self.run, self._holding)

    def discover(self, previous: Look | None = None) -> Discovery:
        """Look into the landing zone; what a killed process had begun to move, or had committed
        before its sender replaced it, is archived first.

        :param previous: the look before this one; files must be equal in two looks to be ready.
        :raises TransientError: a zone cannot be read or written.
        """
        self.take_up()
        return self.in_sequence(look(self.zones, self.taken, previous=previous))

    def in_sequence(self, found: Discovery) -> Discovery:
        """See :func:`~airflow_landing_loader.pipeline.sequencing.in_sequence`."""
        return in_sequence(found, self.warehouse)

    def take_up(self) -> None:
        """Bring to its end what a dead loader held on to and nobody has to load any more."""
        take_up(self._holding, self.warehouse, self.taken, self.finish)

    def delivery(self, name: str) -> Delivery:
        """Return the delivery of one data file as it lies in landing now.

        :raises LandingError: it is gone, matches no mapping or two, or is no plain file.
        """
        return self._finder().find(name)

    def _finder(self) -> Finder:
        return Finder(self.zones.landing, self.taken)

    def validate(self, delivery: Delivery) -> Validated:
        """See :func:`~airflow_landing_loader.pipeline.validation.validate`."""
        # Imported here: a task that moves files, or asks whether dbt is due, inspects none.
        from airflow_landing_loader.pipeline.validation import validate

        return validate(self.zones.landing, delivery, now=time.time(), on_block=self._on_block)

    def validate_batch(self, names: Sequence[str]) -> tuple[Validated | Refused, ...]:
        """Validate data files by name; errors become verdicts, in the order of the names.

        What a go file names is valid only if all of it is here and valid.
        """
        finder = self._finder()
        found = map_in_order(
            lambda name: self._validated_by_name(name, finder), names, self.settings.loader_workers
        )
        return tuple(required_whole(found))

    def load(self, batch: Sequence[Validated | Refused]) -> tuple[Verdict, ...]:
        """Load what is valid; what was refused passes through, order is kept.

        A file that changed since it was validated is validated again. Each is held on to before
        its rows are committed, until it is where its verdict says. What is too much for one
        transaction is loaded in several.

        :raises TransientError: the warehouse cannot be used at all.
        :raises StillRunningError: a job takes longer than ``job_wait``; call it again later.
        """
        self.take_up()
        finder = self._finder()
        workers = self.settings.loader_workers
        fresh = required_whole(
            map_in_order(lambda item: self._freshened(item, finder), batch, workers)
        )
        with self._holding.hold([item for item in fresh if isinstance(item, Validated)]) as valid:
            verdicts = [v for part in _parts(valid) for v in self.warehouse.load(part, self.run)]
        loaded = {verdict.delivery.data.name: verdict for verdict in verdicts}
        return tuple(
            item if isinstance(item, Refused) else loaded[item.delivery.data.name] for item in fresh
        )

    def finish(self, verdicts: Sequence[Verdict]) -> tuple[Outcome, ...]:
        """Put each file where its verdict says: archive, failed, or leave it in landing.

        :raises TransientError: the warehouse cannot be used; no file was moved.
        """
        return self._finisher.finish(verdicts, self.settings.loader_workers)

    def run_batch(
        self,
        deliveries: Sequence[Delivery],
        on_outcome: Callable[[Outcome], None] = nothing,
        enough: Callable[[], bool] = lambda: False,
    ) -> tuple[Outcome, ...]:
        """Validate, load and finish deliveries, in as many batches as it takes; ``loader_workers``
        files at a time where it helps.

        :param on_outcome: told each outcome as soon as its batch is done.
        :param enough: asked after each batch; if so, the other deliveries are left as they are.
        :raises TransientError: the warehouse cannot be used at all.
        """
        outcomes: list[Outcome] = []
        workers = self.settings.loader_workers
        with Workers(workers) as threads:
            for batch in in_turns(
                deliveries,
                lambda some: threads.map_in_order(self._validated_or_refused, some),
                at_once=workers,
                most_files=self.settings.batch_files,
            ):
                for outcome in self.finish(self.load(required_whole(batch))):
                    on_outcome(outcome)
                    outcomes.append(outcome)
                if enough():
                    break
        return tuple(outcomes)

    def _validated_or_refused(self, delivery: Delivery) -> Validated | Refused:
        def refused(error: LandingError) -> Validated | Refused:
            return Refused(delivery=delivery, error=error.detail, sha256=error.sha256)

        return contained(lambda: self._validated(delivery), refused, file=delivery.data.name)

    def _validated(self, delivery: Delivery) -> Validated:
        try:
            return self.validate(delivery)
        except TransientError as error:
            if error.code is not ErrorCode.LANDING_CHANGED:
                raise
            found = self.delivery(delivery.data.name)
            if _arrivals(found) != _arrivals(delivery):
                raise
            # Another loader has given it a second name meanwhile, or somebody other permissions.
            return self.validate(found)

    def _validated_by_name(self, name: str, finder: Finder) -> Validated | Refused:
        def refused(error: LandingError) -> Validated | Refused:
            return Refused(delivery=self._absent(name), error=error.detail)

        return contained(lambda: self._validated_or_refused(finder.find(name)), refused, file=name)

    def _absent(self, name: str) -> Delivery:
        """Stand in for a delivery that cannot be looked at, so that its verdict has a name."""
        everybody = (*self.taken, *self.mappings)
        mapping = next((m for m in everybody if m.matches(name)), everybody[0])
        path = f"{self.zones.landing.path}/{name}"
        return Delivery(
            mapping=mapping,
            data=LandedFile(name=name, path=path, size=0, mtime_ns=0, token=""),
        )

    def _freshened(self, item: Validated | Refused, finder: Finder) -> Validated | Refused:
        if isinstance(item, Refused):
            return item
        delivery = item.delivery

        def same() -> Validated:
            still_same(self.zones.landing, delivery)
            return item

        def other(error: LandingError) -> Validated | Refused:
            if error.code is ErrorCode.LANDING_DISAPPEARED:
                # Perhaps an earlier try has loaded and moved it: the warehouse knows.
                return item
            return self._validated_by_name(delivery.data.name, finder)

        return contained(same, other, file=delivery.data.name)


def _parts(batch: Sequence[Validated]) -> Iterator[list[Validated]]:
    """Cut what is too much for one transaction; never what is taken together."""

    def weigh(unit: Sequence[Validated]) -> tuple[int]:
        return (sum(expanded_bytes(item.inspection) for item in unit),)

    for part in cut(units(batch, lambda item: item.delivery), weigh, (BATCH_BYTES,)):
        yield [item for unit in part for item in unit]


def _arrivals(delivery: Delivery) -> tuple[LandedFile, ...]:
    return tuple(file.wherever() for file in files_of(delivery))
