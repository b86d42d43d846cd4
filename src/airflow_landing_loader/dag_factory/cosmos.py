"""The part of dbt that needs Cosmos: the tasks themselves, and their hold on the database.

Cosmos asks its profile configuration for the profile in a ``with`` block around each dbt command,
whatever the operator. So the profile is where the lock belongs: it is held exactly while dbt works,
and no operator has to be replaced. Only a process that builds or runs dbt tasks may import this
module: Cosmos takes longer to import than most of our tasks take.
"""

# Cosmos comes without types.
# mypy: disable-error-code="import-untyped,misc"

from __future__ import annotations

import gc
import importlib
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from airflow.providers.common.compat.sdk import (
    AirflowException,
    AirflowFailException,
    AirflowSkipException,
    get_current_context,
)
from cosmos.airflow.task_group import DbtTaskGroup
from cosmos.config import ExecutionConfig, ProfileConfig, ProjectConfig, RenderConfig
from cosmos.constants import ExecutionMode, InvocationMode, LoadMode, TestBehavior
from cosmos.dbt.graph import CosmosLoadDbtException
from cosmos.exceptions import CosmosDbtRunError
from cosmos.profiles import get_automatic_profile_mapping

from airflow_landing_loader.dbt.layers import gold_names, layer_of, node_runs
from airflow_landing_loader.dbt.manifest import Manifest, load_manifest, waiting_text
from airflow_landing_loader.dbt.project import DbtProject, how_to_mend
from airflow_landing_loader.dbt.results import DbtTaskRun, read_results
from airflow_landing_loader.exceptions import ErrorCode, TerminalError
from airflow_landing_loader.settings import Settings
from airflow_landing_loader.xcom import values
from airflow_landing_loader.xcom.keys import DBT_KEY

log = logging.getLogger(__name__)

# What Cosmos raises about a project or manifest it cannot make tasks of; it has no common base.
_REFUSALS = (
    AirflowException,
    CosmosLoadDbtException,
    AttributeError,
    LookupError,
    OSError,
    TypeError,
    ValueError,
)


class LandingDbtGroup(DbtTaskGroup):
    """A Cosmos task group that outlives what Cosmos has against a project, so that one project
    does not take the DAGs of a whole file with it.

    ``problem`` is what Cosmos said, ``None`` if it was content. With a problem the group is empty.
    """

    def __init__(self, group_id: str, **kwargs: Any) -> None:
        self.problem: str | None = None
        try:
            super().__init__(group_id=group_id, **kwargs)
        except _REFUSALS as error:
            self.problem = f"{type(error).__name__}: {error}"
            self._empty()
        else:
            if not self.children:  # it leaves out what it does not understand
                self.problem = "it found nothing of what the manifest has below the table"

    def _empty(self) -> None:
        """Take half-made tasks out again: they would break the DAG when it is serialised."""
        for task_id in [
            name for name in self.dag.task_dict if name.startswith(f"{self.group_id}.")
        ]:
            del self.dag.task_dict[task_id]
        self.children.clear()


def cosmos_group(
    *,
    group_id: str,
    settings: Settings,
    project: DbtProject,
    tables: tuple[str, ...],
    select: tuple[str, ...],
) -> LandingDbtGroup:
    """The tasks below some raw tables: one per model, seed and snapshot with its own tests, and one
    per test over several of them.

    :param tables: raw tables as the mappings name them.
    :param select: dbt's selectors for what is below them.
    """
    profile = LockedProfileConfig(
        profile_name=project.profile,
        target_name=project.target,
        profiles_yml_filepath=project.profiles_path / "profiles.yml",
        settings=settings,
        tables=tables,
        project=project,
    )
    project_config = ProjectConfig(
        dbt_project_path=project.path,
        install_dbt_deps=False,
        env_vars=settings.dbt_environment(),
    )
    # Through the constructor it would become an ObjectStoragePath, and making the first of these
    # loads every provider of Airflow: most of a second in each process that parses.
    project_config.manifest_path = project.manifest_path
    return LandingDbtGroup(
        group_id,
        project_config=project_config,
        profile_config=profile,
        execution_config=ExecutionConfig(
            execution_mode=ExecutionMode.LOCAL, invocation_mode=InvocationMode.DBT_RUNNER
        ),
        render_config=RenderConfig(
            load_method=LoadMode.DBT_MANIFEST,
            select=list(select),
            test_behavior=TestBehavior.BUILD,
            should_detach_multiple_parents_tests=True,
            emit_datasets=False,
        ),
        operator_args={
            "callback": profile.tell_results,
            **({"pool": settings.writer_pool} if settings.writer_pool else {}),
        },
    )


