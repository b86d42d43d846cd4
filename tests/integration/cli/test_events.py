"""`landing-loader events` on its own: what a load tells is shown, and sent by what stands in the
environment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.support.listening import Receiver

HOOK = "type: webhook\nconnection: hook\nsecret_variable: hook_secret\nevents: all\n"


def landing_loader(root: Path, *arguments: str, **variables: str) -> Any:
    environ = {
        **{k: v for k, v in os.environ.items() if not k.startswith("AIRFLOW__")},
        "LANDING_PATH": str(root / "landing"),
        "ARCHIVE_PATH": str(root / "archive"),
        "FAILED_PATH": str(root / "failed"),
        "CONFIG_PATH": str(root / "config"),
        "DUCKDB_PATH": str(root / "warehouse.duckdb"),
        "AIRFLOW_HOME": str(root / "airflow"),
        **variables,
    }
    environ.pop("TABLE_CONFIG_PATH", None)
    return subprocess.run(
        [sys.executable, "-m", "airflow_landing_loader.cli", *arguments],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_what_a_load_tells_is_shown_and_sent(tmp_path: Path) -> None:
    for folder in ("landing", "archive", "failed", "config/tables", "config/channels"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "config/tables/a.yaml").write_text("a_*.csv: {table: raw_a, settle_seconds: 0}\n")
    (tmp_path / "config/channels/hook.yaml").write_text(HOOK)
    (tmp_path / "landing/a_1.csv").write_text("id\n1\n")
    ran = landing_loader(tmp_path, "run", "--once")
    assert ran.returncode == 0, ran.stderr
    shown = landing_loader(tmp_path, "events")
    assert shown.returncode == 1
    assert "layer.completed" in shown.stdout
    unknown = landing_loader(tmp_path, "events", "publish")
    assert unknown.returncode == 1
    assert "channel hook did not take all" in unknown.stdout
    with Receiver() as receiver:
        known = {"AIRFLOW_CONN_HOOK": receiver.connection, "AIRFLOW_VAR_HOOK_SECRET": "s3cret"}
        sent = landing_loader(tmp_path, "events", "publish", "--json", **known)
        assert sent.returncode == 0, sent.stderr
        assert json.loads(sent.stdout) == {"sent": 1, "stuck": []}
        ((headers, body),) = receiver.taken
    assert json.loads(body)["data"]["file"] == "a_1.csv"
    assert headers["X-Landing-Signature"].startswith("v1=")
    assert "s3cret" not in sent.stdout + sent.stderr
    assert landing_loader(tmp_path, "events").returncode == 0
