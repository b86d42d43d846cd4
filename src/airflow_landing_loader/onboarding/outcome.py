"""Proposals as files, each checked as people's own mappings are."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from airflow_landing_loader.config.mapping.mapping_set import MappingProblem
from airflow_landing_loader.config.mapping.reader import read_mappings
from airflow_landing_loader.exceptions import ConfigurationError, ErrorCode, shown
from airflow_landing_loader.onboarding.checking import Checker, Verdict
from airflow_landing_loader.onboarding.names.groups import Left
from airflow_landing_loader.onboarding.survey import Surveyed, survey
from airflow_landing_loader.onboarding.writing import Proposal, says_what_is_meant, text_of
from airflow_landing_loader.storage.local.files import write_whole
from airflow_landing_loader.storage.zone import Zone

_SCHEMA = "mapping.schema.json"
_LEVELS = 4
_MODE = 0o666


@dataclass(frozen=True, slots=True)
class Onboarded:
    """What became of the files of one pattern.

    :param path: the mapping's file; ``None``: it was not written.
    :param problem: why it was not written, or cannot be used; empty: it is good.
    :param verdicts: of its data files, in order.
    """

    proposal: Proposal
    path: Path | None
    problem: str
    verdicts: tuple[Verdict, ...]
    go_files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a folder.

    :param known: names that mappings took which were there before, each with the pattern.
    :param left: names that no mapping takes, and why.
    """

    onboarded: tuple[Onboarded, ...]
    known: tuple[tuple[str, str], ...]
    left: tuple[Left, ...]

    @property
    def is_good(self) -> bool:
        """Whether every mapping can be used and every file that was checked would load."""
        return all(
            not one.problem and all(verdict.verdict != "fails" for verdict in one.verdicts)
            for one in self.onboarded
        )


def onboard(zone: Zone, into: Path) -> Outcome:
    """Propose mappings for a folder, write them, and check every file with them.

    :param zone: the folder; nothing in it is moved, loaded or changed.
    :param into: folder of mappings. It is made if it is not there; no file in it is overwritten.
    :raises ConfigurationError: ``CONFIG_UNREADABLE``, the folder of mappings cannot be written.
    :raises TransientError: ``ZONE_UNAVAILABLE``.
    """
    found = survey(zone, read_mappings(into).mappings if into.is_dir() else ())
    written = _written(found.surveyed, into)
    mappings = read_mappings(into)
    checker = Checker(zone, mappings.mappings)
    outcomes = []
    for surveyed, (path, why) in zip(found.surveyed, written, strict=True):
        problem = why or _problem(path, mappings.errors)
        verdicts = () if problem else tuple(checker.check(file) for file in surveyed.files)
        outcomes.append(Onboarded(surveyed.proposal, path, problem, verdicts, surveyed.go_files))
    return Outcome(tuple(outcomes), found.known, found.left)


def _written(surveyed: Sequence[Surveyed], into: Path) -> list[tuple[Path | None, str]]:
    """Each proposal's file, or why there is none."""
    try:
        into.mkdir(parents=True, exist_ok=True)
        return [_write(one.proposal, into) for one in surveyed]
    except OSError as error:
        raise ConfigurationError(
            ErrorCode.CONFIG_UNREADABLE,
            f"No mapping can be written there: {error.strerror or error}.",
            hint="Give --into a folder that may be written.",
            file=str(into),
        ) from error


def _write(proposal: Proposal, into: Path) -> tuple[Path | None, str]:
    path = into / f"{proposal.table.removeprefix('raw_')}.yaml"
    text = text_of(proposal, _schema_from(into))
    if not says_what_is_meant(proposal, text):
        return None, "it could not be written so that the loader reads it as it is meant"
    try:
        write_whole(str(path), text.encode(), mode=_MODE, tag="init")
    except FileExistsError:
        return None, f"{shown(path.name)} is there already, and is not overwritten"
    return path, ""


def _schema_from(into: Path) -> str:
    """Path of the JSON Schema from a folder of mappings: the nearest above it, else where the
    documentation puts it."""
    folder = into.absolute()
    for _ in range(_LEVELS):
        folder = folder.parent
        if (folder / _SCHEMA).is_file():
            return os.path.relpath(folder / _SCHEMA, into.absolute())
    return f"../{_SCHEMA}"


def _problem(path: Path | None, problems: Sequence[MappingProblem]) -> str:
    return next((one.detail.sentence() for one in problems if one.path == path), "")
