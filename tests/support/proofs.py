"""The cross-check of values after loads: archived files and tables by their fingerprints."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from airflow_landing_loader.clients import DefaultClients
from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.maintenance.proof import Proof
from airflow_landing_loader.maintenance.unloading import Unloader
from airflow_landing_loader.maintenance.verification import verify
from airflow_landing_loader.pipeline.outcome import Outcome
from airflow_landing_loader.pipeline.pipeline import Pipeline
from airflow_landing_loader.settings import Settings


def proof_of(settings: Settings, mappings: Sequence[TableMapping], load_id: str) -> Proof:
    """What `verify` finds of a load."""
    return verify(
        load_id,
        warehouse=Pipeline(settings, ()).warehouse,
        mappings=mappings,
        clients=DefaultClients(settings.gcp_project),
    )


def assert_loaded_as_delivered(
    settings: Settings, mappings: Sequence[TableMapping], outcomes: Iterable[Outcome]
) -> None:
    """Every load of a run is in its table, cell by cell."""
    for outcome in outcomes:
        if outcome.status == "loaded" and outcome.load_id is not None:
            proof = proof_of(settings, mappings, outcome.load_id)
            assert proof.error is None, (outcome.name, proof.error)


def unloader(settings: Settings) -> Unloader:
    """What takes loads back in a world."""
    pipeline = Pipeline(settings, ())
    clients = DefaultClients(settings.gcp_project)
    return Unloader(pipeline.zones, pipeline.warehouse, clients)
