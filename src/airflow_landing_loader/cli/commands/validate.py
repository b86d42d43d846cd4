"""The command `validate`: every problem of every mapping and channel, each with its line."""

from __future__ import annotations

from airflow_landing_loader.cli import session
from airflow_landing_loader.cli.failures import explain
from airflow_landing_loader.cli.terminal import Screen
from airflow_landing_loader.monitoring.calendars import unknown_calendars
from airflow_landing_loader.safe_text import counted


def validate(out: Screen, err: Screen, *, as_json: bool) -> bool:
    """Check all mappings and channels; return whether they are good.

    :raises ConfigurationError: settings are wrong.
    """
    settings = session.read_settings()
    found, channels = session.mappings_of(settings), session.channels_of(settings)
    calendars = tuple(unknown_calendars(found.mappings))
    errors = (*found.errors, *channels.errors)
    warnings = channels.lacking(m.notify for m in found.mappings)
    if as_json:
        out.json(
            {
                "mappings": len(found.mappings),
                "tables": len(found.tables()),
                "channels": len(channels.channels),
                "problems": [
                    *(problem.detail.to_dict() for problem in errors),
                    *(detail.to_dict() for detail in calendars),
                ],
                "warnings": list(warnings),
            }
        )
        return not errors and not calendars
    for problem in errors:
        explain(problem.detail, err, snippet=problem.snippet)
        err.line()
    for detail in calendars:
        explain(detail, err)
        err.line()
    for warning in warnings:
        out.line(warning, "yellow")
    if found.none_yet:
        out.line("no mapping yet", "red")
        return False
    good = counted(len(found.mappings), "good mapping")
    good += f" for {counted(len(found.tables()), 'table')}"
    if errors or calendars:
        files = len({problem.detail.file for problem in errors} | {d.file for d in calendars})
        wrong = counted(len(errors) + len(calendars), "problem")
        out.line(f"{wrong} in {counted(files, 'file')}; {good}", "red")
    else:
        out.line(good, "green")
    return not errors and not calendars
