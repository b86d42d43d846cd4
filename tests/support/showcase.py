"""An installation in which there is something of everything to see: loads of two weeks, and what
went wrong with some of them. All files are delivered and loaded for real; only then their times are
put back, so that they came one day after the other."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import duckdb

from airflow_landing_loader.config.mapping.reader import read_mappings
from airflow_landing_loader.loading.model import ArrivalOutcome, ArrivalRecord, RunContext
from airflow_landing_loader.loading.operations import ActionRecord, ExecutionRecord
from airflow_landing_loader.loading.warehouses.base import Warehouse
from airflow_landing_loader.loading.warehouses.duckdb import kept_summary
from airflow_landing_loader.loading.warehouses.opening import open_warehouse
from airflow_landing_loader.pipeline.outcome import Outcome
from airflow_landing_loader.pipeline.pipeline import Pipeline
from airflow_landing_loader.runs.executions import RunKey, id_of
from airflow_landing_loader.settings import Settings
from airflow_landing_loader.storage.opening import open_zones
from tests.support.zones import Zones

DAYS = 14

_SETTLED = "settle_seconds: 0"
MAPPINGS = {
    "trading/trades.yaml": f"""\
trades_*.csv:
  table: raw_trades
  go_file: {{pattern: trades_*.go, format: properties, row_count_key: record_count}}
  dag: {{description: "Trades of all desks, as they are booked"}}
  {_SETTLED}
""",
    "trading/positions.yaml": f"""\
positions_*.csv:
  table: raw_positions
  dag: {{description: Positions at the end of the day}}
  {_SETTLED}
""",
    "market/prices.yaml": f"""\
eod_prices_*.csv:
  table: raw_eod_prices
  trailer: {{row_count_column: 1, tag: TRAILER, totals: {{volume: 2}}}}
  expect: {{by: "00:05", until: "23:59"}}
  dag: {{description: End of day prices}}
  {_SETTLED}
fx_*.csv:
  table: market.fx_rates
  expect: {{by: "23:50", until: "23:58", timezone: Europe/London}}
  {_SETTLED}
""",
    "reference/instruments.yaml": f"""\
instruments_*.csv:
  table: raw_instruments
  {_SETTLED}
countries_*.csv:
  table: raw_countries
  {_SETTLED}
""",
    "crm/customers.yaml": f"""\
customers_*.csv:
  table: raw_customers
  on_bad_row: reject
  max_rejected: 0.5
  quality: {{required: [email], unique: [id], types: {{born: DATE}}}}
  dag: {{description: Customers of the web shop}}
  {_SETTLED}
""",
    "payments.yaml": f"""\
payments_*.csv:
  table: raw_payments
  go_file: {{pattern: payments_*.go, format: presence}}
  {_SETTLED}
""",
    "ledger.yaml": """\
ledger_*.csv:
  table: raw_ledger
  go_file: {pattern: ledger_*.go, format: propertys}
