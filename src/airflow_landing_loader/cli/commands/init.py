"""The command `init`: from a folder that nobody has described to mappings, each with its doubts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from airflow_landing_loader.cli import session
from airflow_landing_loader.cli.grid import Grid
from airflow_landing_loader.cli.terminal import Screen
from airflow_landing_loader.onboarding.checking import Verdict
from airflow_landing_loader.onboarding.outcome import Onboarded, Outcome, onboard
from airflow_landing_loader.safe_text import counted, shown, shown_name
from airflow_landing_loader.storage.local.zone import LocalZone

_MOST_GOOD = 20
_STYLES = {"loads": "green", "waits": "yellow", "fails": "red", "unchecked": "yellow"}


def init(out: Screen, folder: str, into: str | None, *, as_json: bool) -> bool:
    """Propose mappings for the files of a folder; return whether all of them would load.

    :param folder: path of the folder; it is only read.
    :param into: where the mappings are written; ``None``: the folder of mappings of the settings.
    :raises ConfigurationError: settings are wrong, or no mapping can be written there.
    :raises TransientError: ``ZONE_UNAVAILABLE``, the folder cannot be read.
    """
    target = Path(into if into is not None else session.read_settings().table_config_path)
    zone = LocalZone(str(Path(folder).absolute()))
    outcome = onboard(zone, target)
    if as_json:
        out.json(_document(zone.path, target, outcome))
    else:
        _tell(out, target, outcome)
    return outcome.is_good


def _tell(out: Screen, target: Path, outcome: Outcome) -> None:
    only_known = bool(outcome.known) and not (outcome.onboarded or outcome.left)
    out.grid(
        Grid(
            title=f"Mappings in {target}",
            headers=("mapping", "files", "verdict", "unsure", "pattern"),
            rows=tuple(_mapping_row(one) for one in outcome.onboarded),
            right=("files", "unsure"),
            empty="" if only_known else "no file could be described",
        )
    )
    for one in outcome.onboarded:
        for doubt in one.proposal.doubts:
            out.line(
                f"unsure    {one.proposal.table}: {doubt.about}: {doubt.text}", "yellow", hang=10
            )
        if one.problem:
            out.line(f"problem   {one.proposal.table}: {one.problem}", "red", hang=10)
    if not only_known:
        out.line()
    rows = tuple(_file_rows(outcome))
    out.grid(
        Grid(
            title="Files",
            headers=("file", "verdict", "mapping", "rows", "why"),
            rows=rows,
            right=("rows",),
            styled="verdict",
            styles=_STYLES,
            empty="",
        )
    )
    if outcome.left and rows:
        out.line()
    out.grid(
        Grid(
            title="Not grouped",
            headers=("file", "why"),
            rows=tuple((shown_name(left.name), shown(left.why)) for left in outcome.left),
            empty="",
        )
    )
    _tell_end(out, outcome)


def _tell_end(out: Screen, outcome: Outcome) -> None:
    loads = sum(v.verdict == "loads" for one in outcome.onboarded for v in one.verdicts)
    doubts = sum(len(one.proposal.doubts) for one in outcome.onboarded)
    files = sum(len(one.verdicts) for one in outcome.onboarded)
    said = [f"{loads:,} of {counted(files, 'file')} would load; nothing was moved or loaded."]
    if outcome.known:
        if not files:
            said = ["No mapping was written; nothing was moved or loaded."]
        said.append(
            f"{counted(len(outcome.known), 'file')} taken by mappings already: `landing-loader "
            "check FILE` looks into one."
        )
    if doubts:
        said.append(f"{counted(doubts, 'thing')} left to you: see unsure, and the comments.")
    out.line(" ".join(said), "green" if outcome.is_good and not doubts else "yellow")


def _mapping_row(one: Onboarded) -> tuple[str, ...]:
    name = one.proposal.table if one.path is None else one.path.name
    verdicts = Counter(verdict.verdict for verdict in one.verdicts)
    said = ", ".join(f"{number:,} {word}" for word, number in sorted(verdicts.items()))
    doubts = len(one.proposal.doubts)
    return (
        name,
        f"{len(one.verdicts):,}",
        "not usable" if one.problem else said,
        str(doubts) if doubts else "",
        shown(one.proposal.pattern),
    )


def _file_rows(outcome: Outcome) -> Iterator[tuple[str, ...]]:
    """All files that need a look, and some of the others."""
    for one in outcome.onboarded:
        table, told = one.proposal.table, set[str | None]()
        good = [verdict for verdict in one.verdicts if verdict.verdict == "loads"]
        for verdict in one.verdicts:
            if verdict.verdict != "loads" or verdict in good[:_MOST_GOOD]:
                rows = "" if verdict.records is None else f"{verdict.records:,}"
                why = verdict.code if verdict.code in told else _why(verdict)
                yield shown_name(verdict.name), verdict.verdict, table, rows, why or ""
                told.add(verdict.code)
        if len(good) > _MOST_GOOD:
            yield f"{len(good) - _MOST_GOOD:,} more", "loads", table, "", ""
    for name, pattern in outcome.known:
        yield shown_name(name), "known", shown(pattern), "", "a mapping takes it already"


def _why(verdict: Verdict) -> str:
    return f"{verdict.code}: {verdict.why}" if verdict.code else verdict.why


def _document(folder: str, target: Path, outcome: Outcome) -> dict[str, Any]:
    return {
        "folder": folder,
        "into": str(target.absolute()),
        "mappings": [
            {
                "pattern": one.proposal.pattern,
                "table": one.proposal.table,
                "path": None if one.path is None else str(one.path.absolute()),
                "problem": one.problem or None,
                "go_files": len(one.go_files),
                "unsure": [
                    {"key": doubt.about, "why": doubt.text} for doubt in one.proposal.doubts
                ],
            }
            for one in outcome.onboarded
        ],
        "files": [
            {
                "name": verdict.name,
                "pattern": one.proposal.pattern,
                "verdict": verdict.verdict,
                "records": verdict.records,
                "code": verdict.code,
                "why": verdict.why,
            }
            for one in outcome.onboarded
            for verdict in one.verdicts
        ],
        "known": [{"name": name, "pattern": pattern} for name, pattern in outcome.known],
        "left": [{"name": left.name, "why": left.why} for left in outcome.left],
    }
