"""What a look into the landing zone has left alone, as sentences, each told once."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from airflow_landing_loader.exceptions import shown
from airflow_landing_loader.landing.discovery import Discovery


class ReportKind(StrEnum):
    """What a report is about."""

    REFUSED = "refused"
    UNMATCHED = "unmatched"
    ORPHAN = "orphan"
    WAITING = "waiting"


@dataclass(frozen=True, kw_only=True)
class Report:
    """A file that is left alone, and why, for a log or a list.

    :param kind: what it is about.
    :param name: the file.
    :param message: why it is left alone, one sentence.
    :param hint: what to do.
    """

    kind: ReportKind
    name: str
    message: str
    hint: str


def reports_of(discovery: Discovery) -> tuple[Report, ...]:
    """Everything that a look has left alone, refused files first."""
    return (
        *(
            Report(
                kind=ReportKind.REFUSED,
                name=file.name,
                message=file.error.message,
                hint=file.error.hint or "",
            )
            for file in discovery.refused
        ),
        *(
            Report(
                kind=ReportKind.UNMATCHED,
                name=file.name,
                message=f"No mapping has a pattern that matches {shown(file.name)}.",
                hint="Add a mapping, or correct a pattern (* is the only wildcard, case counts).",
            )
            for file in discovery.unmatched
        ),
        *(
            Report(
                kind=ReportKind.ORPHAN,
                name=orphan.go.name,
                message=f"The go file {shown(orphan.go.name)} is there without its data file "
                f"{shown(orphan.data_name)}.",
                hint="Deliver the data file, or remove the go file if it was sent by mistake.",
            )
            for orphan in discovery.orphans
        ),
        *(
            Report(
                kind=ReportKind.WAITING,
                name=waiting.data.name,
                message=f"{shown(waiting.data.name)} waits for its go file "
                f"{shown(waiting.go_name)}.",
                hint="It is taken as soon as the go file arrives.",
            )
            for waiting in discovery.waiting
        ),
    )


def new_reports(
    discovery: Discovery, earlier: frozenset[Report]
) -> tuple[tuple[Report, ...], frozenset[Report]]:
    """What has to be reported now: each report once for as long as it stays true.

    :param earlier: second result of the call before; empty at first.
    :returns: the new ones, and ``earlier`` for the next call.
    """
    current = reports_of(discovery)
    return tuple(report for report in current if report not in earlier), frozenset(current)
