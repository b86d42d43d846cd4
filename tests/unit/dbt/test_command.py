"""How dbt is run as a process, with a stand-in for dbt; the real one is in tests/integration."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from airflow_landing_loader.dbt import command as dbt_command
from airflow_landing_loader.dbt.child import Request
from airflow_landing_loader.dbt.command import (
    DbtResult,
    lock_conflict,
    relations,
    require_dbt,
    run_dbt,
    write_manifest,
)
from airflow_landing_loader.exceptions import (
    ConfigurationError,
    ErrorCode,
    LandingError,
    TransientError,
)
from airflow_landing_loader.loading.warehouses.duckdb.lock import DatabaseLock
from airflow_landing_loader.settings import Settings

PYTHON = sys.executable  # before a test puts something else there
MANIFEST = {
    "nodes": {
        "model.p.stg_a": {
            "unique_id": "model.p.stg_a",
            "name": "stg_a",
            "resource_type": "model",
            "fqn": ["p", "stg_a"],
            "schema": "main",
            "relation_name": '"dev"."main"."stg_a"',
            "database": "dev",
            "depends_on": {"nodes": ["source.p.landing.raw_a"]},
        },
        "model.p.mart": {
            "unique_id": "model.p.mart",
            "name": "mart",
            "resource_type": "model",
            "fqn": ["p", "mart"],
            "schema": "main",
            "relation_name": '"dev"."main"."mart"',
            "database": "dev",
            "depends_on": {"nodes": ["model.p.stg_a", "source.p.landing.raw_b"]},
        },
    },
    "sources": {
        f"source.p.landing.{name}": {
            "unique_id": f"source.p.landing.{name}",
            "name": name,
            "resource_type": "source",
            "source_name": "landing",
            "schema": "main",
            "identifier": name,
            "relation_name": f'"dev"."main"."{name}"',
            "database": "dev",
        }
        for name in ("raw_a", "raw_b")
    },
}

PREAMBLE = f"""#!{PYTHON}
import json, os, pathlib, signal, subprocess, sys, time
arguments = sys.argv[1:]
class stub:
    request = None
    if arguments[1].endswith("dbt.child"):
        request = json.loads(pathlib.Path(arguments[2]).read_text())
    options = request["arguments"] if request else arguments
    folder = pathlib.Path(options[options.index("--target-path") + 1])
    @classmethod
    def results(cls, *nodes):
        fields = ("unique_id", "status", "message", "execution_time")
        text = json.dumps({{"results": [dict(zip(fields, node)) for node in nodes]}})
        (cls.folder / "run_results.json").write_text(text)
    @classmethod
    def manifest(cls, text={json.dumps(MANIFEST)!r}):
        (cls.folder / "manifest.json").write_text(text)
        (cls.folder / "partial_parse.msgpack").write_bytes(b"parsed")
