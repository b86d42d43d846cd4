"""One world from its first delivery to its last check."""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from pathlib import Path
from typing import Literal

from airflow_landing_loader.storage.local import files as local_files
from chaos import checks, clocks, faults
from chaos.child import Child, Ended
from chaos.faults import NotPossibleError
from chaos.ground import Ground
from chaos.loader import GOOD, LATER, Job, Steps, guarded, run_once, senders_replace
from chaos.model import File, Parcel, Wave, World
from chaos.oracle import Oracle, Resting
from chaos.points import Step
from chaos.probe import EMPTY, Contents, drop_metadata, read_contents
from chaos.sabotage import SABOTAGES
from chaos.shots import Shot, Shots

Part = Literal["none", "some", "all", "-"]
_ROUNDS = 12
_FAULT_WAVE = 1
_FORGED = 0.3  # of the waves
_AHEAD = (-20 * 365 * 86_400.0, 86_400.0)
"""Seconds by which a clock that jumps is wrong: also before anything was delivered."""


@dataclass(frozen=True, kw_only=True)
class Death:
    """A loader that was killed, and what it left to the next one.

    :param name: of the point.
    :param rows: which part of the wave's loads was committed.
    :param files: which part of the wave's files had left the landing zone.
    :param twice: whether a file lay in landing and in its target at once.
    :param leftovers: kinds of files that must not last.
    """

    name: str
    rows: Part
    files: Part
    twice: bool
    leftovers: tuple[str, ...]


@dataclass(kw_only=True)
class Result:
    """What came out of a world.

    :param problems: each a promise that was not kept, or a state that is not the oracle's.
    :param fault: the fault that was brought about, ``"none"`` if there was none, or that it is not
        possible on this machine.
    """

    world: World
    fault: str
    starts: int = 0
    deaths: list[Death] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    log: str = ""


@dataclass(frozen=True, kw_only=True)
class _Before:
    """The state at the beginning of a wave, and what the wave brings."""

    loads: frozenset[str]
    resting: Counter[Resting]
    new_loads: int
    files: tuple[File, ...]


def try_world(world: World, folder: Path, other: Path, *, sabotage: str | None = None) -> Result:
    """Let loaders work and die in a world.

    :param folder: an empty folder for it.
    :param other: an empty folder, on another file system if the world lies across two.
    :param sabotage: one of :data:`SABOTAGES`.
    """
    ground = Ground(world, folder, other)
    try:
        return _Trial(world, ground, sabotage).run()
    finally:
        ground.remove()


