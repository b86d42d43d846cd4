"""What should have come, as the loop keeps it: each outcome is written and told once."""

from __future__ import annotations

from collections.abc import Sequence

from airflow_landing_loader.cli.loop.run_log import RunLog
from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.exceptions import ErrorDetail, LandingError
from airflow_landing_loader.loading.model import ArrivalRecord
from airflow_landing_loader.loading.warehouses.base import Ledger
from airflow_landing_loader.monitoring.expected import Keeper


class ArrivalsStep:
    """Writes what became of windows in which files were expected.

    What keeps it from that keeps no file from loading: the next look writes the same.
    """

    def __init__(self, warehouse: Ledger, log: RunLog) -> None:
        self._warehouse = warehouse
        self._log = log
        self._mappings: tuple[TableMapping, ...] = ()
        self._keeper = Keeper(warehouse, ())
        self._trouble: ErrorDetail | None = None
        self._told: frozenset[ErrorDetail] = frozenset()

    def run(self, mappings: Sequence[TableMapping], *, loaded: bool) -> None:
        """Write what is decided by now.

        :param loaded: whether something was loaded, or refused, since the last call.
        """
        if tuple(mappings) != self._mappings:
            self._mappings = tuple(mappings)
            self._keeper = Keeper(self._warehouse, mappings)
        try:
            for record in self._keeper.keep(loaded=loaded):
                self._tell(record)
            self._trouble = None
            for problem in self._keeper.problems:
                if problem not in self._told:
                    self._log.error(problem)
            self._told = frozenset(self._keeper.problems)
        except LandingError as error:
            if error.detail != self._trouble:
                self._log.error(error.detail)
            self._trouble = error.detail

    def _tell(self, record: ArrivalRecord) -> None:
        of = f"{record.table_name} of {record.day} ({record.pattern})"
        if record.mended_at is not None:
            self._log.say(f"mended    {of}: what was {record.outcome} is there now", "green")
        elif record.is_open:
            self._log.say(f"{record.outcome:<9} {of}: {record.reason}", "red")
        elif record.outcome == "late":
            self._log.say(f"late      {of}", "yellow")
