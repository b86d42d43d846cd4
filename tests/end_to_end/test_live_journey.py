"""An operator's morning in a live Airflow, in Chromium: what came, what did not, why, what to do.

A file was refused and is brought back once its mapping is right; a column is promoted; a file that
is due does not come, and somebody is told.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from playwright.sync_api import Browser, FrameLocator, Page, expect
from tests.support.browser import axe, page_for, picture
from tests.support.listening import Receiver
from tests.support.live_airflow import EDITOR, LiveAirflow, SimpleUsers, live_airflow

PLUGIN = "/plugin/landing-loader/"
OWN = "/landing-loader/"
MAPPING = """\
trades_*.csv:
  table: raw_trades
  settle_seconds: 0
  on_failed_file: continue
  dag: {description: Trades of all desks}
"""
# As the sender writes it; the mapping says nothing of it, and UTF-8 is what it then has to be.
REFUSED = "id,trader\n1,Z\u00fcnd\n".encode("cp1252")
CLOCK = "%H:%M"


@dataclass(frozen=True)
class Morning:
    """What the operator has before them.

    :param told: where messages arrive.
    """

    live: LiveAirflow
    told: Receiver
    mappings: Path

    def deliver(self, name: str, content: bytes) -> None:
        """A sender's upload."""
        landing = self.live.airflow.playground.landing
        (landing / f".{name}").write_bytes(content)
        (landing / f".{name}").rename(landing / name)

    def wait_for(self, what: str, path: Path) -> None:
        """Until a file is where it belongs."""
        self.live.waiter.until(what, lambda: "" if path.exists() else path.name)

    @property
    def archive(self) -> Path:
        return self.live.airflow.playground.archive

    @property
    def failed(self) -> Path:
        return self.live.airflow.playground.failed

    def rows(self) -> list[tuple[str | None, ...]]:
        """Of the table, once no worker holds the database."""
        rows: list[tuple[str | None, ...]] = []

        def asked() -> str:
            try:
                with duckdb.connect(self.live.airflow.playground.database, read_only=True) as con:
                    found = con.execute("SELECT id, trader, venue FROM raw_trades ORDER BY id")
                    rows[:] = found.fetchall()
            except duckdb.Error as error:
                return str(error)
            return ""

        self.live.waiter.until("The table is read", asked)
        return rows


@pytest.fixture(scope="module")
def morning(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Morning]:
    """Files of one table come from now on; those of another are due in some minutes."""
    folder = tmp_path_factory.mktemp("morning")
    config = folder / "config"
    (config / "tables").mkdir(parents=True)
    (config / "channels").mkdir()
    due = datetime.now(UTC) + timedelta(minutes=2)
    expected = f'{{by: "{due:{CLOCK}}"}}'
    (config / "tables" / "trades.yaml").write_text(MAPPING)
    (config / "tables" / "positions.yaml").write_text(
        "pos_*.csv:\n  table: raw_positions\n"
        f"  expect: {expected}\n"
        "  notify: {on: [late], to: [desk]}\n"
    )
    (config / "channels" / "desk.yaml").write_text("type: webhook\nconnection: desk\n")
    with Receiver() as told:
        options = {
            "AIRFLOW__LANDING_LOADER__TABLE_CONFIG_PATH": str(config / "tables"),
            "AIRFLOW__LANDING_LOADER__SHOW_VALUES": "True",
            "AIRFLOW_CONN_DESK": told.connection,
        }
        with live_airflow(folder / "airflow", SimpleUsers(), options=options) as live:
            yield Morning(live, told, config / "tables")


@pytest.fixture
def page(browser: Browser, morning: Morning) -> Iterator[Page]:
    """Somebody who may edit, in Airflow."""
    with page_for(browser, morning.live, EDITOR) as page:
        yield page


def framed(page: Page) -> FrameLocator:
    """The page within Airflow's."""
    return page.frame_locator("iframe[title='Landing zone']")


def opened(page: Page, morning: Morning, within: str = "") -> Page:
    """A page of ours by its own address."""
    page.goto(f"{morning.live.url}{OWN}{within}")
    return page


