"""What should have come, as the loop keeps it: each outcome is written and told once."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from airflow_landing_loader.cli.loop.run_log import RunLog
from airflow_landing_loader.config.channels.channel_set import ChannelSet
from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.exceptions import ErrorDetail, LandingError
from airflow_landing_loader.loading.model import ArrivalRecord, RunContext
from airflow_landing_loader.loading.operations import EventRecord
from airflow_landing_loader.loading.warehouses.base import Ledger
from airflow_landing_loader.monitoring.expected import Keeper
from airflow_landing_loader.monitoring.late import late_records


class ArrivalsStep:
    """Writes what became of windows in which files were expected, and what is told of that.

    What keeps it from that keeps no file from loading: the next look writes the same.

    :param channels: where something is told.
    """

    def __init__(
        self, warehouse: Ledger, log: RunLog, channels: Callable[[], ChannelSet] = ChannelSet
    ) -> None:
        self._warehouse = warehouse
        self._log = log
        self._channels = channels
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
            self._keeper = Keeper(self._warehouse, mappings, self._outbox)
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

    def _outbox(self, records: Sequence[ArrivalRecord]) -> tuple[EventRecord, ...]:
        channels = self._channels()
        run = RunContext(events=channels.event_plan)
        return late_records(records, self._mappings, channels, run)

    def _tell(self, record: ArrivalRecord) -> None:
        of = f"{record.table_name} of {record.day} ({record.pattern})"
        if record.mended_at is not None:
            self._log.say(f"mended    {of}: what was {record.outcome} is there now", "green")
        elif record.is_open:
            self._log.say(f"{record.outcome:<9} {of}: {record.reason}", "red")
        elif record.outcome == "late":
            self._log.say(f"late      {of}", "yellow")
