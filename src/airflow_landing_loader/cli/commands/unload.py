"""The command `unload`: a wrong but valid load taken back."""

from __future__ import annotations

from airflow_landing_loader.cli import session
from airflow_landing_loader.cli.terminal import Screen
from airflow_landing_loader.clients import DefaultClients
from airflow_landing_loader.loading.model import short_id
from airflow_landing_loader.loading.warehouses.opening import open_warehouse
from airflow_landing_loader.maintenance.chosen import chosen_load
from airflow_landing_loader.maintenance.unloading import Destination, Unloader
from airflow_landing_loader.safe_text import counted, shown_name
from airflow_landing_loader.storage.opening import open_zones

_NAMED = 10


def unload_load(out: Screen, err: Screen, chosen: str, to: Destination, *, as_json: bool) -> None:
    """Take one load back and write what was done.

    :param chosen: as :func:`~airflow_landing_loader.maintenance.chosen.chosen_load` takes it.
    :raises LandingError: it cannot be taken back, or not to the end, and why.
    """
    settings = session.read_settings()
    zones = open_zones(settings)
    warehouse = open_warehouse(settings, zones, on_wait=err.line)
    clients = DefaultClients(settings.gcp_project)
    load_id = chosen_load(warehouse, chosen)
    done = Unloader(zones, warehouse, clients).unload(load_id, to)
    load = done.load
    if as_json:
        out.json(
            {
                "load_id": load.load_id,
                "filename": load.filename,
                "table_name": load.table_name,
                "rows": done.rows,
                "uri": done.uri,
                "stay_loaded": list(done.stay_loaded),
            }
        )
        return
    name = short_id(load.load_id)
    if done.rows:
        rows = counted(done.rows, "row")
        out.line(f"{rows} of load {name} went out of {load.table_name}.")
    else:
        out.line(f"The rows of load {name} were out of {load.table_name} already.")
    out.line(f"Its file is now {shown_name(done.uri)}.")
    if done.stay_loaded:
        others = ", ".join(map(shown_name, done.stay_loaded[:_NAMED]))
        more = len(done.stay_loaded) - _NAMED
        out.line(
            f"Its go file names other files that stay loaded: {others}"
            f"{f' and {more:,} more' if more > 0 else ''}. It loads again with them: unload them, "
            "too, then replay one of all."
        )
