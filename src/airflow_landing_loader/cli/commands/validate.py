"""The command `validate`: every problem of every mapping, each with its line."""

from __future__ import annotations

from airflow_landing_loader.cli import session
from airflow_landing_loader.cli.failures import explain
from airflow_landing_loader.cli.terminal import Screen
from airflow_landing_loader.monitoring.calendars import unknown_calendars
from airflow_landing_loader.safe_text import counted


def validate(out: Screen, err: Screen, *, as_json: bool) -> bool:
    """Check all mappings; return whether they are good.

    :raises ConfigurationError: settings are wrong.
    """
    found = session.mappings_of(session.read_settings())
    calendars = tuple(unknown_calendars(found.mappings))
    if as_json:
        out.json(
            {
                "mappings": len(found.mappings),
                "tables": len(found.tables()),
                "problems": [
                    *(problem.detail.to_dict() for problem in found.errors),
                    *(detail.to_dict() for detail in calendars),
                ],
            }
        )
        return not found.errors and not calendars
    for problem in found.errors:
        explain(problem.detail, err, snippet=problem.snippet)
        err.line()
    for detail in calendars:
        explain(detail, err)
        err.line()
    if found.none_yet:
        out.line("no mapping yet", "red")
        return False
    good = counted(len(found.mappings), "good mapping")
    good += f" for {counted(len(found.tables()), 'table')}"
    if found.errors or calendars:
        files = len({problem.detail.file for problem in found.errors} | {d.file for d in calendars})
        wrong = counted(len(found.errors) + len(calendars), "problem")
        out.line(f"{wrong} in {counted(files, 'file')}; {good}", "red")
    else:
        out.line(good, "green")
    return not found.errors and not calendars
