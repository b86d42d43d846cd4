"""How dbt is run as a process, and what is said of its end."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.dbt_stub import raised

from airflow_landing_loader.dbt import command as dbt_command
from airflow_landing_loader.dbt.command import DbtResult, run_dbt
from airflow_landing_loader.exceptions import ErrorCode, TransientError
from airflow_landing_loader.settings import Settings


class TestRun:
    def test_no_temporary_folder(
        self,
        configured: Settings,
        dbt: Callable[[str], None],
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        dbt("raise AssertionError")
        monkeypatch.setattr(dbt_command.tempfile, "tempdir", str(tmp_path / "not there"))
        error = raised(lambda: run_dbt(configured, ["raw_a"]), TransientError)
        assert error.code == "dbt.failed"
        assert "TMPDIR" in error.detail.hint

    def test_good(self, configured: Settings, dbt: Callable[[str], None]) -> None:
        dbt(
            """
stub.manifest()
stub.results(
    ("model.p.stg_a", "success", "OK", 0.5),
    ("test.p.not_null_a.0123abc", "pass", None, 0.25),
    ("test.p.recent_a.0123abc", "warn", "Got 3 results", 0.25),
)
print("one line"); print("another", file=sys.stderr)
"""
        )
        lines: list[str] = []
        result = run_dbt(configured, ["raw_a"], on_line=lines.append)
        assert result.ok
        assert [(n.name, n.kind, n.status, n.message, n.seconds) for n in result.nodes] == [
            ("stg_a", "model", "ok", "OK", 0.5),
            ("not_null_a", "test", "ok", "", 0.25),
            ("recent_a", "test", "warned", "Got 3 results", 0.25),
            ("mart", "model", "waiting", "waits for raw_b: not there yet", 0.0),
        ]
        assert sorted(lines) == ["another", "one line"]

    def test_what_dbt_is_asked_for(
        self, configured: Settings, dbt: Callable[[str], None], tmp_path: Path
    ) -> None:
        seen = tmp_path / "seen.json"
        dbt(
            f"""
pathlib.Path({str(seen)!r}).write_text(json.dumps({{
    "request": stub.request, "database": os.environ["DUCKDB_PATH"], "folder": os.getcwd(),
    "parsed": (stub.folder / "partial_parse.msgpack").read_text(), "group": os.getpgid(0),
}}))
"""
        )
        target = Path(str(configured.dbt_project_path), "target")
        target.mkdir()
        (target / "partial_parse.msgpack").write_text("parsed before")
        assert run_dbt(configured, ["raw_a", "raw_b"]) == DbtResult(nodes=())
        said = json.loads(seen.read_text())
        options = said["request"]["arguments"]
        folder = configured.dbt_project_path
        assert options[:4] == ["--project-dir", folder, "--profiles-dir", folder]
        assert {"--profile", "warehouse", "--target", "dev", "--no-use-colors"} < set(options)
        assert said["request"]["tables"] == ["raw_a", "raw_b"]
        assert said["request"]["existing"] == [["main", "raw_a"]]
        assert said["database"] == configured.duckdb_path
        assert said["folder"] == configured.dbt_project_path
        assert said["parsed"] == "parsed before"
        assert said["group"] != os.getpgid(0)
        private = Path(options[options.index("--target-path") + 1])
        assert not private.exists()
        assert not private.is_relative_to(str(configured.dbt_project_path))

    def test_failures_are_named(self, configured: Settings, dbt: Callable[[str], None]) -> None:
        dbt(
            """
stub.manifest()
stub.results(
    ("model.p.stg_a", "error", "Binder Error: secret value", 0.5),
    ("model.p.later", "skipped", None, 0.0),
    ("test.p.unique_a.0123abc", "fail", "Got 1 result", 0.25),
    ("unit_test.p.stg_a.adds", "runtime error", "boom", 0.25),
)
sys.exit(1)
"""
        )
        result = run_dbt(configured, ["raw_a"])
        assert not result.ok
        assert result.error is not None
        assert result.error.code == ErrorCode.DBT_FAILED.value
        assert result.error.message == "dbt failed in stg_a, unique_a, stg_a"
        assert "secret" not in result.error.text()
        command = str(result.error.hint).split("`")[1]
        assert shlex.split(command)[:8] == [
            "LOADER_BACKEND=duckdb",
            f"DUCKDB_PATH={configured.duckdb_path}",
            *("dbt", "--debug", "build", "--select", "stg_a", "unique_a"),
        ]
        assert str(configured.dbt_project_path) in shlex.split(command)
        assert "landing-loader run --once" in str(result.error.hint)
        assert [n.status for n in result.nodes][:4] == ["failed", "skipped", "failed", "failed"]

    def test_many_failures(self, configured: Settings, dbt: Callable[[str], None]) -> None:
        dbt(
            """
stub.results(*[(f"test.p.t{i:02}.0", "fail", "", 0.0) for i in range(25)])
sys.exit(1)
"""
        )
        error = run_dbt(configured, ["raw_a"]).error
        assert error is not None
        assert error.message.endswith("t08, t09 and 15 more")

    def test_a_failure_that_the_exit_code_hides(
        self, configured: Settings, dbt: Callable[[str], None]
    ) -> None:
        dbt('stub.results(("model.p.stg_a", "partial success", "", 0.0))')
        assert not run_dbt(configured, ["raw_a"]).ok

    def test_broken_project(self, configured: Settings, dbt: Callable[[str], None]) -> None:
        dbt(
            """
for i in range(50): print("line", i)
print("Compilation Error: no such macro")
sys.exit(2)
"""
        )
        result = run_dbt(configured, ["raw_a"])
        assert result.nodes == ()
        assert result.error is not None
        assert result.error.code == ErrorCode.DBT_FAILED.value
        assert result.error.message.endswith("/ Compilation Error: no such macro")
        assert "line 40" not in result.error.message

    def test_killed_from_outside(self, configured: Settings, dbt: Callable[[str], None]) -> None:
        dbt("os.kill(os.getpid(), signal.SIGKILL)")
        error = run_dbt(configured, ["raw_a"]).error
        assert error is not None
        assert error.message == "dbt was ended by signal 9"

    def test_output_that_is_no_text(self, configured: Settings, dbt: Callable[[str], None]) -> None:
        dbt('sys.stdout.buffer.write(b"caf\\xe9\\n")')
        lines: list[str] = []
        assert run_dbt(configured, ["raw_a"], on_line=lines.append).ok
        assert lines == ["caf\ufffd"]

    @pytest.mark.parametrize(
        "body",
        [
            'print("IO Error: Could not set lock on file x"); sys.exit(2)',
            'stub.results(("model.p.stg_a", "error", "Conflicting lock is held in duckdb", 0.0));'
            "sys.exit(1)",
        ],
    )
    def test_a_person_has_the_database_open(
        self, configured: Settings, dbt: Callable[[str], None], body: str
    ) -> None:
        dbt(body)
        error = raised(lambda: run_dbt(configured, ["raw_a"]), TransientError)
        assert error.code is ErrorCode.WAREHOUSE_LOCKED