""",
}
HOSTILE_NAME = "\u202efdp.exe <img src=x onerror=alert(1)>.csv"


@dataclass(frozen=True)
class Showcase:
    """The installation.

    :param settings: of it; the zones are empty and there is no database yet.
    """

    settings: Settings

    @classmethod
    def in_zones(cls, zones: Zones, **more: Any) -> Self:
        """An installation of these zones, with a database beside them.

        :param more: other settings.
        """
        return cls(
            Settings(
                landing_path=str(zones.landing),
                archive_path=str(zones.archive),
                failed_path=str(zones.failed),
                table_config_path=str(zones.tables),
                duckdb_path=str(zones.root / "warehouse.duckdb"),
                **more,
            )
        )

    def build(self) -> None:
        """Let two weeks pass."""
        self.write_mappings(MAPPINGS)
        today = datetime.now(UTC).date()
        for back in range(DAYS - 1, -1, -1):
            day = today - timedelta(days=back)
            self._day(day, back)
            self._put_back(back)
        self._left_today(today)
        self._books(today)
        self.count_anew()

    def write_mappings(self, files: Mapping[str, str]) -> None:
        """Write mappings: contents by the names of files."""
        for name, text in files.items():
            path = Path(self.settings.table_config_path) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    @property
    def warehouse(self) -> Warehouse:
        """The warehouse."""
        return open_warehouse(self.settings, open_zones(self.settings))

    def deliver(self, name: str, content: str, *, age: float = 3600.0) -> None:
        """Write a file into landing, at rest for some seconds."""
        folder = Path(self.settings.landing_path)
        upload = folder / ".upload"
        upload.write_text(content)
        when = time.time_ns() - int(age * 1e9)
        os.utime(upload, ns=(when, when))
        upload.rename(folder / name)

    def run(self, run: RunContext | None = None) -> dict[str, Outcome]:
        """Load what is ready: outcomes by file name."""
        mappings = read_mappings(Path(self.settings.table_config_path)).mappings
        pipeline = Pipeline(self.settings, mappings, run=run or RunContext())
        outcomes = pipeline.run_batch(pipeline.discover().ready)
        return {outcome.name: outcome for outcome in outcomes}

    def count_anew(self) -> None:
        """Let the summary be of the books as they are, after a hand has changed them."""
        kept_summary.path_of(Path(self.settings.duckdb_path)).unlink(missing_ok=True)
        self.warehouse.publish_summary()

    @contextmanager
    def database(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """The database, as a person opens it."""
        con = duckdb.connect(self.settings.duckdb_path)
        try:
            yield con
        finally:
            con.close()

    def _day(self, day: date, back: int) -> None:
        stamp = f"{day:%Y%m%d}"
        rows = 400 + (day.toordinal() * 37) % 300
        venue = back < 4
        self.deliver(f"trades_{stamp}.csv", _trades(rows, venue=venue))
        self.deliver(f"trades_{stamp}.go", f"record_count={rows + (3 if back == 6 else 0)}\n")
        self.deliver(f"positions_{stamp}.csv", _positions(rows // 3, stray=back in (0, 1)))
        if back:
            self.deliver(f"eod_prices_{stamp}.csv", _prices(rows))
        if back not in (0, 3, 9):
            self.deliver(f"fx_{stamp}.csv", "currency,rate\nEUR,1.08\nCHF,1.12\nGBP,1.27\n")
        if day.weekday() < 5:
            self.deliver(f"instruments_{stamp}.csv", f"isin,name\nXS{stamp},Alpha\nXS02,Beta\n")
        if back == 12:
            self.deliver("countries_all.csv", "code,name\nCH,Switzerland\nFR,France\n")
        self.deliver(f"customers_{stamp}.csv", _customers(60, back))
        run_id = f"scheduled__{day}T05:00:00+00:00"
        self.run(RunContext(dag_id="landing__raw_trades", run_id=run_id))

    def _put_back(self, back: int) -> None:
        """Let what has just happened have happened some days ago."""
        if not back:
            return
        with self.database() as con:
            fresh = "(SELECT now()::TIMESTAMP - INTERVAL 1 HOUR)"
            for table, columns in {
                "load_metadata": ("completed_at", "started_at"),
                "load_deliveries": ("recorded_at", "failed_at"),
            }.items():
                moved = ", ".join(f"{c} = {c} - INTERVAL {back} DAY" for c in columns)
                con.execute(f"UPDATE {table} SET {moved} WHERE {columns[0]} > {fresh}")

    def _left_today(self, today: date) -> None:
        """What lies in landing."""
        self.deliver(f"payments_{today:%Y%m%d}.csv", "id,amount\n1,10\n")
        self.deliver(f"payments_{today:%Y%m%d}b.csv", "id,amount\n1,10\n")
        self.deliver("payments_19991231.go", "")
        for name in ("Copy of trades (2).xlsx", HOSTILE_NAME, "price list März.txt"):
            self.deliver(name, "?")

    def _books(self, today: date) -> None:
        warehouse = self.warehouse
        warehouse.record_arrivals(list(arrivals_of(today)))
        at = datetime.now(UTC).replace(tzinfo=None)
        warehouse.record_actions([_action(at - timedelta(hours=2))])
        warehouse.record_executions(list(_executions(at)))


def _trades(rows: int, *, venue: bool) -> str:
    more = ",XLON" if venue else ""
    head = f"id,account,amount,booked{',venue' if venue else ''}\n"
    return head + "".join(
        f"{n},A{n % 25},{n * 7 % 1000}.50,2026-01-02{more}\n" for n in range(rows)
    )


def _positions(rows: int, *, stray: bool) -> str:
    lines = [f"A{n % 25},SYM{n},{n * 3}" for n in range(rows)]
    if stray:
        lines[rows // 2] = 'A7,"SYM"7,21'
    return "account,symbol,quantity\n" + "\n".join(lines) + "\n"


def _prices(rows: int) -> str:
    lines = [f"SYM{n},{n}.25,{n}" for n in range(rows)]
    return (
        "symbol,price,volume\n" + "\n".join(lines) + f"\nTRAILER,{rows},{rows * (rows - 1) // 2}\n"
    )


def _customers(rows: int, back: int) -> str:
    lines = [f"{n},c{n}@example.org,19{50 + n % 49}-03-01" for n in range(rows)]
    for n in range(back % 5):
        lines[n * 7] = f"{n * 7},,1970-01-01"
    if back < 3:
        lines[11] = "11,c11@example.org"
        lines[12] = "5,c5@example.org,31.12.1980"
    return "id,email,born\n" + "\n".join(lines) + "\n"


def arrivals_of(today: date) -> Iterator[ArrivalRecord]:
    """What became of the windows of four weeks."""
    for back in range(28, 0, -1):
        day = today - timedelta(days=back)
        fx: ArrivalOutcome = {3: "missing", 9: "wrong", 15: "late"}.get(back, "on_time")  # type: ignore[assignment]
        yield _window("market.fx_rates", "fx_*.csv", day, fx, mended=back == 9)
        late: ArrivalOutcome = "late" if back in (5, 12) else "on_time"
        yield _window("raw_eod_prices", "eod_prices_*.csv", day, late)


def _window(
    table: str, pattern: str, day: date, outcome: ArrivalOutcome, *, mended: bool = False
) -> ArrivalRecord:
    due = datetime.combine(day, datetime.min.time()) + timedelta(hours=7)
    reasons = {"missing": "no file", "wrong": f"fx_{day:%Y%m%d}.csv has 1 row, at least 3 expected"}
    came = {"on_time": due - timedelta(minutes=20), "late": due + timedelta(hours=2)}
    return ArrivalRecord(
        table_name=table,
        pattern=pattern,
        day=day.isoformat(),
        opens_at=due - timedelta(hours=12),
        due_at=due,
        until_at=due + timedelta(hours=12),
        outcome=outcome,
        reason=reasons.get(outcome, ""),
        file_count=int(outcome != "missing"),
        row_count=0 if outcome == "missing" else 3,
        arrived_at=came.get(outcome),
        mended_at=due + timedelta(hours=15) if mended else None,
        recorded_at=due + timedelta(hours=12),
    )


def _action(at: datetime) -> ActionRecord:
    return ActionRecord(
        action_id="0f0e0d0c0b0a09080706050403020100",
        action="replay",
        table_name="raw_trades",
        targets='["trades_20260101.csv"]',
        parameters=None,
        reason="The sender has delivered the go file anew.",
        asked_by="ann",
        asked_at=at,
        outcome="done",
        message="1 file brought back to landing.",
        done_at=at + timedelta(seconds=12),
        dag_id="landing_actions",
        run_id="replay__1",
    )


_RESULTS = {
    "bronze": '{"loaded": 1, "duplicate": 0, "failed": 2}',
    "silver": '{"models": ["stg_trades"]}',
    "gold": '{"models": ["trades_by_day", "<b>exposure</b>"]}',
}


def _executions(at: datetime) -> Iterator[ExecutionRecord]:
    layers: tuple[Any, ...] = ("run", "bronze", "silver", "gold")
    for back in range(5):
        begin = at - timedelta(days=back)
        run = RunKey("landing__raw_trades", f"scheduled__{begin:%Y-%m-%d}T05:00:00+00:00")
        for number, layer in enumerate(layers):
            yield ExecutionRecord(
                execution_id=id_of(run),
                dag_id=run.dag_id,
                run_id=run.run_id,
                table_name="raw_trades",
                layer=layer,
                status="failed" if back == 2 and layer in ("run", "gold") else "completed",
                error="dbt: 1 of 4 models failed" if back == 2 and layer == "gold" else None,
                records_processed=600 - 10 * number,
                records_failed=0,
                size_bytes=30_000 if layer == "bronze" else None,
                result=_RESULTS.get(layer),
                duration_ms=(41_000, 9_000, 12_000, 8_000)[number],
                started_at=begin,
                completed_at=begin + timedelta(seconds=41),
            )
