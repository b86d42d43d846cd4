"""What can be set: names, defaults and meaning of every setting, as one frozen value."""

from __future__ import annotations

from dataclasses import MISSING, dataclass, field, fields, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

from airflow_landing_loader.settings.backends import BACKENDS, BackendName, Capabilities

SECTION = "landing_loader"
PREFIX = f"AIRFLOW__{SECTION.upper()}__"
DBT_PER_TABLE_LIMIT = 30

ZONES = ("landing_path", "archive_path", "failed_path")

# Up to 30 waits of up to 99,999 seconds.
_WAITS = r"none|\d{1,5}(?:[ ,]+\d{1,5}){0,29}"


@dataclass(frozen=True, kw_only=True)
class Option:
    """What is known of one option; provider metadata, docs and builders are made from it.

    :param name: name in section ``[landing_loader]``.
    :param default: value of an option that nobody set; ``None`` for none.
    :param required: whether nothing runs until somebody sets it.
    :param seed: whether the bare variable (the name in capitals) sets it too.
    :param path: a local path: ``~`` is expanded, a relative one taken from the base folder.
    :param uri: a path that may also lie in an object store, such as ``s3://bucket/prefix``.
    :param choices: the allowed values.
    :param minimum: the smallest allowed number.
    :param form: regular expression that the whole text must match, case ignored.
    """

    name: str = ""
    description: str
    default: str | int | float | bool | None = None
    required: bool = False
    type_: Literal["string", "integer", "float", "boolean"] = "string"
    seed: bool = False
    path: bool = False
    uri: bool = False
    example: str | None = None
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    form: str | None = None

    @property
    def variables(self) -> tuple[str, ...]:
        """The environment variables that set this option, the one that wins first."""
        names = (PREFIX + self.name.upper(), self.name.upper())
        return names if self.seed else names[:1]


def _option(description: str, *, default: Any = MISSING, **rules: Any) -> Any:
    """A field of :class:`Settings` that a person can set; without a default it is required."""
    required = default is MISSING
    option = Option(
        description=description, default=None if required else default, required=required, **rules
    )
    return field(default=default, metadata={"option": option})