class _Trial:
    def __init__(self, world: World, ground: Ground, sabotage: str | None) -> None:
        self._world = world
        self._sabotage = sabotage
        self._ground = ground
        self._random = random.Random(f"deaths {world.seed}")
        self._result = Result(world=world, fault=world.fault)
        self._oracle = Oracle(world.tables)
        self._sent: set[str] = set()
        self._replaced: set[str] = set()
        self._late: list[list[File]] = []
        self._replacing: tuple[Parcel, ...] = ()
        self._longest = 0.1
        self._known = True
        self._read_state: object = None
        self._read = EMPTY
        self._prepare: Callable[[], None] | None = None
        self._clock_jumps = world.fault == "clock backwards"
        self._ahead: float | None = None
        self._other: Job | None = None
        if world.fault == "two schedulers":
            folder = ground.root / "other"
            folder.mkdir()
            self._other = guarded(Steps(folder).all_in_a_row)
        self._before = _Before(loads=frozenset(), resting=Counter(), new_loads=0, files=())

    def run(self) -> Result:
        with ExitStack() as stack:
            try:
                faults.disks(stack, self._ground)
            except NotPossibleError as error:
                self._world = replace(self._world, fault="none")
                self._result.fault = f"{self._result.fault}: not possible here ({error})"
            for number, wave in enumerate(self._world.waves):
                self._wave(number, wave)
                if self._result.problems:
                    self._result.log = self._ground.log_tail(60)
                    break
        return self._result

    def _wave(self, number: int, wave: Wave) -> None:
        self._begin(wave)
        remaining = Shots(self._world, self._random)
        if number == _FAULT_WAVE:
            self._in_trouble(remaining)
        if self._world.mode == "steps":
            self._by_steps(remaining)
        else:
            self._by_runs(remaining)
        while self._deliver_late():
            pass
        self._ground.replace(self._ground.ready)
        self._note_replaced()
        self._end(number)

    def _begin(self, wave: Wave) -> None:
        loads = len(self._oracle.expected.loads)
        parcels = wave.parcels
        files = [file for parcel in parcels for file in self._in_any_order(parcel.files)]
        late = {f.name for p in parcels if p.data.name in wave.late for f in p.files}
        at_once, *later = _arrivals(wave)
        later = later or [[]]
        later[0] += [file for file in files if file.name in late]
        self._late = list(filter(None, later))
        self._replaced = {file.sha256 for each in wave.sets for file in each.replaced}
        self._oracle.take(wave)
        self._before = _Before(
            loads=frozenset(load.load_id for load in self._contents().loads),
            resting=self._ground.look().resting("archive", "failed"),
            new_loads=len(self._oracle.expected.loads) - loads,
            files=(*files, *(f for each in wave.sets if not each.waits for f in each.files)),
        )
        self._replacing = wave.replacing
        self._ground.prepare(file for parcel in wave.replacing for file in parcel.files)
        files = [file for file in files if file.name not in late]
        self._deliver([*wave.strays, *files, *at_once])
        if self._random.random() < _FORGED:
            self._ground.forge()

    def _note_replaced(self) -> None:
        """Notice what senders have put in the place of others, and let them finish a pair."""
        for parcel in self._replacing:
            if parcel.data.name not in self._ground.ready:
                self._ground.replace(file.name for file in parcel.files)
                self._sent.update(file.sha256 for file in parcel.files)

    def _in_any_order(self, files: tuple[File, ...]) -> tuple[File, ...]:
        return files if self._random.random() < 0.5 else files[::-1]

    def _deliver(self, files: list[File]) -> None:
        self._ground.deliver(files)
        self._sent.update({file.sha256 for file in files} - self._replaced)

    def _deliver_late(self) -> bool:
        """Let come what is late and comes next; whether there was anything."""
        late = self._late.pop(0) if self._late else []
        self._deliver(late)
        return bool(late)

    def _by_runs(self, remaining: Shots) -> None:
        beside = run_once if self._world.fault == "two loops" else None
        while True:
            while self._attempt(run_once, remaining.next(), beside=beside).killed:
                self._deliver_late()
            if not self._deliver_late():
                return

    def _by_steps(self, remaining: Shots) -> None:
        steps = Steps(self._ground.root)
        for _ in range(_ROUNDS):
            self._insist("poke", steps.poke, remaining)
            names = steps.read("names")
            if not names and not self._deliver_late():
                return
            for at in range(0, len(names), self._world.batch):
                self._lane(steps, names[at : at + self._world.batch], remaining)

    def _lane(self, steps: Steps, names: list[str], remaining: Shots) -> None:
        self._insist("validate", steps.validate(names), remaining)
        verdicts = "validated"
        if not steps.refused(verdicts):
            self._insist("load", steps.load, remaining)
            verdicts = "loaded"
        self._insist("finish", steps.finish(verdicts), remaining)

    def _insist(self, step: Step, job: Job, remaining: Shots) -> None:
        """Try a step until it has not died, as Airflow does."""
        while self._attempt(guarded(job), remaining.next(step), beside=self._other).killed:
            self._deliver_late()

    def _end(self, number: int) -> None:
        """One whole run must bring everything to rest."""
        ended = self._attempt(run_once, None)
        if ended.code not in (0, 1):
            self._problem(f"wave {number}: the last run ended with {ended.code}")
        contents, look = self._contents(), self._ground.look()
        problems = checks.at_rest(
            contents, look, self._oracle.expected, self._ground, known=self._known
        )
        for problem in problems:
            self._problem(f"wave {number}: {problem}")
        if number == _FAULT_WAVE and self._world.fault == "metadata dropped":
            drop_metadata(self._ground)
            self._oracle.forget()
            self._known = False

    def _in_trouble(self, remaining: Shots) -> None:
        ground, fault = self._ground, self._world.fault
        room = self._random.randrange(400_000)
        if fault == "database locked":
            self._while_locked()
        elif fault == "database disk full":
            with faults.full_disk(ground.database.parent, room):
                self._suffer(remaining)
        elif fault == "archive disk full":
            with faults.full_disk(ground.zones["archive"], room // 50):
                self._suffer(remaining)
        elif fault == "read-only archive":
            with faults.read_only(ground.zones["archive"]):
                self._suffer(remaining)

    def _while_locked(self) -> None:
        before = self._ground.look().resting()
        with faults.locked(self._ground), self._impatient():
            ended = self._attempt(run_once, None)
        if ended.code != LATER:
            self._problem(f"with a locked database the loader ended with {ended.code}")
        if self._ground.look().resting() != before:
            self._problem("with a locked database the loader has moved a file")

    def _suffer(self, remaining: Shots) -> None:
        """Two loaders in trouble; one of them may die besides."""
        self._attempt(run_once, remaining.next())
        ended = self._attempt(run_once, None)
        if ended.code not in (GOOD, 1, LATER):
            self._problem(f"in trouble the loader ended with {ended.code}")

    @contextmanager
    def _impatient(self) -> Iterator[None]:
        self._prepare = lambda: os.environ.update(AIRFLOW__LANDING_LOADER__LOCK_TIMEOUT="0.2")
        try:
            yield
        finally:
            self._prepare = None

    def _attempt(self, job: Job, shot: Shot | None, *, beside: Job | None = None) -> Ended:
        """Start a loader and let it die.

        :param beside: what a second one does beside it; it dies in some other way.
        """
        log = self._ground.log
        self._ahead = self._random.uniform(*_AHEAD) if self._clock_jumps else None
        child = Child(job, log, lambda: self._surround(shot))
        second_share = self._random.random() * 2
        second = Child(beside, log, lambda: self._surround(None)) if beside else None
        after = None
        if shot is not None and shot.point is None:
            after = shot.share * self._longest
        ended = child.wait(after)
        if second is not None:
            other = second.wait(second_share * self._longest if shot else None)
            self._count(other, Shot())
        self._count(ended, shot or Shot())
        if not ended.killed:
            self._longest = max(self._longest, ended.seconds)
        return ended

    def _surround(self, shot: Shot | None) -> None:
        """In the child: the world's surroundings, and the trap."""
        os.chdir(self._ground.root)
        os.environ.update(self._ground.environment)
        if self._ahead is not None:
            clocks.shift(self._ahead)
        if self._world.by_links:
            local_files._renameat2 = None
        if self._prepare is not None:
            self._prepare()
        senders_replace(self._ground)
        if self._sabotage is not None:
            SABOTAGES[self._sabotage]()
        if shot is not None:
            shot.arm()

    def _count(self, ended: Ended, shot: Shot) -> None:
        self._result.starts += 1
        if ended.hung:
            self._problem("a loader hangs")
        elif ended.killed:
            self._result.deaths.append(self._examine(shot.name))
        elif ended.code == 99:
            self._problem(f"a loader ended with a trace:\n{self._ground.log_tail()}")

    def _examine(self, name: str) -> Death:
        self._note_replaced()
        look, contents = self._ground.look(), self._contents()
        if self._known:
            hidden = self._ground.hidden_digests()
            sets = self._oracle.expected.sets
            for problem in checks.at_any_moment(contents, look, hidden, self._sent, sets):
                self._problem(f"after a death {name}: {problem}")
        before = self._before
        landing = look.resting("landing")
        arrived = look.resting("archive", "failed") - before.resting
        left = sum(_resting("landing", file) in landing for file in before.files)
        new_loads = {load.load_id for load in contents.loads} - before.loads
        targets = {(resting.name, resting.sha256) for resting in arrived}
        return Death(
            name=name,
            rows=_part(len(new_loads), before.new_loads),
            files=_part(len(before.files) - left, len(before.files)),
            twice=any((item.name, item.sha256) in targets for item in landing),
            leftovers=tuple(sorted(look.leftovers)),
        )

    def _contents(self) -> Contents:
        """What stands in the database, read only if it has been written to since the last time."""
        state = self._ground.database_state()
        if state != self._read_state:
            self._read_state, self._read = state, read_contents(self._ground)
        return self._read

    def _problem(self, text: str) -> None:
        self._result.problems.append(text)


def _arrivals(wave: Wave) -> list[list[File]]:
    """What comes of all sets at once, after the first death, and so on; the first may be empty."""
    turns = zip_longest(*(each.arrivals for each in wave.sets), fillvalue=())
    return [[file for files in turn for file in files] for turn in turns] or [[]]


def _resting(zone: str, file: File) -> Resting:
    return Resting(folder=zone, name=file.name, sha256=file.sha256)


def _part(count: int, of: int) -> Part:
    if not of:
        return "-"
    return "none" if count == 0 else "all" if count >= of else "some"