"""


@pytest.fixture
def configured(settings: Callable[..., Settings], tmp_path: Path) -> Settings:
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


def raised(call: Callable[[], Any], kind: type[LandingError] = ConfigurationError) -> LandingError:
    with pytest.raises(kind) as caught:
        call()
    return caught.value


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


class TestLock:
    def test_dbt_works_under_the_lock(
        self, configured: Settings, dbt: Callable[[str], None], tmp_path: Path
    ) -> None:
        lock = DatabaseLock(Path(configured.duckdb_path))
        dbt('print("working"); sys.stdout.flush()')
        holders: list[str] = []

        def on_line(line: str) -> None:
            holder = lock.holder()
            assert holder is not None
            holders.append(f"{holder.pid} {holder.purpose}")

        run_dbt(configured, ["raw_a", "raw_b"], on_line=on_line)
        assert holders == [f"{os.getpid()} dbt for raw_a, raw_b"]
        assert lock.holder() is None

    def test_a_held_database_is_transient(
        self, configured: Settings, dbt: Callable[[str], None]
    ) -> None:
        dbt("sys.exit('must not run')")
        with DatabaseLock(Path(configured.duckdb_path)).exclusive("a load", timeout=0):
            error = raised(lambda: run_dbt(configured, ["raw_a"]), TransientError)
        assert error.code is ErrorCode.WAREHOUSE_LOCKED
        assert "(a load)" in str(error)

    def test_the_database_stays_locked_while_an_orphaned_dbt_works(
        self, configured: Settings, dbt: Callable[[str], None], tmp_path: Path
    ) -> None:
        dbt("print(os.getpid(), flush=True); time.sleep(600)")
        script = tmp_path / "parent.py"
        script.write_text(
            "import sys\n"
            "from airflow_landing_loader.dbt import command\n"
            "from airflow_landing_loader.settings import Settings\n"
            f"settings = {configured!r}\n"
            f"command.sys.executable = {str(tmp_path / 'stub')!r}\n"
            "say = lambda line: print(line, flush=True)\n"
            "command.run_dbt(settings, ['raw_a'], on_line=say)\n"
        )
        parent = subprocess.Popen([PYTHON, str(script)], stdout=subprocess.PIPE, text=True)
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        try:
            parent.kill()
            parent.wait()
            lock = DatabaseLock(Path(configured.duckdb_path))
            with pytest.raises(TransientError), lock.exclusive("a load", timeout=0):
                pass
        finally:
            os.kill(child, signal.SIGKILL)
            parent.stdout.close()
        with lock.exclusive("a load", timeout=60):
            pass


class TestStop:
    @pytest.mark.parametrize("deaf", [False, True])
    def test_leaving_by_an_exception_ends_dbt(
        self,
        configured: Settings,
        dbt: Callable[[str], None],
        monkeypatch: pytest.MonkeyPatch,
        deaf: bool,
    ) -> None:
        ignore = "signal.signal(signal.SIGTERM, signal.SIG_IGN);" if deaf else ""
        dbt(f"{ignore}print(os.getpid(), flush=True); time.sleep(600)")
        monkeypatch.setattr(dbt_command, "_SECONDS_TO_END", 0.2)
        pids: list[int] = []

        def on_line(line: str) -> None:
            pids.append(int(line))
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            run_dbt(configured, ["raw_a"], on_line=on_line)
        with pytest.raises(ProcessLookupError):
            os.kill(pids[0], 0)
        with DatabaseLock(Path(configured.duckdb_path)).exclusive("a load", timeout=0):
            pass


class TestManifest:
    def target(self, configured: Settings) -> Path:
        return Path(str(configured.dbt_project_path), "target")

    def test_written(self, configured: Settings, dbt: Callable[[str], None]) -> None:
        dbt('assert arguments[1:3] == ["dbt.cli.main", "parse"]; stub.manifest("new")')
        assert write_manifest(configured) == self.target(configured) / "manifest.json"
        assert (self.target(configured) / "manifest.json").read_text() == "new"
        assert sorted(p.name for p in self.target(configured).iterdir()) == [
            "manifest.json",
            "partial_parse.msgpack",
        ]

    def test_a_refused_project_keeps_the_earlier_one(
        self, configured: Settings, dbt: Callable[[str], None]
    ) -> None:
        self.target(configured).mkdir()
        (self.target(configured) / "manifest.json").write_text("old")
        dbt('stub.manifest("half"); print("Parsing Error in models"); sys.exit(2)')
        error = raised(lambda: write_manifest(configured))
        assert error.code is ErrorCode.DBT_FAILED
        assert "Parsing Error in models" in str(error)
        assert [p.name for p in self.target(configured).iterdir()] == ["manifest.json"]
        assert (self.target(configured) / "manifest.json").read_text() == "old"

    def test_it_needs_no_database(self, configured: Settings, dbt: Callable[[str], None]) -> None:
        dbt("stub.manifest()")
        with DatabaseLock(Path(configured.duckdb_path)).exclusive("a load", timeout=0):
            write_manifest(configured)


class TestSurroundings:
    def test_dbt_is_not_installed(
        self, configured: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        require_dbt()
        monkeypatch.setattr(dbt_command.importlib.util, "find_spec", lambda name: None)
        for call in (
            require_dbt,
            lambda: run_dbt(configured, ["raw_a"]),
            lambda: write_manifest(configured),
        ):
            assert raised(call).code is ErrorCode.DBT_NOT_INSTALLED

    def test_no_project(self, configured: Settings) -> None:
        elsewhere = replace(configured, dbt_project_path="/nowhere")
        assert raised(lambda: run_dbt(elsewhere, ["raw_a"])).code is ErrorCode.SETTINGS_BAD_VALUE

    def test_relations(self, configured: Settings) -> None:
        with duckdb.connect(configured.duckdb_path) as connection:
            connection.execute("CREATE SCHEMA Raw")
            connection.execute("CREATE TABLE Raw.Trades (a VARCHAR)")
            connection.execute("CREATE VIEW Stg AS SELECT 1 AS a")
        assert relations(configured) == {("main", "raw_a"), ("raw", "trades"), ("main", "stg")}

    def test_relations_without_a_database(self, configured: Settings) -> None:
        Path(configured.duckdb_path).unlink()
        assert relations(configured) == frozenset()

    def test_other_errors_are_no_lock_conflict(self) -> None:
        assert lock_conflict("Binder Error: no such table lock") is None


class TestRequest:
    def test_there_and_back(self, tmp_path: Path) -> None:
        request = Request(
            arguments=("--target", 'a "b" \u00e9'),
            manifest_path="/m.json",
            tables=("raw_a",),
            source="landing",
            existing=(("main", "raw_a"),),
        )
        request.write(tmp_path / "request.json")
        assert Request.read(tmp_path / "request.json") == request

    @pytest.mark.parametrize(
        ("tables", "existing", "arguments"),
        [
            (["raw_a"], ["raw_a", "raw_b"], ["--select", "source:landing.raw_a+"]),
            (
                ["raw_a"],
                ["raw_a"],
                ["--select", "source:landing.raw_a+", "--exclude", "fqn:p.mart"],
            ),
            (["raw_c"], ["raw_c"], []),
        ],
    )
    def test_selection(
        self, tmp_path: Path, tables: list[str], existing: list[str], arguments: list[str]
    ) -> None:
        from airflow_landing_loader.dbt.manifest import load_manifest

        path = tmp_path / "manifest.json"
        path.write_text(json.dumps(MANIFEST))
        request = Request(
            arguments=(),
            manifest_path=str(path),
            tables=tuple(tables),
            source="landing",
            existing=tuple(("main", name) for name in existing),
        )
        assert list(request.build_arguments(load_manifest(path))) == arguments
