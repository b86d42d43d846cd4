"""The command `run`: start, loop, summary, exit code."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from airflow_landing_loader.cli import session, terminal
from airflow_landing_loader.cli.failures import ExitCode
from airflow_landing_loader.cli.loop.arrivals_step import ArrivalsStep
from airflow_landing_loader.cli.loop.dbt_step import DbtStep
from airflow_landing_loader.cli.loop.loop import Loop, LoopOptions
from airflow_landing_loader.cli.loop.run_log import RunLog, run_log
from airflow_landing_loader.cli.loop.stop import Stop
from airflow_landing_loader.config.mapping.mapping_set import MappingProblem, MappingSet
from airflow_landing_loader.pipeline.look import look
from airflow_landing_loader.pipeline.pipeline import Pipeline
from airflow_landing_loader.runs.wording import replay_text
from airflow_landing_loader.safe_text import counted
from airflow_landing_loader.settings import Settings
from airflow_landing_loader.storage.opening import open_zones


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """What the command line said.

    :param once: one round in place of a loop.
    :param interval: seconds between polls; the setting ``poll_interval`` if ``None``.
    :param workers: threads; the setting ``loader_workers`` if ``None``.
    """

    once: bool = False
    interval: float | None = None
    workers: int | None = None


def run(options: RunOptions) -> int:
    """Run the loop; return the exit code.

    A loop ends well when a signal stops it: 0. A single round that a signal stops has not done its
    work: 128 + the signal's number.

    :raises LandingError: a start is not possible.
    """
    settings = _settings(options)
    log = run_log(terminal.err(), once=options.once)
    mappings = _Mappings(settings, log)
    if not mappings.current.mappings:
        return ExitCode.DATA
    with Stop() as stop:
        # Before the slow imports: the second look, a second later, comes that much sooner.
        first = look(open_zones(settings), mappings.current.mappings) if options.once else None
        desk = _Desk(settings, mappings, log, stop)
        pipeline = desk.pipeline()
        _announce(settings, mappings.current, log)
        loop = Loop(
            pipeline,
            options=LoopOptions(interval=options.interval or settings.poll_interval),
            log=log,
            stop=stop,
            dbt=DbtStep(settings, pipeline.warehouse, log, stop),
            arrivals=ArrivalsStep(pipeline.warehouse, log, lambda: session.channels_of(settings)),
            refresh=desk.refreshed,
        )
        started = time.monotonic()
        code = ExitCode.GOOD if first is None else loop.once(first)
        if first is None:
            loop.forever()
        _summary(loop, time.monotonic() - started)
        if not options.once:
            return ExitCode.GOOD
        if stop.signal_number is not None:
            return 128 + stop.signal_number
    if mappings.current.errors and code is not ExitCode.DATA:
        return ExitCode.DATA
    return code


def _settings(options: RunOptions) -> Settings:
    settings = session.read_settings()
    if options.workers is None:
        return settings
    origins = dict(settings.origins) | {"loader_workers": "--workers"}
    return replace(settings, loader_workers=options.workers, origins=tuple(origins.items()))


class _Mappings:
    """The mappings, read again when a file of theirs has changed; each problem is told once."""

    def __init__(self, settings: Settings, log: RunLog) -> None:
        self._settings = settings
        self._log = log
        self._told: frozenset[MappingProblem] = frozenset()
        self._fingerprint = session.fingerprint(settings)
        self.current = self._read()

    def changed(self) -> bool:
        """Read them again if need be; return whether that was so."""
        now = session.fingerprint(self._settings)
        if now == self._fingerprint:
            return False
        self._fingerprint = now
        self.current = self._read()
        self._log.say(f"mappings have changed: {_counted(self.current)}")
        return True

    def _read(self) -> MappingSet:
        found = session.mappings_of(self._settings)
        for problem in found.errors:
            if problem not in self._told:
                self._log.problem(problem)
        self._told = frozenset(found.errors)
        return found


class _Desk:
    """Makes pipelines: at the start, and when mappings have changed."""

    def __init__(self, settings: Settings, mappings: _Mappings, log: RunLog, stop: Stop) -> None:
        self._settings = settings
        self._mappings = mappings
        self._log = log
        self._stop = stop
        self._waited_for = ""

    def pipeline(self) -> Pipeline:
        return session.open_pipeline(
            self._settings,
            self._mappings.current.mappings,
            on_wait=self._on_wait,
            on_block=self._stop.check,
        )

    def refreshed(self) -> Pipeline | None:
        return self.pipeline() if self._mappings.changed() else None

    def _on_wait(self, text: str) -> None:
        # Nothing is written yet while the database is waited for, so a stop need not wait with it.
        self._stop.check()
        if text != self._waited_for:
            self._waited_for = text
            self._log.say(text, "yellow")


def _announce(settings: Settings, mappings: MappingSet, log: RunLog) -> None:
    for row in settings.describe():
        if row.origin != "default" or row.name == "duckdb_path":
            log.say(f"{row.name:<18}{row.value}  ({row.origin})")
    log.say(f"{'mappings':<18}{_counted(mappings)}")


def _counted(mappings: MappingSet) -> str:
    wrong = f", {counted(len(mappings.errors), 'problem')}" if mappings.errors else ""
    good = counted(len(mappings.mappings), "mapping")
    return f"{good} for {counted(len(mappings.tables()), 'table')}{wrong}"


def _summary(loop: Loop, seconds: float) -> None:
    screen = terminal.out()
    for grid in (loop.tally.grid(), loop.tally.cures()):
        screen.grid(grid)
        if grid.rows:
            screen.line()
    if loop.tally.count("failed"):
        screen.line(replay_text(session.program()))
    screen.line(f"{loop.tally.total()} in {seconds:,.1f} s", "bold")