@dataclass(kw_only=True)
class LockedProfileConfig(ProfileConfig):
    """A profile that locks the database for as long as it is in use.

    :param settings: where the database lies and how long to wait for it.
    :param tables: raw tables that the task group is for.
    :param project: the dbt project that the task group was made from.
    """

    settings: Settings
    tables: tuple[str, ...]
    project: DbtProject

    @contextmanager
    def ensure_profile(
        self, desired_profile_path: Path | None = None, use_mock_values: bool = False
    ) -> Iterator[tuple[Path, dict[str, str]]]:
        """Lend the profile to one dbt command.

        :raises AirflowSkipException: the node has to wait for a table nothing was loaded into yet.
        :raises AirflowFailException: dbt failed; another try would fail again.
        :raises TransientError: somebody held the database for longer than ``lock_timeout``.
        """
        node = _current_node()
        self._skip_if_waiting(node)
        from airflow_landing_loader.dbt.command import turn

        # Before the lock: this takes seconds in which the others can work.
        importlib.import_module("dbt.cli.main")
        purpose = f"dbt {node.get('name', 'for ' + ', '.join(self.tables))}"
        with turn(self.settings, purpose, on_wait=log.info):
            try:
                source = self._source()
                with source.ensure_profile(desired_profile_path, use_mock_values) as profile:
                    self._tell_begin(node)
                    yield profile
            except CosmosDbtRunError as error:
                raise self._explained(error, node) from None
            finally:
                _close_database()

    def tell_results(self, project_dir: str, *, context: Any) -> None:
        """Hand on to the run's report what dbt did; Cosmos calls it when dbt has ended.

        :param project_dir: the copy of the project that dbt has worked in.
        """
        own = self.project.manifest_path.parent
        within = own.is_relative_to(self.project.path)
        target = Path(project_dir, own.relative_to(self.project.path)) if within else own
        run = values.load(context["ti"].xcom_pull(task_ids=context["ti"].task_id, key=DBT_KEY))
        assert isinstance(run, DbtTaskRun)
        nodes = node_runs(
            read_results(target), self._manifest(), gold_names(self.settings.dbt_gold)
        )
        ended = replace(run, ended=datetime.now(UTC), nodes=nodes)
        context["ti"].xcom_push(key=DBT_KEY, value=values.dump(ended))

    def _tell_begin(self, node: dict[str, Any]) -> None:
        """A task that dies has begun all the same."""
        unique_id = node.get("unique_id", "")
        run = DbtTaskRun(
            name=node.get("name", unique_id),
            layer=layer_of(self._manifest(), unique_id, gold_names(self.settings.dbt_gold)),
            began=datetime.now(UTC),
        )
        get_current_context()["ti"].xcom_push(key=DBT_KEY, value=values.dump(run))

    def _manifest(self) -> Manifest:
        return load_manifest(self.project.manifest_path)

    def _source(self) -> ProfileConfig:
        """What the profile comes from: the project's file, or an Airflow connection."""
        if self.settings.dbt_profile == "connection":
            return connection_profile(self.settings, self.profile_name, self.target_name)
        return ProfileConfig(
            profile_name=self.profile_name,
            target_name=self.target_name,
            profiles_yml_filepath=self.profiles_yml_filepath,
        )

    def _skip_if_waiting(self, node: dict[str, Any]) -> None:
        from airflow_landing_loader.dbt.command import relations
        from airflow_landing_loader.hooks.connections import ConnectionClients

        clients = ConnectionClients.of(self.settings)
        existing = relations(self.settings, clients=clients, on_wait=log.info)
        waiting = self._manifest().waiting(self.tables, self.settings.dbt_source, existing)
        missing = waiting.get(node.get("unique_id", ""))
        if missing:
            raise AirflowSkipException(
                f"{node['name']} {waiting_text(missing)}. The dbt tasks that bring it build it."
            )

    def _explained(self, error: CosmosDbtRunError, node: dict[str, Any]) -> Exception:
        from airflow_landing_loader.dbt.command import lock_conflict

        conflict = lock_conflict(str(error))
        if conflict is not None:
            return conflict
        names = [node["name"]] if "name" in node else []
        failure = TerminalError(
            ErrorCode.DBT_FAILED,
            str(error),
            hint=how_to_mend(self.settings, self.project, names),
        )
        return AirflowFailException(str(failure))


def connection_profile(settings: Settings, profile_name: str, target_name: str) -> ProfileConfig:
    """Cosmos's mapping of the Google connection to a BigQuery profile.

    Reads the connection, so it is for tasks and not for the parsing of DAGs.

    :raises ValueError: Cosmos has no mapping for the connection's type.
    """
    accounts = (settings.gcp_impersonation_chain or "").split(",")
    arguments = {
        "project": settings.gcp_project,
        "dataset": settings.bq_dataset,
        "location": settings.bq_location,
        "impersonate_service_account": accounts[-1].strip(),
    }
    given = {name: value for name, value in arguments.items() if value}
    return ProfileConfig(
        profile_name=profile_name,
        target_name=target_name,
        profile_mapping=get_automatic_profile_mapping(settings.gcp_conn_id, given),
    )


def _current_node() -> dict[str, Any]:
    """What Cosmos knows of the dbt node whose task this process runs."""
    context: dict[str, Any] = getattr(get_current_context()["task"], "extra_context", {})
    node: dict[str, Any] = context.get("dbt_node_config", {})
    return node


def _close_database() -> None:
    """Close what dbt leaves open until the process ends, or others would meet DuckDB's own lock."""
    connections = sys.modules.get("dbt.adapters.duckdb.connections")
    if connections is not None:
        connections.DuckDBConnectionManager.close_all_connections()
        gc.collect()
