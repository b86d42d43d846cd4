"""Provider metadata for Airflow. Imports nothing, because Airflow reads it while it starts.

The options of ``[landing_loader]`` stand here a second time for that reason; a test proves them
equal to :mod:`airflow_landing_loader.settings`.
"""

from __future__ import annotations

from typing import Any


def get_provider_info() -> dict[str, Any]:
    """Return the provider's metadata as Airflow's ``provider_info.schema.json`` asks for it."""
    name = "Landing zone"
    package = "airflow_landing_loader"
    return {
        "package-name": "airflow-provider-landing-loader",
        "name": "Landing Loader",
        "description": "Loads batch files that land in a folder or bucket and loses nothing.",
        "integrations": [{"integration-name": name, "tags": ["software"]}],
        "hooks": [{"integration-name": name, "python-modules": [f"{package}.hooks.duckdb"]}],
        "sensors": [{"integration-name": name, "python-modules": [f"{package}.sensors.landing"]}],
        "triggers": [{"integration-name": name, "python-modules": [f"{package}.triggers.landing"]}],
        "operators": [
            {"integration-name": name, "python-modules": [f"{package}.operators.landing"]}
        ],
        "cli": [f"{package}.cli.definition.get_landing_loader_cli_commands"],
        "config": {
            "landing_loader": {
                "description": "Zones, mappings and warehouse of the landing loader.",
                "options": _options(),
            }
        },
    }


def _options() -> dict[str, dict[str, Any]]:
    return {
        name: {
            "description": description,
            "version_added": "0.1.0",
            "type": type_,
            "example": example,
            "default": default,
            "sensitive": False,
        }
        for name, type_, default, example, description in _OPTIONS
    }


