"""dbt after loads, as the loop runs it: at least once, with a pause after a failure."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

from airflow_landing_loader.cli import failures
from airflow_landing_loader.cli.loop.run_log import RunLog
from airflow_landing_loader.cli.loop.stop import Stop
from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.exceptions import ConfigurationError, ErrorDetail
from airflow_landing_loader.loading.model import DbtDue
from airflow_landing_loader.loading.warehouses.base import Ledger
from airflow_landing_loader.settings import Settings

PAUSE = 600.0
"""Seconds between a failure of dbt and the next try for the same loads."""


class DbtStep:
    """Runs dbt for the tables that are due.

    :param settings: decide whether there is a dbt project at all.
    :param warehouse: knows what is due.
    :param stop: a signal ends dbt; what it was for stays due.
    :ivar failure: why it failed, if it did when it ran last.
    """

    def __init__(self, settings: Settings, warehouse: Ledger, log: RunLog, stop: Stop) -> None:
        self._settings = settings
        self._warehouse = warehouse
        self._log = log
        self._stop = stop
        self._not_before = 0.0
        self.failure: ErrorDetail | None = None

    def run(self, mappings: Sequence[TableMapping], *, patient: bool) -> failures.ExitCode:
        """Run dbt once for all tables that are due; say how it ended.

        :param mappings: whose tables count; a table one of whose mappings says ``dbt: false`` not.
        :param patient: leave out what failed within the last ten minutes.
        :raises StopRequested: a signal came while dbt ran.
        :raises TransientError: the database was held by somebody else all the time.
        """
        tables = sorted({mapping.table for mapping in mappings if mapping.dbt})
        if self._settings.dbt_mode_for(len(tables)) == "off":
            return failures.ExitCode.GOOD
        if patient and time.monotonic() < self._not_before:
            return failures.ExitCode.GOOD
        due = self._warehouse.dbt_due(tables)
        if patient:
            due = tuple(d for d in due if not _failed_lately(d))
        return self._run(due) if due else failures.ExitCode.GOOD

    def _run(self, due: Sequence[DbtDue]) -> failures.ExitCode:
        # Imported here: it costs time that a loop without dbt does not have to spend.
        from airflow_landing_loader.dbt.command import run_dbt

        names = [d.table for d in due]
        self._log.say(f"dbt: running for {', '.join(names)}")
        try:
            with self._stop.interrupting():
                result = run_dbt(self._settings, names, on_line=self._line)
        except ConfigurationError as error:
            self._not_before = time.monotonic() + PAUSE
            self.failure = error.detail
            self._log.error(error.detail, prefix="dbt: ")
            return failures.exit_code(error)
        self._warehouse.record_dbt_run(due, succeeded=result.ok)
        self.failure = result.error
        counts = Counter(node.status for node in result.nodes)
        self._log.say(
            "dbt: " + (", ".join(f"{n} {s}" for s, n in counts.items()) or "nothing to do")
        )
        if result.error is None:
            return failures.ExitCode.GOOD
        self._log.error(result.error, prefix="dbt: ")
        return failures.ExitCode.DATA

    def _line(self, line: str) -> None:
        """What dbt prints may quote values of the data; whom we wait for never does."""
        if self._settings.show_values or failures.debug.get() or line.startswith("waiting for "):
            self._log.say(f"dbt | {line}")


def _failed_lately(due: DbtDue) -> bool:
    if due.last_attempt is None:
        return False
    at = due.last_attempt
    aware = at.replace(tzinfo=UTC) if at.tzinfo is None else at
    return (datetime.now(UTC) - aware).total_seconds() < PAUSE
