"""Staged batches into their tables: load jobs, one transaction, and nothing left behind."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from google.cloud import bigquery

from airflow_landing_loader.exceptions import (
    ConfigurationError,
    ErrorCode,
    TerminalError,
    TransientError,
)
from airflow_landing_loader.loading.warehouses.bigquery.errors import GOOGLE_ERRORS, translate
from airflow_landing_loader.loading.warehouses.bigquery.folder import StagingFolder
from airflow_landing_loader.loading.warehouses.bigquery.jobs import Jobs
from airflow_landing_loader.loading.warehouses.bigquery.options import BigQueryOptions
from airflow_landing_loader.loading.warehouses.bigquery.script import (
    COUNT_BETWEEN,
    COUNT_COMMITTED,
    COUNT_TAKEN,
    parameters,
    script,
    stage_name,
)
from airflow_landing_loader.loading.warehouses.manifest import (
    Manifest,
    Part,
    claim_name,
    manifest_name,
)
from airflow_landing_loader.loading.warehouses.recovery import OUTDATED, claim
from airflow_landing_loader.storage.zone import Zone

_STAGE_LIFE = timedelta(days=2)


class Committer:
    """The :class:`~airflow_landing_loader.loading.warehouses.recovery.Steps` by which a manifest
    comes to its end; several processes may take them at once.

    :param landing: the zone where the deliveries lie.
    """

    def __init__(
        self, jobs: Jobs, options: BigQueryOptions, folder: StagingFolder, landing: Zone
    ) -> None:
        self._jobs = jobs
        self._options = options
        self._folder = folder
        self._landing = landing

    def load(self, manifest: Manifest) -> None:
        if self._jobs.begun(job_name(manifest, "commit")):
            return
        if manifest.direct:
            self._load_directly(manifest, manifest.parts[0])
            return
        manifest.require_files(self._landing)
        for index, part in enumerate(manifest.parts):
            self._load_stage(manifest, index, part)

    def _load_stage(self, manifest: Manifest, index: int, part: Part) -> None:
        schema = stage_schema(len(part.columns))
        name = f"{self._options.project}.{self._options.dataset}.{stage_name(manifest, index)}"
        table = bigquery.Table(name, schema)
        table.expires = datetime.now(UTC) + _STAGE_LIFE
        try:
            self._jobs.client.create_table(table, exists_ok=True)
        except GOOGLE_ERRORS as error:
            raise translate(error) from error
        self._run_load(job_name(manifest, f"load{index}"), part, name, schema)

    def _load_directly(self, manifest: Manifest, part: Part) -> None:
        """Append to the table itself, as the only loader that has a batch for it open.

        Once the rows are in, they stay: their books are written whatever becomes of the files.
        """
        step = job_name(manifest, "load0")
        if not self._jobs.begun(step):
            manifest.require_files(self._landing)
            if not self._claim(manifest, part.table):
                return
        dataset, _, name = part.table.rpartition(".")
        target = f"{self._options.project}.{dataset or self._options.dataset}.{name}"
        job = self._run_load(step, part, target)
        if job.output_rows is not None and job.output_rows != part.row_count:
            raise TransientError(
                ErrorCode.WAREHOUSE_UNAVAILABLE,
                f"BigQuery says that job {job.job_id} loaded {job.output_rows} rows into "
                f"{part.table} and not {part.row_count}",
                hint="Look at the job in BigQuery's console; its batch stays open meanwhile.",
            )

    def _claim(self, manifest: Manifest, table: str) -> bool:
        """Become the only batch of the table; ``False`` if its loads are committed already.

        :raises TransientError: another batch has the table, or has had it since the decision.
        """
        claim(self._folder, manifest, table)
        bound = parameters(manifest)
        committed = self._jobs.query(COUNT_COMMITTED, bound)[0][0]
        if committed == len(manifest.loads):
            return False
        between = [COUNT_BETWEEN, *([COUNT_TAKEN] if manifest.takes_columns else [])]
        if any(self._jobs.query(count, bound)[0][0] for count in between):
            raise TerminalError(ErrorCode.LOAD_TABLE_UNFIT, OUTDATED, value=OUTDATED)
        return True

    def _run_load(
        self,
        name: str,
        part: Part,
        target: str,
        schema: list[bigquery.SchemaField] | None = None,
    ) -> Any:
        config = bigquery.LoadJobConfig(
            source_format=bigquery.SourceFormat.PARQUET,
            write_disposition=bigquery.WriteDisposition.WRITE_APPEND,
            create_disposition=bigquery.CreateDisposition.CREATE_NEVER,
        )
        if schema is not None:
            config.schema = schema
        return self._jobs.run_once(
            name,
            lambda job_id: self._jobs.client.load_table_from_uri(
                list(part.uris),
                target,
                job_id=job_id,
                location=self._jobs.location,
                job_config=config,
            ),
        )

    def commit(self, manifest: Manifest) -> None:
        """Move rows and books from staging in one transaction, just after a last look."""
        sql, bound = script(manifest), parameters(manifest)
        look = None if manifest.direct else lambda: manifest.require_files(self._landing)
        try:
            self._jobs.run_once(
                job_name(manifest, "commit"),
                lambda job_id: self._jobs.submit(job_id, sql, bound),
                before=look,
            )
        except (TerminalError, ConfigurationError) as error:
            if not manifest.direct:
                raise
            # The rows are in: the batch stays open until its books are too.
            raise TransientError(
                ErrorCode.WAREHOUSE_UNAVAILABLE,
                f"rows are in {manifest.parts[0].table}, and their metadata could not be written",
                hint=error.detail.hint,
                value=error.detail.value,
            ) from error

    def clean(self, manifest: Manifest) -> None:
        """Remove staging tables, objects, the claim and, last, the manifest."""
        for index, part in enumerate(manifest.parts):
            if part.direct:
                self._folder.remove_if(claim_name(part.table), manifest.id.encode())
                continue
            name = f"{self._options.project}.{self._options.dataset}.{stage_name(manifest, index)}"
            try:
                self._jobs.client.delete_table(name, not_found_ok=True)
            except GOOGLE_ERRORS as error:
                raise translate(error) from error
        uris = [uri for part in manifest.parts for uri in part.uris]
        self._folder.remove([self._folder.name(uri) for uri in uris])
        self._folder.remove([manifest_name(manifest.id)])


def job_name(manifest: Manifest, step: str) -> str:
    """Return the name of one of a batch's jobs; the attempt comes behind it."""
    return f"landing_loader_{manifest.id}_{step}"


def stage_schema(columns: int) -> list[bigquery.SchemaField]:
    """Return the columns of a staging table: all text, then ours."""
    texts = [*(f"c{i}" for i in range(columns)), "load_id", "extra", "reject"]
    fields = [bigquery.SchemaField(name, "STRING") for name in texts]
    return [*fields, bigquery.SchemaField("record_number", "INT64")]