def refresh_until(page: Page, morning: Morning, there: str) -> None:
    """Until the page has something, which it may not tell while a worker has the books."""

    def lacking() -> str:
        page.reload()
        return "" if page.locator(there).count() else page.locator("main").inner_text()

    morning.live.waiter.until(f"The page has {there}", lacking)


def test_what_was_refused_is_found_understood_and_brought_back(
    page: Page, morning: Morning
) -> None:
    morning.deliver("trades_1.csv", REFUSED)
    morning.wait_for("The file is refused", morning.failed / "trades_1.csv")

    # The card on Airflow's home page leads to the page, where the worst stands first.
    page.goto(f"{morning.live.url}/")
    card = page.get_by_role("region", name="Landing zone")
    expect(card).to_contain_text("1 refused")
    card.get_by_role("link").first.click()
    page.wait_for_url(f"{morning.live.url}{PLUGIN}")
    worst = framed(page).locator("tbody tr").first
    expect(worst).to_contain_text("raw_trades")
    picture(page, "page-overview", height=480)

    opened(page, morning, "failures")
    assert axe(page) == []
    page.get_by_role("link", name="trades_1.csv").first.click()
    expect(page.locator("main")).to_contain_text("encoding.invalid")
    expect(page.locator("main")).to_contain_text("csv.encoding")
    picture(page, "page-failure", height=420)
    assert axe(page) == []

    # The cause is mended where it lies, and the file brought back.
    (morning.mappings / "trades.yaml").write_text(MAPPING + "  csv: {encoding: cp1252}\n")
    page.get_by_role("button", name="Replay").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Reason").fill("the mapping has its encoding now")
    dialog.get_by_role("button", name="Replay").click()
    run = page.locator("#said").get_by_role("link", name="See the run")
    expect(run).to_be_visible()
    assert "/dags/landing_actions/runs/" in str(run.get_attribute("href"))
    morning.wait_for("It is loaded", morning.archive / "trades_1.csv")

    # What was asked for, by whom, and how it ended, is there to be read; so is the load.
    opened(page, morning, "failures?show=ended")
    refresh_until(
        page, morning, f"main:has-text('the mapping has its encoding'):has-text('{EDITOR}')"
    )
    opened(page, morning, "loads?table=raw_trades")
    page.get_by_role("link", name="trades_1.csv").first.click()
    refresh_until(page, morning, "a:text-is('Log of its report')")
    assert axe(page) == []
    page.get_by_role("link", name="Log of its report").click()
    page.wait_for_url("**/dags/landing__raw_trades/runs/**")
    page.get_by_text("trades_1.csv").first.wait_for()


def test_a_new_column_is_promoted(page: Page, morning: Morning) -> None:
    morning.deliver("trades_2.csv", b"id,trader,venue\n2,Ann,XLON\n")
    morning.wait_for("The file with a new column is loaded", morning.archive / "trades_2.csv")
    opened(page, morning, "drift")
    refresh_until(page, morning, "a:text-is('venue')")
    picture(page, "page-drift", height=420)
    assert axe(page) == []
    page.get_by_role("link", name="venue").click()
    page.get_by_role("button", name="Promote").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Promote").click()
    expect(page.locator("#said").get_by_role("link", name="See the run")).to_be_visible()

    def promoted() -> str:
        runs = morning.live.api().runs("landing_actions")
        return "" if [run.state for run in runs][-1] == "success" else str(runs[-1])

    morning.live.waiter.until("A worker has promoted it", promoted)
    assert ("2", "Ann", "XLON") in morning.rows()


def test_who_is_to_be_told_hears_that_a_file_is_late(page: Page, morning: Morning) -> None:
    morning.live.waiter.until(
        "The message arrives", lambda: "" if morning.told.taken else "no message"
    )
    (_, body), *more = morning.told.taken
    assert more == []
    message = json.loads(body)
    assert (message["type"], message["table"]) == ("notification", "raw_positions")
    assert message["data"]["reasons"] == ["late"]
    assert "raw_positions" in message["data"]["title"]
    opened(page, morning)
    refresh_until(page, morning, "tbody tr:has-text('raw_positions'):has-text('Late')")
    assert axe(page) == []
    opened(page, morning, "arrivals")
    expect(page.locator("main")).to_contain_text("raw_positions")
    picture(page, "page-arrivals", height=640)
    assert axe(page) == []
