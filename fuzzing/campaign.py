"""Running targets under libFuzzer: each in a process of its own, with the corpus that is kept."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from fuzzing.targets import NAMES, load

ROOT = Path(__file__).parents[1]
KEPT = ROOT / "fuzzing" / "corpus"
WORK = ROOT / ".fuzz"
NAMED = ("found-", "made-")
"""Begin the names of kept inputs that a defect was found with, or a person made: they stay."""

MAX_BYTES = 2048
_TIMEOUT_SECONDS = 20
_MAX_MEMORY_MIB = 2048
_STATUS = re.compile(r"#(\d+)\s.*?\bcov: (\d+)")
_TRIED = re.compile(r"stat::number_of_executed_units:\s*(\d+)")
_SPEED = re.compile(r"stat::average_exec_per_sec:\s*(\d+)")


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a target has come.

    :param tried: inputs.
    :param coverage: places of the code, the models' too, that were reached.
    """

    tried: int
    coverage: int


@dataclass(frozen=True, kw_only=True)
class Result:
    """What became of a target.

    :param tried: inputs.
    :param per_second: inputs.
    :param new: inputs in the working corpus that were not there before.
    :param coverage: places of the code, the models' too, that were reached.
    :param findings: files with the inputs that broke a promise.
    :param failed: whether the process ended by itself, by a finding or otherwise.
    :param log: all that libFuzzer said.
    """

    target: str
    tried: int
    per_second: int
    new: int
    coverage: int
    findings: tuple[Path, ...]
    failed: bool
    log: Path


def fuzz(target: str, seconds: int, progress: Callable[[Progress], None]) -> Result:
    """Fuzz one target.

    :param seconds: how long.
    :param progress: told now and then.
    """
    corpus, findings, log = _folders(target)
    before, found_before = _names(corpus), _names(findings)
    lines, last, tried, speed = [], Progress(tried=0, coverage=0), 0, 0
    arguments = (*_arguments(target), f"-max_total_time={seconds}", str(corpus), str(KEPT / target))
    with _child(target, *arguments) as process:
        for line in _lines_of(process):
            lines.append(line)
            if match := _STATUS.match(line):
                last = Progress(tried=int(match[1]), coverage=int(match[2]))
                progress(last)
            elif match := _TRIED.match(line):
                tried = int(match[1])
            elif match := _SPEED.match(line):
                speed = int(match[1])
    log.write_text("".join(lines))
    return Result(
        target=target,
        tried=tried or last.tried,
        per_second=speed,
        new=len(_names(corpus) - before),
        coverage=last.coverage,
        findings=tuple(findings / name for name in sorted(_names(findings) - found_before)),
        failed=process.returncode != 0,
        log=log,
    )


def keep(target: str) -> int:
    """Make the kept corpus of the least inputs that reach all that any input has; return how many.

    :raises RuntimeError: libFuzzer does not do it.
    """
    corpus, _, log = _folders(target)
    smallest = WORK / target / "smallest"
    smallest.mkdir(exist_ok=True)
    for old in smallest.iterdir():
        old.unlink()
    folders = (str(smallest), str(KEPT / target), str(corpus))
    # Reaching a place is what counts here, not how often.
    options = ("-set_cover_merge=1", "-use_counters=0", f"-max_len={MAX_BYTES}")
    with _child(target, *options, *folders) as process:
        log.write_text("".join(_lines_of(process)))
    if process.returncode or not _names(smallest):
        raise RuntimeError(f"{target} cannot be merged, see {log}")
    for old in (KEPT / target).iterdir():
        if not old.name.startswith(NAMED):
            old.unlink()
    for new in smallest.iterdir():
        (KEPT / target / new.name).write_bytes(new.read_bytes())
    return len(_names(KEPT / target))


def target_of(path: Path) -> str | None:
    """The target that an input is for, by the folders that it lies in."""
    return next((part for part in reversed(path.resolve().parts[:-1]) if part in NAMES), None)


def _folders(target: str) -> tuple[Path, Path, Path]:
    """Working corpus, findings, log; the kept corpus is made, too."""
    corpus, findings = WORK / target / "corpus", WORK / target / "findings"
    for folder in (corpus, findings, KEPT / target):
        folder.mkdir(parents=True, exist_ok=True)
    return corpus, findings, WORK / target / "log.txt"


def _arguments(target: str) -> tuple[str, ...]:
    """libFuzzer's options."""
    dictionary = WORK / target / "tokens.dict"
    tokens = ("".join(f"\\x{byte:02x}" for byte in token) for token in load(target).TOKENS)
    dictionary.write_text("".join(f'"{token}"\n' for token in tokens if token))
    return (
        f"-dict={dictionary}",
        f"-artifact_prefix={WORK / target / 'findings'}/",
        f"-max_len={MAX_BYTES}",
        f"-timeout={_TIMEOUT_SECONDS}",
        f"-rss_limit_mb={_MAX_MEMORY_MIB}",
        "-print_final_stats=1",
    )


def _child(target: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "fuzzing.child", target, *arguments],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    )


def _lines_of(process: subprocess.Popen[str]) -> Iterator[str]:
    assert process.stderr is not None
    yield from process.stderr


def _names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}
