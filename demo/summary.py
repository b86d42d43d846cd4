"""The one page at the end of the demo."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Literal

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from airflow_home import REPOSITORY, Playground
from evidence import Evidence, FileFinding

_WORDS = {
    "loaded": "[green]loaded[/green]",
    "failed": "[red]refused[/red]",
    "stays": "[yellow]left alone[/yellow]",
    "OK": "[green]built[/green]",
    "PASS": "[green]passed[/green]",
}
_Column = tuple[str, Literal["left", "right"]]


def console() -> Console:
    """For the terminal; wide enough for the tables where there is none."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else 120)


def show(evidence: Evidence, playground: Playground, console: Console) -> None:
    """Print it."""
    console.print()
    for table in (_files(evidence), _tables(evidence), _dbt(evidence)):
        console.print(table)
    for label, text in (
        ("Loaded files", shown(playground.archive)),
        ("Refused files", f"{shown(playground.failed)}, each with its reason in *.error.json"),
        ("Files left alone", shown(playground.landing)),
        ("Warehouse", shown(playground.database)),
        ("Look further", f"{shown(playground.wrapper)} landing-loader status"),
        (
            "See it in Airflow",
            "make up, then Browse, Landing zone: what arrived, what did not, why",
        ),
    ):
        console.print(f"{label:<18} {escape(text)}", soft_wrap=True)
    console.print()
    if evidence.problems:
        console.print("[bold red]Not everything came out as it should:[/bold red]")
        for problem in evidence.problems:
            console.print(f"  - {escape(problem)}", soft_wrap=True)
        show_logs(playground, console)
    else:
        console.print("[bold green]Everything came out as it should.[/bold green]")


def show_logs(playground: Playground, console: Console) -> None:
    """Print where the logs lie."""
    components, tasks = shown(playground.logs), shown(playground.home / "logs")
    console.print(f"Logs: {components} (Airflow's components), {tasks} (tasks)", soft_wrap=True)


def shown(path: Path) -> str:
    """A path as a person in the repository would write it."""
    return str(path.relative_to(REPOSITORY)) if path.is_relative_to(REPOSITORY) else str(path)


def program(name: str) -> str:
    """A program of the virtual environment that runs us, as :func:`shown` shows it."""
    return shown(Path(sys.executable).with_name(name))


def _files(evidence: Evidence) -> Table:
    columns: list[_Column] = [
        ("file", "left"),
        ("became", "left"),
        ("rows", "right"),
        ("lies in", "left"),
        ("why", "left"),
    ]
    table = _page("What became of the files", columns)
    for finding in evidence.files:
        table.add_row(
            escape(_names(finding)),
            _word(finding.fate),
            _number(finding.rows),
            finding.where.parent.name if finding.where else "",
            escape(finding.why or finding.sample.story),
        )
    return table


def _names(finding: FileFinding) -> str:
    """The names as delivered, and the one it has now, if that is another."""
    first, *others = finding.sample.files()
    names = ", ".join([first, *(_beside(first, other) for other in others)])
    renamed = finding.where is not None and finding.where.name != first
    return f"{names}\nnow {finding.where.name}" if finding.where and renamed else names


def _beside(first: str, other: str) -> str:
    """A go file's name, as short as it can be understood."""
    return Path(other).suffix if Path(first).stem == Path(other).stem else other


def _tables(evidence: Evidence) -> Table:
    columns: list[_Column] = [
        ("table", "left"),
        ("rows", "right"),
        ("loads", "right"),
        ("new columns, kept in _extra", "left"),
    ]
    table = _page("Raw tables", columns)
    for finding in evidence.tables:
        drift = ", ".join(finding.drift) or "none"
        table.add_row(finding.name, _number(finding.rows), str(finding.loads), escape(drift))
    return table


def _dbt(evidence: Evidence) -> Table:
    columns: list[_Column] = [("model or test", "left"), ("became", "left"), ("rows", "right")]
    table = _page("dbt", columns)
    for finding in evidence.dbt:
        table.add_row(finding.name, _word(finding.result), _number(finding.rows))
    return table


def _word(word: str) -> str:
    return _WORDS.get(word, f"[red]{escape(word)}[/red]")


def _number(number: int | None) -> str:
    return "" if number is None else f"{number:,}"


def _page(title: str, columns: list[_Column]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
    for name, side in columns:
        table.add_column(name, justify=side)
    return table
