"""Which job of BigQuery wrote a load, for whoever follows rows back to it."""

from __future__ import annotations

from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery
from tests.support.worlds import Side


def test_the_job_that_committed_a_load_is_known(side: Side) -> None:
    side.map()
    side.deliver("a_1.csv", "symbol\nACME\n")
    pipeline = side.pipeline
    batch = pipeline.validate_batch(["a_1.csv"])
    assert pipeline.warehouse.last_job is None
    pipeline.load(batch)
    project, _, rest = str(pipeline.warehouse.last_job).partition(":")
    location, _, job_id = rest.partition(".")
    client = bigquery.Client(side.settings.gcp_project, AnonymousCredentials())
    job = client.get_job(job_id, project=project, location=location)
    assert job.state == "DONE"
    assert job_id.rpartition("_")[0].endswith("_commit")
