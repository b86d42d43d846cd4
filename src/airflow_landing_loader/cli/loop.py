"""The loop: look, load what is ready in batches, run dbt, sleep. Or once, until all has settled.

Several loops, and Airflow beside them, may work on the same zones: whoever finds a file gone leaves
it at that, and the warehouse knows what is loaded already.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from airflow_landing_loader.cli.dbt_step import DbtStep
from airflow_landing_loader.cli.failures import ExitCode, unexpected
from airflow_landing_loader.cli.patience import Patience
from airflow_landing_loader.cli.run_log import RunLog
from airflow_landing_loader.cli.stop import Stop, StopRequested
from airflow_landing_loader.cli.tally import Tally
from airflow_landing_loader.exceptions import ErrorCode, ErrorDetail, TransientError
from airflow_landing_loader.landing.discovery import LOOK_INTERVAL, Discovery, Look
from airflow_landing_loader.landing.model import Delivery
from airflow_landing_loader.landing.reports import Report, new_reports
from airflow_landing_loader.outcome import Outcome
from airflow_landing_loader.pipeline import Pipeline

BATCH_BYTES = 256 * 1024 * 1024
_REPORTS_TOLD = 200  # of one look; a sender may drop thousands of strange names
_AGAIN = LOOK_INTERVAL + 0.02  # clocks are not exact


@dataclass(frozen=True, kw_only=True)
class LoopOptions:
    """How the loop runs.

    :param interval: seconds between two polls, more than 0.
    :param patience: seconds beyond its ``settle_seconds`` that a single round waits for a file that
        keeps changing.
    """

    interval: float = 10.0
    patience: float = 60.0


class Loop:
    """Polls the landing zone and loads.

    :param pipeline: what loads.
    :param refresh: called before each poll; returns a new pipeline when mappings have changed.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        *,
        options: LoopOptions,
        log: RunLog,
        stop: Stop,
        dbt: DbtStep,
        refresh: Callable[[], Pipeline | None],
    ) -> None:
        self.tally = Tally()
        self._pipeline = pipeline
        self._options = options
        self._log = log
        self._stop = stop
        self._dbt = dbt
        self._refresh = refresh
        self._patience = Patience(options.interval)
        self._look: Look | None = None
        self._reports: frozenset[Report] = frozenset()
        self._trouble: ErrorDetail | None = None

    def forever(self) -> None:
        """Poll until a stop is asked for. Trouble that may pass is told once, and tried again."""
        while not self._stop.requested:
            pause = self._options.interval
            try:
                pause = self._poll()
                self._trouble = None
            except StopRequested:
                return
            except TransientError as error:
                self._tell_trouble(error.detail)
            except OSError as error:
                self._tell_trouble(unexpected(error))
            self._stop.sleep(pause)

    def once(self, first: Discovery) -> ExitCode:
        """Load what is in landing now, waiting for what has not settled, then run dbt.

        :param first: the first look; what arrives after it is left for the next start.
        :returns: ``DATA`` if a file or dbt failed, else ``ENVIRONMENT`` if a file was left or
            something could not be reached, else ``GOOD``.
        """
        code = ExitCode.GOOD
        unsettled: tuple[Delivery, ...] = ()
        try:
            unsettled = self._load_as_it_settles(first)
            code = self._dbt.run(self._pipeline.mappings, patient=False)
        except TransientError as error:
            self._log.error(error.detail)
            code = ExitCode.ENVIRONMENT
        except StopRequested:
            return code
        for delivery in unsettled:
            self._log.say(f"left      {delivery.data.name}: it keeps changing", "yellow")
        if self.tally.count("failed") or code is ExitCode.DATA:
            return ExitCode.DATA
        return ExitCode.ENVIRONMENT if unsettled or self.tally.count("left") else code

    def _poll(self) -> float:
        """One round; return how long to sleep."""
        self._pipeline = self._refresh() or self._pipeline
        found = self._discover()
        self._load(self._patience.offered(found.ready))
        if not self._stop.requested:
            self._dbt.run(self._pipeline.mappings, patient=True)
        return min(self._options.interval, _AGAIN) if found.unsettled else self._options.interval

    def _load_as_it_settles(self, found: Discovery) -> tuple[Delivery, ...]:
        """Load all deliveries of a look; return those that never came to rest."""
        self._note(found)
        open_ = {d.data.name for d in (*found.ready, *found.unsettled)}
        longest = max((d.mapping.settle_seconds for d in found.unsettled), default=0.0)
        deadline = time.monotonic() + longest + self._options.patience
        while True:
            ready = tuple(d for d in found.ready if d.data.name in open_)
            self._load(ready)
            open_.difference_update(d.data.name for d in ready)
            waiting = tuple(d for d in found.unsettled if d.data.name in open_)
            if not waiting or self._stop.requested:
                return ()
            if time.monotonic() > deadline:
                return waiting
            self._stop.sleep(_AGAIN)
            found = self._discover()

    def _discover(self) -> Discovery:
        found = self._pipeline.discover(self._look)
        self._note(found)
        return found

    def _note(self, found: Discovery) -> None:
        """Remember the look, and tell once what is left alone."""
        self._look = found.look
        news, self._reports = new_reports(found, self._reports)
        for report in news[:_REPORTS_TOLD]:
            self._log.say(f"{report.kind:<9} {report.message} Hint: {report.hint}", "yellow")
        if len(news) > _REPORTS_TOLD:
            self._log.say(
                f"... and {len(news) - _REPORTS_TOLD:,} more files are left alone;"
                " `landing-loader list` shows them",
                "yellow",
            )

    def _load(self, ready: Sequence[Delivery]) -> None:
        if not ready:
            return
        with self._log.progress(len(ready)):
            for batch in batches(ready, self._pipeline.settings.batch_files):
                if self._stop.requested:
                    return
                self._pipeline.run_batch(batch, on_outcome=self._outcome)

    def _outcome(self, outcome: Outcome) -> None:
        if outcome.error is not None and outcome.error.code == ErrorCode.LANDING_DISAPPEARED:
            self._log.say(f"gone      {outcome.name}: another loader or person took it")
            return
        if self._patience.note(outcome):
            self.tally.add(outcome)
            self._log.outcome(outcome)

    def _tell_trouble(self, detail: ErrorDetail) -> None:
        if detail != self._trouble:
            self._log.error(detail)
        self._trouble = detail


def batches(deliveries: Sequence[Delivery], most: int) -> Iterator[tuple[Delivery, ...]]:
    """Cut deliveries into batches: bounded in files and bytes, so that a stop comes soon.

    :param most: files of a batch at most.
    """
    batch: list[Delivery] = []
    size = 0
    for delivery in deliveries:
        if batch and (len(batch) >= most or size + delivery.data.size > BATCH_BYTES):
            yield tuple(batch)
            batch, size = [], 0
        batch.append(delivery)
        size += delivery.data.size
    if batch:
        yield tuple(batch)
