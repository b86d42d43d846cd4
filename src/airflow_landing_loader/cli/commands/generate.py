"""The command `generate`: deliveries made from a mapping, and what has to become of each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from airflow_landing_loader.cli import session
from airflow_landing_loader.cli.grid import Grid
from airflow_landing_loader.cli.terminal import Screen
from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.config.mapping.reader import read_mappings
from airflow_landing_loader.exceptions import ConfigurationError, ErrorCode
from airflow_landing_loader.generating.deliveries import Sender, all_parcels, mapping_named
from airflow_landing_loader.generating.draft import Parcel
from airflow_landing_loader.generating.sending import SECOND_TURN, expected_name, send
from airflow_landing_loader.safe_text import counted, shown, shown_name

_YAML = (".yaml", ".yml")


@dataclass(frozen=True)
class GenerateOptions:
    """What is to be made.

    :param days: right deliveries.
    :param rows: records of each.
    :param faults: whether one of each fault is made, too.
    """

    days: int
    rows: int
    seed: int
    faults: bool


def generate(out: Screen, what: str, into: str, options: GenerateOptions) -> None:
    """Make deliveries, and write them as a good sender does.

    :param what: a table, a pattern, or the path of a mapping file with one mapping.
    :param into: the folder that they are written to.
    :raises ConfigurationError: there is no such mapping, or nothing can be made of it; the folder
        cannot be written, or holds such files already.
    """
    mapping, others = _mapping(what)
    sender = Sender(mapping, others, rows=options.rows, seed=options.seed)
    parcels = all_parcels(sender, options.days, faults=options.faults)
    send(parcels, Path(into), table=mapping.table)
    _tell(out, mapping, parcels, Path(into))


def _mapping(what: str) -> tuple[TableMapping, list[TableMapping]]:
    """The mapping that is meant, and all others."""
    if what.endswith(_YAML):
        return _of_file(Path(what))
    found = session.mappings_of(session.read_settings()).mappings
    mapping = mapping_named(what, found)
    return mapping, [one for one in found if one is not mapping]


def _of_file(path: Path) -> tuple[TableMapping, list[TableMapping]]:
    """The one mapping of a file, which is read as all files of its folder are."""
    found = read_mappings(path.parent)
    problem = next((one for one in found.errors if one.path == path), None)
    if problem is not None:
        raise ConfigurationError(
            ErrorCode(problem.detail.code),
            problem.detail.message,
            hint=problem.detail.hint,
            file=str(path),
            line=problem.detail.line,
        )
    own = [one for one in found.mappings if one.origin.rpartition(":")[0] == path.name]
    if len(own) != 1:
        patterns = ", ".join(repr(one.pattern) for one in own) or "none"
        raise ConfigurationError(
            ErrorCode.GENERATE_NO_EXAMPLE,
            f"A file of one mapping is needed; in this one there are: {patterns}.",
            hint="Give a table or a pattern, as `landing-loader list` shows them.",
            file=str(path),
        )
    return own[0], [one for one in found.mappings if one is not own[0]]


def _tell(out: Screen, mapping: TableMapping, parcels: list[Parcel], into: Path) -> None:
    out.grid(
        Grid(
            title=f"Deliveries of {shown(mapping.pattern)} -> {mapping.table}",
            headers=("file", "kind", "becomes", "why"),
            rows=tuple(_row(one) for one in parcels),
            styled="becomes",
            styles={"loaded": "green", "failed": "red"},
        )
    )
    out.line(f"{counted(len(parcels), 'delivery', 'deliveries')} in {into};")
    out.line(f"what has to become of each: {into / expected_name(mapping.table)}")
    if any(one.turn == 2 for one in parcels):
        later = into / SECOND_TURN
        out.line(f"to be sent once these are taken, into the same folder: {later}", hang=2)


def _row(one: Parcel) -> tuple[str, ...]:
    name = one.go_name if one.data is None and one.go_name is not None else one.name
    why = one.expected.code or (
        counted(len(one.expected.rows), "row") if one.expected.status == "loaded" else ""
    )
    return (shown_name(name), one.kind, one.expected.status, why)
