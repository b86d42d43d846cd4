"""Several runs of dbt, and loads, at once on one database."""

from __future__ import annotations

import subprocess
import sys

from tests.support.dbt_example import POSITION, PRICE, Warehouse

from airflow_landing_loader.settings import Settings


class TestOneDatabaseForMany:
    def test_two_runs_and_loads_at_once(
        self, configured: Settings, warehouse: Warehouse, writer: subprocess.Popen[str]
    ) -> None:
        code = (
            "import sys\n"
            "from airflow_landing_loader.dbt.command import run_dbt\n"
            "from airflow_landing_loader.settings import Settings\n"
            f"result = run_dbt({configured!r}, [sys.argv[1]], on_line=print)\n"
            "print(result.error)\n"
            "sys.exit(not result.ok)\n"
        )
        warehouse.deliver("raw_positions", POSITION)
        warehouse.deliver("raw_eod_prices", PRICE)
        runs = [
            subprocess.Popen(
                [sys.executable, "-c", code, table],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            for table in ("raw_positions", "raw_eod_prices")
        ]
        output = "".join(run.communicate()[0] for run in runs)
        print(output)  # pytest shows it if the test fails
        assert [run.returncode for run in runs] == [0, 0]
        assert writer.poll() is None
        assert "lock on file" not in output
