"""Staged batches into their tables: load jobs, one transaction, and nothing left behind."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from google.cloud import bigquery

from airflow_landing_loader.exceptions import (
    ConfigurationError,
    ErrorCode,
    LandingError,
    TerminalError,
    TransientError,
)
from airflow_landing_loader.landing.zone import Zone
from airflow_landing_loader.loading.bigquery.errors import GOOGLE_ERRORS, translate
from airflow_landing_loader.loading.bigquery.folder import StagingFolder
from airflow_landing_loader.loading.bigquery.jobs import Jobs
from airflow_landing_loader.loading.bigquery.manifest import Manifest, Part
from airflow_landing_loader.loading.bigquery.options import BigQueryOptions
from airflow_landing_loader.loading.bigquery.script import (
    COUNT_BETWEEN,
    COUNT_COMMITTED,
    MISCOUNTED,
    OUTDATED,
    parameters,
    script,
)

_STAGE_LIFE = timedelta(days=2)


class Committer:
    """Brings manifests to their end; may be told to by several processes at once.

    :param landing: the zone where the deliveries lie.
    """

    def __init__(
        self, jobs: Jobs, options: BigQueryOptions, folder: StagingFolder, landing: Zone
    ) -> None:
        self._jobs = jobs
        self._options = options
        self._folder = folder
        self._landing = landing

    def finish(self, manifest: Manifest) -> None:
        """Load and commit a batch, or take the result of whoever did, and clean up.

        What can never be committed is given up: nothing of it stays.

        :raises LandingError: nothing of it is committed; if transient, and the manifest is still
            there, it is finished later.
        :raises StillRunningError: see :class:`Jobs`.
        """
        try:
            self._load(manifest)
            self._commit(manifest)
        except LandingError as error:
            if _ends_here(error):
                self._clean(manifest)
            raise _explained(error) from error
        self._clean(manifest)

    def _load(self, manifest: Manifest) -> None:
        if self._jobs.begun(manifest.job_name("commit")):
            return
        if manifest.direct:
            self._load_directly(manifest, manifest.parts[0])
            return
        manifest.require_files(self._landing)
        for index, part in enumerate(manifest.parts):
            self._load_stage(manifest, index, part)

    def _load_stage(self, manifest: Manifest, index: int, part: Part) -> None:
        schema = stage_schema(len(part.columns))
        name = f"{self._options.project}.{self._options.dataset}.{manifest.stage(index)}"
        table = bigquery.Table(name, schema)
        table.expires = datetime.now(UTC) + _STAGE_LIFE
        try:
            self._jobs.client.create_table(table, exists_ok=True)
        except GOOGLE_ERRORS as error:
            raise translate(error) from error
        self._run_load(manifest.job_name(f"load{index}"), part, name, schema)

    def _load_directly(self, manifest: Manifest, part: Part) -> None:
        """Append to the table itself, as the only loader that has a batch for it open.

        Once the rows are in, they stay: their books are written whatever becomes of the files.
        """
        step = manifest.job_name("load0")
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
                hint="look at the job in BigQuery's console; its batch stays open meanwhile",
            )

    def _claim(self, manifest: Manifest, table: str) -> bool:
        """Become the only batch of the table; ``False`` if its loads are committed already.

        A claim is made after its manifest and removed before it, so that one without a manifest
        never stays behind.

        :raises TransientError: another batch has the table, or has had it since the decision.
        """
        name = claim_name(table)
        if not self._folder.create(name, manifest.id.encode()):
            holder = self._folder.read(name)
            if holder is None or holder.decode() != manifest.id:
                raise TransientError(
                    ErrorCode.WAREHOUSE_LOCKED,
                    f"another batch for {table} is open",
                    hint="wait for its end; the next load of the table finishes it if nobody does",
                    value=OUTDATED,
                )
        bound = parameters(manifest)
        committed = self._jobs.query(COUNT_COMMITTED, bound)[0][0]
        if committed == len(manifest.loads):
            return False
        if self._jobs.query(COUNT_BETWEEN, bound)[0][0]:
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

    def _commit(self, manifest: Manifest) -> None:
        """Move rows and books from staging in one transaction, just after a last look."""
        sql, bound = script(manifest), parameters(manifest)
        look = None if manifest.direct else lambda: manifest.require_files(self._landing)
        try:
            self._jobs.run_once(
                manifest.job_name("commit"),
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

    def _clean(self, manifest: Manifest) -> None:
        """Remove staging tables, objects, the claim and, last, the manifest."""
        for index, part in enumerate(manifest.parts):
            if part.direct:
                self._folder.remove_if(claim_name(part.table), manifest.id.encode())
                continue
            name = f"{self._options.project}.{self._options.dataset}.{manifest.stage(index)}"
            try:
                self._jobs.client.delete_table(name, not_found_ok=True)
            except GOOGLE_ERRORS as error:
                raise translate(error) from error
        uris = [uri for part in manifest.parts for uri in part.uris]
        self._folder.remove([self._folder.name(uri) for uri in uris])
        self._folder.remove([manifest_name(manifest.id)])


def manifest_name(manifest_id: str) -> str:
    """Return where a manifest is written in the staging folder."""
    return f"manifests/{manifest_id}.json"


def claim_name(table: str) -> str:
    """Return where a batch says in the staging folder that it alone loads a table."""
    return f"claims/{table}"


def stage_schema(columns: int) -> list[bigquery.SchemaField]:
    """Return the columns of a staging table: all text, then ours."""
    texts = [*(f"c{i}" for i in range(columns)), "load_id", "extra", "reject"]
    fields = [bigquery.SchemaField(name, "STRING") for name in texts]
    return [*fields, bigquery.SchemaField("record_number", "INT64")]


def _ends_here(error: LandingError) -> bool:
    """Whether the batch can never be committed as it is: surely not once its files are others."""
    if isinstance(error, ConfigurationError):
        return False
    gone = (ErrorCode.LANDING_CHANGED, ErrorCode.LANDING_DISAPPEARED)
    return isinstance(error, TerminalError) or error.code in gone or _is_overtaken(error)


def _is_overtaken(error: LandingError) -> bool:
    value = error.detail.value or ""
    return OUTDATED in value or MISCOUNTED in value


def _explained(error: LandingError) -> LandingError:
    if _is_overtaken(error):
        return TransientError(
            ErrorCode.WAREHOUSE_UNAVAILABLE,
            "another loader worked on the same files at the same time",
            hint="nothing of this batch was committed; it is tried again",
        )
    return error
