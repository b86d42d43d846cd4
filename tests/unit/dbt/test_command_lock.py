"""The database is locked as long as dbt works, and no longer."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.dbt_stub import PYTHON, raised

from airflow_landing_loader.dbt import command as dbt_command
from airflow_landing_loader.dbt.command import run_dbt
from airflow_landing_loader.exceptions import ErrorCode, TransientError
from airflow_landing_loader.loading.warehouses.duckdb.lock import DatabaseLock
from airflow_landing_loader.settings import Settings


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
