"""The command line on zones in a bucket, as processes of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def run(cloud: Any) -> Any:
    """Run `landing-loader` with the settings of the world."""
    tables = Path(cloud.settings.table_config_path)
    tables.mkdir()
    (tables / "a.yaml").write_text("a_*.csv: {table: raw_a, grace_seconds: 0}\n")
    names = ("landing_path", "archive_path", "failed_path", "table_config_path", "duckdb_path")
    environ = {name.upper(): getattr(cloud.settings, name) for name in names}

    def call(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "airflow_landing_loader.cli", *arguments],
            env={**os.environ, **environ, "GCP_PROJECT": "p"},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return call


def test_load_status_replay_and_doctor(cloud: Any, run: Any) -> None:
    cloud.deliver("a_1.csv", "id\n1\n")
    cloud.deliver("a_2.csv", 'id\n"1\n')
    cloud.deliver("b_1.csv", "id\n1\n")

    done = run("run", "--once")
    assert done.returncode == 1, done.stderr
    assert cloud.names("landing") == ["b_1.csv"]
    assert cloud.names("archive") == ["a_1.csv"]
    assert cloud.names("failed") == ["a_2.csv", "a_2.csv.error.json"]

    status = json.loads(run("status", "--json").stdout)
    assert [load["filename"] for load in status["loads"]] == ["a_1.csv"]
    assert [failure["name"] for failure in status["open_failures"]] == ["a_2.csv"]

    listed = run("list")
    assert "b_1.csv" in listed.stdout

    assert run("replay", "a_2.csv").returncode == 0
    assert cloud.names("landing") == ["a_2.csv", "b_1.csv"]
    assert cloud.names("failed") == []

    doctor = run("doctor")
    assert cloud.settings.landing_path in doctor.stdout
    cloud.bucket.destroy()
    doctor = run("doctor")
    assert doctor.returncode == 3
    assert "there is no such " in doctor.stdout


def test_no_credential_comes_out_again(
    cloud: Any, run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Neither where the bucket answers nor where it does not."""
    secret = "hunter2-of-a-cloud"
    for name in ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "GOOGLE_CLOUD_SECRET"):
        monkeypatch.setenv(name, secret)
    cloud.deliver("a_1.csv", "id\n1\n")
    cloud.deliver("a_2.csv", 'id\n"1\n')
    ended = [run("run", "--once"), run("status", "--json"), run("doctor"), run("list", "--json")]
    for zone in ("archive", "failed"):
        for name in cloud.names(zone):
            assert secret.encode() not in cloud.content(zone, name)
    cloud.bucket.destroy()
    ended += [run("run", "--once"), run("doctor")]
    assert [done.returncode for done in ended] == [1, 0, 0, 0, 3, 3]
    assert secret not in "".join(done.stdout + done.stderr for done in ended)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) > 3
    assert [path for path in files if secret.encode() in path.read_bytes()] == []
