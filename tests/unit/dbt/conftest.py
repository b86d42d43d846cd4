"""A small dbt project, and a stand-in for dbt itself; the real one is in tests/integration/dbt."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from tests.support.dbt_stub import PREAMBLE

from airflow_landing_loader.dbt import command as dbt_command
from airflow_landing_loader.settings import Settings


@pytest.fixture
def configured(settings: Callable[..., Settings], tmp_path: Path) -> Settings:
    """Settings for a project of nothing, and a database with one raw table."""
    project = tmp_path / "project"
    project.mkdir()
    (project / "dbt_project.yml").write_text("name: p\nprofile: warehouse\n")
    (project / "profiles.yml").write_text("warehouse: {target: dev, outputs: {}}\n")
    made = settings(dbt_project_path=str(project), lock_timeout=0.0)
    with duckdb.connect(made.duckdb_path) as connection:
        connection.execute("CREATE TABLE raw_a (a VARCHAR)")
    return made


@pytest.fixture
def dbt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Put a script in dbt's place: what it gets is what Python would get that runs dbt."""

    def put(body: str) -> None:
        script = tmp_path / "stub"
        script.write_text(PREAMBLE + body)
        script.chmod(0o755)
        monkeypatch.setattr(dbt_command.sys, "executable", str(script))

    return put
