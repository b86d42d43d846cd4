"""What a forked child does: a whole run of the command line, or one step as Airflow takes it."""

from __future__ import annotations

import importlib
import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from airflow_landing_loader.cli import main
from airflow_landing_loader.cli.session import mappings_of, read_settings
from airflow_landing_loader.codec import adapter_of
from airflow_landing_loader.config.mapping.reader import read_mappings
from airflow_landing_loader.exceptions import ErrorCode, TransientError
from airflow_landing_loader.loading.model import Loaded, Overview, Refused
from airflow_landing_loader.pipeline.moving import Mover
from airflow_landing_loader.pipeline.pipeline import Pipeline
from airflow_landing_loader.xcom.batches import Step, dump_batch, load_batch
from chaos.content import mapping_yaml
from chaos.ground import Ground
from chaos.model import Table

Job = Callable[[], int]

GOOD, LATER = 0, 3


def run_once() -> int:
    """``landing-loader run --once``; its exit code."""
    try:
        main(["run", "--once"])
    except SystemExit as end:
        return int(end.code or 0)
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
    return Pipeline(settings, mappings_of(settings).mappings)


def _has_gone(verdict: Step) -> bool:
    return isinstance(verdict, Refused) and verdict.error.code == ErrorCode.LANDING_DISAPPEARED
