"""Where rows go and through what."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class BigQueryOptions:
    """Dataset, staging bucket and limits.

    :param project: the Google Cloud project of dataset and jobs.
    :param dataset: default dataset; our own tables lie in it. It must exist.
    :param staging_bucket: name of the bucket through which rows go, in the dataset's location.
    :param location: of dataset and jobs; ``None``: the dataset's own.
    :param patience: seconds for which a statement is tried again after transient errors.
    :param job_wait: seconds for which a job of a load is waited for before
        :class:`~airflow_landing_loader.loading.warehouses.base.StillRunningError` is raised;
        ``None``: to its end.
    :param memory_limit: of the CSV reader, as DuckDB writes it.
    :param threads: of the CSV reader; ``None``: one for each processor.
    :param part_bytes: size of a staged Parquet object, bytes.
    """

    project: str
    dataset: str
    staging_bucket: str
    location: str | None = None
    patience: float = 300.0
    job_wait: float | None = None
    memory_limit: str = "1GB"
    threads: int | None = None
    part_bytes: int = 192_000_000