@dataclass(frozen=True, kw_only=True)
class SettingRow:
    """One setting as people see it: name, value as text, and where the value came from."""

    name: str
    value: str
    origin: str


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything the core needs to know about its surroundings. Paths are absolute once built.

    :param origins: where each value came from, as (option, place) pairs; not an option itself.
    """

    landing_path: str = _option(
        "Folder, gs://, s3:// or az:// prefix where files arrive.",
        seed=True,
        path=True,
        uri=True,
        example="/data/landing",
    )
    archive_path: str = _option(
        "Folder, gs://, s3:// or az:// prefix where loaded files are kept.",
        seed=True,
        path=True,
        uri=True,
        example="/data/archive",
    )
    failed_path: str = _option(
        "Folder, gs://, s3:// or az:// prefix where refused files are kept, each with its reason.",
        seed=True,
        path=True,
        uri=True,
        example="/data/failed",
    )
    table_config_path: str = _option(
        "Root folder of the table mappings (*.yaml and *.yml, any depth). Not set: tables in"
        " config_path.",
        seed=True,
        path=True,
        example="/config/tables",
    )
    config_path: str | None = _option(
        "Folder of the configuration; channels/ in it holds the channels. Not set: the folder that"
        " table_config_path lies in.",
        default=None,
        seed=True,
        path=True,
        example="/config",
    )
    loader_backend: BackendName = _option(  # noqa: RUF009 - a Literal by its name
        "Warehouse: duckdb, a database file, or bigquery.",
        default="duckdb",
        seed=True,
        choices=tuple(BACKENDS),
    )
    loader_workers: int = _option(
        "Files that are inspected and moved at the same time.",
        default=1,
        seed=True,
        type_="integer",
        minimum=1,
    )
    duckdb_path: str = _option("DuckDB database file.", default="dev.duckdb", seed=True, path=True)
    duckdb_memory_limit: str | None = _option(
        "Memory DuckDB may use. Not set: 256 MB for each thread, and more (up to 80 % of the"
        " machine's) only for a file that cannot be loaded with that.",
        default=None,
        example="2GB",
        form=r"\d+(\.\d+)? ?([KMGT]i?)?B",
    )
    duckdb_threads: int | None = _option(
        "Threads DuckDB may use; its own default is one per core.",
        default=None,
        type_="integer",
        example="4",
        minimum=1,
    )
    duckdb_pool: str | None = _option(
        "Airflow pool for tasks that write to DuckDB. None is required: a lock file beside the"
        " database keeps writers apart.",
        default=None,
        example="duckdb_writer",
    )
    lock_timeout: float = _option(
        "Seconds to wait for the database before a transient error is reported.",
        default=300.0,
        type_="float",
        minimum=0,
    )
    gcp_project: str | None = _option(
        "Google Cloud project (BigQuery only).", default=None, seed=True, example="my-project"
    )
    bq_dataset: str | None = _option(
        "BigQuery dataset (BigQuery only).", default=None, seed=True, example="raw"
    )
    bq_location: str | None = _option(
        "Location of the dataset and its jobs (BigQuery only); not set: the dataset's own.",
        default=None,
        example="EU",
    )
    staging_bucket: str | None = _option(
        "Bucket for Parquet staging (BigQuery only), below _landing_loader_staging/ in it.",
        default=None,
        seed=True,
        example="my-project-staging",
        form=r"(gs://)?[a-z0-9][a-z0-9._-]+/?",
    )
    gcp_conn_id: str = _option(
        "Airflow connection for Cloud Storage and BigQuery; the command line takes application"
        " default credentials instead.",
        default="google_cloud_default",
    )
    gcp_impersonation_chain: str | None = _option(
        "Service account to impersonate, or several with commas between (Airflow only).",
        default=None,
        example="loader@my-project.iam.gserviceaccount.com",
    )
    aws_conn_id: str | None = _option(
        "Airflow connection for S3, by the Amazon provider; not set, and on the command line: the"
        " credentials that boto3 finds.",
        default=None,
        example="aws_default",
    )
    azure_conn_id: str | None = _option(
        "Airflow connection for Azure Blob Storage, by the Microsoft Azure provider; not set, and"
        " on the command line: AZURE_STORAGE_CONNECTION_STRING or AZURE_STORAGE_ACCOUNT.",
        default=None,
        example="wasb_default",
    )
    dbt_mode: Literal["per_table", "shared", "off", "auto"] = _option(
        "How dbt runs after loads: per_table (at the end of each table's DAG), shared (one dbt"
        " DAG), off, or auto: off without dbt_project_path, else per_table up to 30 tables and"
        " shared above.",
        default="auto",
        choices=("per_table", "shared", "off", "auto"),
    )
    dbt_project_path: str | None = _option(
        "Folder of the dbt project that reads the raw tables.",
        default=None,
        path=True,
        example="/opt/dbt/warehouse",
    )
    dbt_profiles_path: str | None = _option(
        "Folder of dbt's profiles.yml, where it is not the project's folder.",
        default=None,
        path=True,
        example="/opt/dbt/profiles",
    )
    dbt_profile: Literal["profiles_yml", "connection"] = _option(
        "Where dbt's profile comes from in Airflow: the project's profiles.yml, or the connection"
        " gcp_conn_id by Cosmos's profile mapping (BigQuery only).",
        default="profiles_yml",
        choices=("profiles_yml", "connection"),
    )
    dbt_source: str = _option(
        "Name of the dbt source whose tables are the raw tables.", default="landing"
    )
    dbt_gold: str = _option(
        "Folders and tags of the dbt project whose models are the gold layer, with commas between;"
        " all others are silver.",
        default="gold, marts",
    )
    dags_are_paused_at_creation: bool | None = _option(
        "Whether a table's DAG waits for somebody to unpause it when it is seen for the first time."
        " Not set: as Airflow's own option of this name says.",
        default=None,
        type_="boolean",
        example="False",
    )
    poll_interval: float = _option(
        "Seconds between two looks into the landing zone.",
        default=10.0,
        type_="float",
        minimum=1,
    )
    sensor_timeout: float = _option(
        "Seconds a run waits for files before it ends without any.",
        default=3600.0,
        type_="float",
        minimum=1,
    )
    max_lanes: int = _option(
        "Lanes of one run in the Airflow grid at most: one file each, or of more files the small"
        " ones share lanes.",
        default=50,
        type_="integer",
        minimum=1,
    )
    batch_files: int = _option(
        "Small files that are loaded together, in one transaction and one lane, at most.",
        default=2000,
        type_="integer",
        minimum=1,
    )
    retry_waits_network: str = _option(
        "Seconds before each retry of a task whose other side is out of reach or fails; as many"
        " retries as waits, or none.",
        default="1 2 4 8 16",
        form=_WAITS,
        example="1 2 4 8 16",
    )
    retry_waits_rate_limit: str = _option(
        "The same where the other side has had enough for now, unless it says when it may be asked"
        " again.",
        default="60 60 60",
        form=_WAITS,
        example="60 60 60",
    )
    retry_waits_timeout: str = _option(
        "The same where an answer takes too long.",
        default="10 20 40",
        form=_WAITS,
        example="10 20 40",
    )
    retry_waits_other: str = _option(
        "The same after any other transient error, such as a database that somebody else holds.",
        default="10 20 40 80 160 300 300 300",
        form=_WAITS,
        example="10 20 40 80 160 300 300 300",
    )
    show_values: bool = _option(
        "Let logs and XCom show cell values in error messages.", default=False, type_="boolean"
    )
    origins: tuple[tuple[str, str], ...] = field(default=(), compare=False, repr=False)

    @property
    def warehouse_name(self) -> str:
        """Where rows go: the database file, or ``project.dataset``."""
        return ".".join(str(getattr(self, name)) for name in BACKENDS[self.loader_backend].place)

    @property
    def channels_path(self) -> Path:
        """Folder of the channels, which need not be there."""
        return Path(self.config_path or Path(self.table_config_path).parent) / "channels"

    @property
    def capabilities(self) -> Capabilities:
        """What sets the warehouse apart."""
        return BACKENDS[self.loader_backend].capabilities

    @property
    def writer_pool(self) -> str | None:
        """Airflow pool of the tasks that write, where the warehouse does not take many at once."""
        return self.duckdb_pool if self.capabilities.single_writer else None

    def dbt_environment(self) -> dict[str, str]:
        """Environment variables that tell a dbt project where the raw tables are.

        Those of the warehouse that is not in use are left out.
        """
        names = ("loader_backend", *BACKENDS[self.loader_backend].told)
        values = {name.upper(): getattr(self, name) for name in names}
        return {name: str(value) for name, value in values.items() if value is not None}

    def dbt_mode_for(self, tables: int) -> Literal["per_table", "shared", "off"]:
        """What ``dbt_mode`` means for this many tables: ``auto`` is resolved."""
        if self.dbt_mode != "auto":
            return self.dbt_mode
        if self.dbt_project_path is None:
            return "off"
        return "per_table" if tables <= DBT_PER_TABLE_LIMIT else "shared"

    def describe(self) -> tuple[SettingRow, ...]:
        """One row per option in order of declaration, for the start log and ``doctor``."""
        places = dict(self.origins)
        return tuple(
            SettingRow(
                name=option.name, value=_shown(value), origin=places.get(option.name, "code")
            )
            for option in options()
            for value in [getattr(self, option.name)]
        )


@cache
def options() -> tuple[Option, ...]:
    """All options in order of declaration."""
    return tuple(replace(f.metadata["option"], name=f.name) for f in fields(Settings) if f.metadata)


def _shown(value: object) -> str:
    return "not set" if value is None else str(value)
