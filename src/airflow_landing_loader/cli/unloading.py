"""The command `unload`: a wrong but valid load taken back."""

from __future__ import annotations

from airflow_landing_loader.cli import session
from airflow_landing_loader.cli.terminal import Screen, counted, safe
from airflow_landing_loader.clients import DefaultClients
from airflow_landing_loader.pipeline import Pipeline
from airflow_landing_loader.unloading import Destination, Unloader


def unload_load(out: Screen, err: Screen, load_id: str, to: Destination, *, as_json: bool) -> None:
    """Take one load back and write what was done.

    :raises LandingError: it cannot be taken back, or not to the end, and why.
    """
    settings = session.read_settings()
    pipeline = Pipeline(settings, (), on_wait=err.line)
    clients = DefaultClients(settings.gcp_project)
    done = Unloader(pipeline.zones, pipeline.warehouse, clients).unload(load_id, to)
    load = done.load
    if as_json:
        out.json(
            {
                "load_id": load.load_id,
                "filename": load.filename,
                "table_name": load.table_name,
                "rows": done.rows,
                "uri": done.uri,
            }
        )
        return
    if done.rows:
        rows = counted(done.rows, "row")
        out.line(f"{rows} of load {load.load_id} went out of {load.table_name}.")
    else:
        out.line(f"The rows of load {load.load_id} were out of {load.table_name} already.")
    out.line(f"Its file is now {safe(done.uri)}.")