# Name, type, default, example, description.
_OPTIONS: tuple[tuple[str, str, str | None, str | None, str], ...] = (
    (
        "landing_path",
        "string",
        None,
        "/data/landing",
        "Folder, gs://, s3:// or az:// prefix where files arrive.",
    ),
    (
        "archive_path",
        "string",
        None,
        "/data/archive",
        "Folder, gs://, s3:// or az:// prefix where loaded files are kept.",
    ),
    (
        "failed_path",
        "string",
        None,
        "/data/failed",
        "Folder, gs://, s3:// or az:// prefix where refused files are kept, each with its reason.",
    ),
    (
        "table_config_path",
        "string",
        None,
        "/config/tables",
        "Root folder of the table mappings (*.yaml and *.yml, any depth). Not set: tables in"
        " config_path.",
    ),
    (
        "config_path",
        "string",
        None,
        "/config",
        "Folder of the configuration; channels/ in it holds the channels. Not set: the folder that"
        " table_config_path lies in.",
    ),
    (
        "loader_backend",
        "string",
        "duckdb",
        None,
        "Warehouse: duckdb, a database file, or bigquery.",
    ),
    (
        "loader_workers",
        "integer",
        "1",
        None,
        "Files that are inspected and moved at the same time.",
    ),
    ("duckdb_path", "string", "dev.duckdb", None, "DuckDB database file."),
    (
        "duckdb_memory_limit",
        "string",
        None,
        "2GB",
        (
            "Memory DuckDB may use. Not set: 256 MB for each thread, and more (up to 80 % of "
            "the machine's) only for a file that cannot be loaded with that."
        ),
    ),
    (
        "duckdb_threads",
        "integer",
        None,
        "4",
        "Threads DuckDB may use; its own default is one per core.",
    ),
    (
        "duckdb_pool",
        "string",
        None,
        "duckdb_writer",
        (
            "Airflow pool for tasks that write to DuckDB. None is required: a lock file "
            "beside the database keeps writers apart."
        ),
    ),
    (
        "lock_timeout",
        "float",
        "300.0",
        None,
        "Seconds to wait for the database before a transient error is reported.",
    ),
    ("gcp_project", "string", None, "my-project", "Google Cloud project (BigQuery only)."),
    ("bq_dataset", "string", None, "raw", "BigQuery dataset (BigQuery only)."),
    (
        "bq_location",
        "string",
        None,
        "EU",
        "Location of the dataset and its jobs (BigQuery only); not set: the dataset's own.",
    ),
    (
        "staging_bucket",
        "string",
        None,
        "my-project-staging",
        "Bucket for Parquet staging (BigQuery only), below _landing_loader_staging/ in it.",
    ),
    (
        "gcp_conn_id",
        "string",
        "google_cloud_default",
        None,
        (
            "Airflow connection for Cloud Storage and BigQuery; the command line takes "
            "application default credentials instead."
        ),
    ),
    (
        "gcp_impersonation_chain",
        "string",
        None,
        "loader@my-project.iam.gserviceaccount.com",
        "Service account to impersonate, or several with commas between (Airflow only).",
    ),
    (
        "aws_conn_id",
        "string",
        None,
        "aws_default",
        (
            "Airflow connection for S3, by the Amazon provider; not set, and on the command line: "
            "the credentials that boto3 finds."
        ),
    ),
    (
        "azure_conn_id",
        "string",
        None,
        "wasb_default",
        (
            "Airflow connection for Azure Blob Storage, by the Microsoft Azure provider; not set, "
            "and on the command line: AZURE_STORAGE_CONNECTION_STRING or AZURE_STORAGE_ACCOUNT."
        ),
    ),
    (
        "dbt_mode",
        "string",
        "auto",
        None,
        (
            "How dbt runs after loads: per_table (at the end of each table's DAG), shared "
            "(one dbt DAG), off, or auto: off without dbt_project_path, else per_table up to "
            "30 tables and shared above."
        ),
    ),
    (
        "dbt_project_path",
        "string",
        None,
        "/opt/dbt/warehouse",
        "Folder of the dbt project that reads the raw tables.",
    ),
    (
        "dbt_profiles_path",
        "string",
        None,
        "/opt/dbt/profiles",
        "Folder of dbt's profiles.yml, where it is not the project's folder.",
    ),
    (
        "dbt_profile",
        "string",
        "profiles_yml",
        None,
        (
            "Where dbt's profile comes from in Airflow: the project's profiles.yml, or the "
            "connection gcp_conn_id by Cosmos's profile mapping (BigQuery only)."
        ),
    ),
    (
        "dbt_source",
        "string",
        "landing",
        None,
        "Name of the dbt source whose tables are the raw tables.",
    ),
    (
        "dbt_gold",
        "string",
        "gold, marts",
        None,
        (
            "Folders and tags of the dbt project whose models are the gold layer, with commas "
            "between; all others are silver."
        ),
    ),
    (
        "dags_are_paused_at_creation",
        "boolean",
        None,
        "False",
        (
            "Whether a table's DAG waits for somebody to unpause it when it is seen for the first "
            "time. Not set: as Airflow's own option of this name says."
        ),
    ),
    ("poll_interval", "float", "10.0", None, "Seconds between two looks into the landing zone."),
    (
        "sensor_timeout",
        "float",
        "3600.0",
        None,
        "Seconds a run waits for files before it ends without any.",
    ),
    (
        "max_lanes",
        "integer",
        "50",
        None,
        (
            "Lanes of one run in the Airflow grid at most: one file each, or of more files "
            "the small ones share lanes."
        ),
    ),
    (
        "batch_files",
        "integer",
        "2000",
        None,
        "Small files that are loaded together, in one transaction and one lane, at most.",
    ),
    (
        "retry_waits_network",
        "string",
        "1 2 4 8 16",
        "1 2 4 8 16",
        "Seconds before each retry of a task whose other side is out of reach or fails; as many"
        " retries as waits, or none.",
    ),
    (
        "retry_waits_rate_limit",
        "string",
        "60 60 60",
        "60 60 60",
        "The same where the other side has had enough for now, unless it says when it may be asked"
        " again.",
    ),
    (
        "retry_waits_timeout",
        "string",
        "10 20 40",
        "10 20 40",
        "The same where an answer takes too long.",
    ),
    (
        "retry_waits_other",
        "string",
        "10 20 40 80 160 300 300 300",
        "10 20 40 80 160 300 300 300",
        "The same after any other transient error, such as a database that somebody else holds.",
    ),
    (
        "show_values",
        "boolean",
        "False",
        None,
        "Let logs and XCom show cell values in error messages.",
    ),
)
