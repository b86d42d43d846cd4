"""The loop: look, load what is ready in batches, run dbt, sleep. Or once, until all has settled.

Several loops, and Airflow beside them, may work on the same zones: whoever finds a file gone leaves
it at that, and the warehouse knows what is loaded already.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from airflow_landing_loader.cli.failures import ExitCode, unexpected
from airflow_landing_loader.cli.loop.arrivals_step import ArrivalsStep
from airflow_landing_loader.cli.loop.dbt_step import DbtStep
from airflow_landing_loader.cli.loop.patience import Patience
from airflow_landing_loader.cli.loop.run_log import RunLog
from airflow_landing_loader.cli.loop.stop import Stop, StopRequested
from airflow_landing_loader.cli.loop.tally import Tally
from airflow_landing_loader.exceptions import ErrorCode, ErrorDetail, LandingError, TransientError
from airflow_landing_loader.landing.discovery.model import Discovery, Look, RefusedFile
from airflow_landing_loader.landing.discovery.notices import Told, new_notices
from airflow_landing_loader.landing.discovery.rest import LOOK_INTERVAL
from airflow_landing_loader.landing.model import Delivery
from airflow_landing_loader.landing.units import only_whole
from airflow_landing_loader.pipeline.outcome import Outcome, left_behind
from airflow_landing_loader.pipeline.pipeline import Pipeline
from airflow_landing_loader.safe_text import counted, shown_name

_REPORTS_TOLD = 200  # of one look; a sender may drop thousands of strange names
_AGAIN = LOOK_INTERVAL + 0.02  # clocks are not exact
_NOT_AT_REST = "it keeps changing, or somebody has it open for writing; the next start takes it"


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
        arrivals: ArrivalsStep,
        refresh: Callable[[], Pipeline | None],
    ) -> None:
        self.tally = Tally()
        self._pipeline = pipeline
        self._options = options
        self._log = log
        self._stop = stop
        self._dbt = dbt
        self._arrivals = arrivals
        self._refresh = refresh
        self._patience = Patience(options.interval)
        self._look: Look | None = None
        self._reports: Told = frozenset()
        self._refused: tuple[RefusedFile, ...] = ()
        self._trouble: ErrorDetail | None = None
        self._open: dict[str, Delivery] = {}

    def forever(self) -> None:
        """Poll until a stop is asked for. Trouble that may pass is told once, and tried again."""
        while not self._stop.requested:
            pause = self._options.interval
            try:
                pause = self._poll()
                self._trouble = None
            except StopRequested:
                return
            except LandingError as error:
                self._tell_trouble(error.detail)
            except Exception as error:  # noqa: BLE001 - a loop lives on, whatever it meets
                self._tell_trouble(unexpected(error))
            self._stop.sleep(pause)

    def once(self, first: Discovery) -> ExitCode:
        """Load what is in landing now, waiting for what has not settled, then run dbt.

        :param first: the first look; what arrives after it is left for the next start.
        :returns: ``DATA`` if a file or dbt failed or a file is refused where it lies, else
            ``ENVIRONMENT`` if a file was left or something could not be reached, else ``GOOD``.
        """
        code = ExitCode.GOOD
        unsettled: tuple[Delivery, ...] = ()
        self._open = {d.data.name: d for d in (*first.ready, *first.unsettled)}
        try:
            self._pipeline.take_up()  # that look has not done it, and there may be no other one
            first = self._pipeline.in_sequence(first)
            for held in first.held:
                self._open.pop(held.delivery.data.name)
            unsettled = self._load_as_it_settles(first)
            self._arrivals.run(self._pipeline.mappings, loaded=True)
            code = self._run_dbt(patient=False)
        except TransientError as error:
            self._log.error(error.detail)
            open_ = (d for d in self._open.values() if d not in unsettled)
            for delivery in open_:
                self.tally.add(left_behind(delivery, error.detail))
            code = ExitCode.ENVIRONMENT
        except StopRequested:
            return code
        for delivery in unsettled:
            self._log.say(f"left      {shown_name(delivery.data.name)}: {_NOT_AT_REST}", "yellow")
        for refused in self._refused:
            self.tally.add(_left(refused))
        refused_for_good = any(not refused.transient for refused in self._refused)
        if self.tally.count("failed") or refused_for_good or code is ExitCode.DATA:
            return ExitCode.DATA
        return ExitCode.ENVIRONMENT if unsettled or self.tally.count("left") else code

    def _poll(self) -> float:
        """One round; return how long to sleep."""
        self._pipeline = self._refresh() or self._pipeline
        found = self._discover()
        due = time.monotonic() + self._options.interval
        # What arrives meanwhile need not wait for all that was there before.
        left = self._load(self._patience.offered(found.ready), lambda: time.monotonic() > due)
        self._arrivals.run(self._pipeline.mappings, loaded=bool(found.ready))
        if not self._stop.requested:
            self._run_dbt(patient=True)
        if left:
            return 0
        return min(self._options.interval, _AGAIN) if found.settles_soon else self._options.interval

    def _run_dbt(self, *, patient: bool) -> ExitCode:
        code = self._dbt.run(self._pipeline.mappings, patient=patient)
        self.tally.dbt_error = self._dbt.failure
        return code

    def _load_as_it_settles(self, found: Discovery) -> tuple[Delivery, ...]:
        """Load all deliveries of a look; return those that never came to rest."""
        self._note(found)
        held = (one.delivery for one in found.held)
        open_ = {d.data.name for d in (*found.ready, *found.unsettled, *held)}
        longest = max((d.mapping.settle_seconds for d in found.unsettled), default=0.0)
        deadline = time.monotonic() + longest + self._options.patience
        if longest > LOOK_INTERVAL:
            first, *others = (shown_name(d.data.name) for d in found.unsettled)
            more = f" and {counted(len(others), 'more file')}" if others else ""
            rest = "wait until they rest" if others else "waits until it rests"
            self._log.say(f"settling  {first}{more} {rest}")
        while True:
            ready = only_whole(d for d in found.ready if d.data.name in open_)
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
        self._refused = found.refused
        self.tally.unmatched = len(found.unmatched)
        news, self._reports = new_notices(found, self._reports)
        for report in news[:_REPORTS_TOLD]:
            self._log.say(f"{report.kind:<9} {report.message} Hint: {report.hint}", "yellow")
        if len(news) > _REPORTS_TOLD:
            self._log.say(
                f"... and {len(news) - _REPORTS_TOLD:,} more files are left alone;"
                " `landing-loader list` shows them",
                "yellow",
            )

    def _load(self, ready: Sequence[Delivery], enough: Callable[[], bool] = lambda: False) -> bool:
        """Load, at most until a stop is asked for or it is enough; whether some are left for it."""
        if not ready or self._stop.requested:
            return False
        with self._log.progress(len(ready)):
            done = self._pipeline.run_batch(
                ready,
                on_outcome=self._outcome,
                enough=lambda: self._stop.requested or enough(),
            )
        return len(done) < len(ready)

    def _outcome(self, outcome: Outcome) -> None:
        self._open.pop(outcome.name, None)
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


def _left(refused: RefusedFile) -> Outcome:
    return Outcome(
        name=refused.name,
        table=" and ".join(sorted({use.mapping.table for use in refused.uses})),
        status="left",
        uri=refused.path,
        error=refused.error,
    )
