"""A table's mappings in words: the documentation page of its DAG."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from airflow_landing_loader.config.mapping.in_words import code, rules_in_words, set_in_words
from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.config.mapping.sets import SetKey
from airflow_landing_loader.settings import Settings

_TASKS = """
| task | does | red means |
|---|---|---|
| `wait_for_files` | waits for complete files; skipped if none came | a zone cannot be read |
| `file.validate` | inspects a file: counts, header, grammar | the file is wrong; see its log |
| `file.load` | loads all of it or nothing | the table refuses it, or the database is locked |
| `file.archive` | moves it to the archive | the archive cannot be written |
| `file.fail` | moves a refused file to the failed zone | the failed zone cannot be written |
| `any_loaded` | lets dbt run when something was loaded | the database is locked |
| `publish` | sends messages and events, where somebody is told | a channel cannot be reached |
| `report` | says what became of every file | something above is red; its log says what |
""".strip()

_WHILE_BROKEN = {
    "mapping": "No file is loaded by it until it is mended. The DAG comes back by itself.",
    "channel": "Files are loaded as before. What is sent to it waits until it is mended; then this"
    " DAG goes.",
}


def table_page(
    mappings: Sequence[TableMapping],
    settings: Settings,
    *,
    dbt: bool,
    sets: Mapping[SetKey, Sequence[TableMapping]] | None = None,
) -> str:
    """Markdown for the DAG of a table.

    :param mappings: all mappings that feed the table, at least one.
    :param dbt: whether dbt runs at the end of this DAG.
    :param sets: mappings of all tables, those whose files the same go files name together.
    """
    first = mappings[0]
    parts = [f"## Files for table {code(first.table)}", " ".join(_summary(first, settings, dbt))]
    for mapping in mappings:
        origin = f" (written in {code(mapping.origin)})" if mapping.origin else ""
        parts.append(f"### {code(mapping.pattern)}{origin}")
        lines = (*rules_in_words(mapping), *set_in_words(mapping, sets or {}))
        parts.append("\n".join(f"- {line}" for line in lines))
    parts += ["### Tasks", _TASKS]
    return "\n\n".join(parts) + "\n"


def problem_page(problem: str, what: Literal["mapping", "channel"]) -> str:
    """Markdown for a DAG that stands for what is broken."""
    fence = "```"
    while fence in problem:
        fence += "`"
    return f"## This {what} is broken\n\n{_WHILE_BROKEN[what]}\n\n{fence}text\n{problem}\n{fence}\n"


def unmatched_page(settings: Settings) -> str:
    """Markdown for the DAG that tells what no mapping matches."""
    return (
        "## Files that no mapping matches\n\nLooks into "
        f"{code(settings.landing_path)} every ten minutes and takes nothing. A run fails once for"
        " each new file that no table takes, and names it; later runs are skipped until another one"
        " comes.\n\n- Correct the file's name, or a pattern: `*` stands for any text, case"
        " counts.\n- A broken mapping matches nothing until it is mended: its own DAG tells.\n"
        "- Where a DAG of your own takes such files, name them in `claimed_patterns` of"
        " `build_landing_dags`.\n"
    )


def arrivals_page(due: str, mappings: Sequence[TableMapping]) -> str:
    """Markdown for the DAG that tells what has not come by a deadline.

    :param due: the deadline in words.
    :param mappings: those of the deadline.
    """
    tables = "\n".join(
        f"- {code(mapping.pattern)} for {code(mapping.table)}: "
        f"{'. '.join(mapping.expect.in_words)}."
        for mapping in mappings
        if mapping.expect is not None
    )
    return (
        f"## Files due by {due}\n\nLooks at the deadline, and again when what is not there yet is"
        " missing. What is late, wrong or missing stands in the log of its task, each once; a run"
        " fails only if it cannot look. `landing-loader arrivals` shows the same at any time.\n\n"
        f"{tables}\n"
    )


def actions_page(settings: Settings) -> str:
    """Markdown for the DAG that carries out what people ask for."""
    return (
        "## Replay, discard, unload, promote, verify\n\nEach run is one thing that somebody has"
        " asked for in the landing zone's page or its API; who, and why, is in the log of `check`"
        " and in the table `load_actions`.\n\n"
        "- A run cannot be started by hand: page and API look whether you may edit the DAG of the"
        " table, and give the run a ticket that proves it. On a machine with the command line,"
        " `landing-loader` does the same.\n"
        "- `act` is red: something could not be done; its log says what and why, the rest is"
        " done.\n"
        "- Cleared, a run that has ended does nothing more; ask anew.\n"
        f"- Refused files lie in {code(settings.failed_path)}; discarded ones go to"
        f" {code(settings.archive_path)}, below `_discarded`.\n"
    )


def _summary(mapping: TableMapping, settings: Settings, dbt: bool) -> Iterator[str]:
    yield f"Files that land in {code(settings.landing_path)} are loaded into the table."
    if mapping.schedule is None:
        yield "The DAG waits for them all the time."
    else:
        yield f"The DAG looks for them by the schedule {code(mapping.schedule)}."
    yield f"Loaded files are kept in {code(settings.archive_path)}."
    yield (
        f"A file that is wrong is moved to {code(settings.failed_path)}, with a"
        f" {code('.error.json')} beside it that says why;"
        f" the run {'fails' if mapping.on_failed_file == 'fail_run' else 'does not fail for it'}."
    )
    yield "After a load dbt builds what reads the table." if dbt else "dbt does not run here."
