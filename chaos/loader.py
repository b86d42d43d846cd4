"""What a forked child does: a whole run of the command line, or one step as Airflow takes it."""

from __future__ import annotations

import importlib
import json
import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from airflow_landing_loader.cli import main
from airflow_landing_loader.cli.session import channels_of, mappings_of, read_settings
from airflow_landing_loader.codec import adapter_of
from airflow_landing_loader.config.mapping.reader import read_mappings
from airflow_landing_loader.events.publishing import publish
from airflow_landing_loader.exceptions import ErrorCode, TransientError
from airflow_landing_loader.loading.model import Loaded, Overview, Refused, RunContext
from airflow_landing_loader.loading.operations import EventRecord
from airflow_landing_loader.pipeline.moving import Mover
from airflow_landing_loader.pipeline.pipeline import Pipeline
from airflow_landing_loader.xcom.batches import Step, dump_batch, load_batch
from chaos.content import mapping_yaml
from chaos.ground import Ground
from chaos.model import Table

Job = Callable[[], int]

GOOD, LATER = 0, 3


class Listener:
    """Who hears of events: a file in the working directory that ids are written to."""

    def send(self, records: Sequence[EventRecord]) -> None:
        """Take each for good before the next one."""
        for record in records:
            with Path("heard").open("a") as file:
                file.write(f"{record.event_id}\n")
                file.flush()
                self.heard(record)

    def heard(self, record: EventRecord) -> None:
        """A place to die at."""


def run_once() -> int:
    """``landing-loader run --once``, and then what is in the outbox; its exit code."""
    try:
        main(["run", "--once"])
        code = GOOD
    except SystemExit as end:
        code = int(end.code or 0)
    return guarded(_publish)() or code


def _publish() -> int:
    publish(_pipeline().warehouse, lambda _: Listener(), None)
    return GOOD


class Steps:
    """One lane's way through Airflow: each step takes what the one before it has given.

    :param folder: where the answers of the steps are kept, as XComs are.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def poke(self) -> int:
        """Look which files are ready: the sensor."""
        found = _pipeline().discover()
        return self._answer("names", [delivery.data.name for delivery in found.ready])

    def validate(self, names: list[str]) -> Job:
        """Validate the files of a lane."""
        return lambda: self._settle("validated", _pipeline().validate_batch(names))

    def load(self) -> int:
        """Load what was validated."""
        batch: Any = load_batch(self.read("validated"))
        return self._settle("loaded", _pipeline().load(batch))

    def finish(self, verdicts: str) -> Job:
        """Move the files as ``validated`` or ``loaded`` says."""

        def job() -> int:
            batch: Any = load_batch(self.read(verdicts))
            outcomes = _pipeline().finish(batch)
            _publish()
            return LATER if any(outcome.status == "left" for outcome in outcomes) else GOOD

        return job

    def read(self, name: str) -> Any:
        """The answer of a step."""
        return json.loads((self._folder / name).read_text())

    def all_in_a_row(self) -> int:
        """What a scheduler on another machine does: all steps of all there is, as one lane."""
        self.poke()
        names = self.read("names")
        if not names:
            return GOOD
        self.validate(names)()
        verdicts = "validated"
        if not self.refused(verdicts):
            self.load()
            verdicts = "loaded"
        return self.finish(verdicts)()

    def refused(self, name: str) -> bool:
        """Whether a step has left nothing to load."""
        return all(file["kind"] == "Refused" for file in self.read(name)["files"])

    def _settle(self, name: str, verdicts: tuple[Step, ...]) -> int:
        present = [v for v in verdicts if not _has_gone(v)]
        return self._answer(name, dump_batch(present))

    def _answer(self, name: str, value: Any) -> int:
        unfinished = self._folder / f"{name}.{os.getpid()}"
        unfinished.write_text(json.dumps(value))
        unfinished.replace(self._folder / name)
        return GOOD


def warm_up() -> None:
    """Import and prepare here what every child would else do for itself."""
    importlib.import_module("airflow_landing_loader.cli.app")
    importlib.import_module("airflow_landing_loader.cli.commands.run")
    importlib.import_module("airflow_landing_loader.loading.warehouses.duckdb.warehouse")
    adapter_of(Overview)
    with tempfile.TemporaryDirectory() as folder:
        table = Table(name="t", stem="t_", columns=("a",), proof="both", reject=True)
        Path(folder, "t.yaml").write_text(mapping_yaml(table))
        read_mappings(Path(folder))


def senders_replace(ground: Ground) -> None:
    """Let senders put other files in the place of those whose rows were just committed."""
    move = Mover.move

    def replaced(self: Any, plan: Any) -> Any:
        if isinstance(plan.verdict, Loaded):
            ground.replace(item.file.name for item in plan.files)
        return move(self, plan)

    Mover.move = replaced  # type: ignore[method-assign]


def guarded(job: Job) -> Job:
    """``job``, with trouble that may pass as an exit code: Airflow would try again."""

    def run() -> int:
        try:
            return job()
        except TransientError as error:
            print(error, flush=True)
            return LATER

    return run


def _pipeline() -> Pipeline:
    settings = read_settings()
    run = RunContext(dag_id="d", run_id="r", events=channels_of(settings).event_plan)
    return Pipeline(settings, mappings_of(settings).mappings, run=run)


def _has_gone(verdict: Step) -> bool:
    return isinstance(verdict, Refused) and verdict.error.code == ErrorCode.LANDING_DISAPPEARED
