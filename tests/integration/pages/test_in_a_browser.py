"""Failures, drift and executions as a browser shows them, and what their buttons ask for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect
from tests.support.browser import axe, chromium
from tests.support.page_server import serving
from tests.support.pages import Visitor
from tests.support.showcase import Showcase

NOW = datetime.now(UTC)
PAGES = (
    "/failures",
    "/failures?show=ended",
    "/failures?q=nothing",
    "/drift",
    "/drift/raw_trades?column=venue",
    "/drift/raw_trades?column=venue&type=BIGINT",
    "/executions",
    "/executions?status=failed",
)


def run(run_id: str, state: str, age: timedelta) -> dict[str, Any]:
    due = (NOW - age).isoformat()
    ended = NOW.isoformat() if state in ("success", "failed") else None
    began = None if state == "queued" else due
    times = {"run_after": due, "start_date": began, "end_date": ended}
    return {"dag_id": "landing__raw_trades", "dag_run_id": run_id, "state": state, **times}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium."""
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def address(showcase: Showcase) -> Iterator[str]:
    """The pages of the showcase, for somebody who may do everything."""
    states = ("queued", "running", "failed", "success")
    runs = [run(f"manual__{state}", state, timedelta(hours=at)) for at, state in enumerate(states)]
    runs.append(run(f"scheduled__{NOW:%Y-%m-%d}T05:00:00+00:00", "success", timedelta(minutes=1)))
    with serving(Visitor(showcase.settings, runs=runs)) as url:
        yield url


@pytest.fixture(params=["light", "dark", "small"])
def screen(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    """A page on a screen of each kind."""
    small = request.param == "small"
    context = browser.new_context(
        viewport={"width": 390 if small else 1280, "height": 800},
        color_scheme="dark" if request.param == "dark" else "light",
    )
    yield context.new_page()
    context.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """An empty page."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    yield context.new_page()
    context.close()


def answered(page: Page, refused: str = "") -> list[tuple[str, dict[str, Any]]]:
    """Answer what the page asks of the API; what it has asked, as it goes on.

    :param refused: table for which it is refused.
    """
    asked: list[tuple[str, dict[str, Any]]] = []

    def answer(route: Route) -> None:
        body = json.loads(route.request.post_data or "{}")
        asked.append((route.request.url.rpartition("/")[2], body))
        if body["table"] == refused:
            told: dict[str, Any] = {"detail": "You may not <b>edit</b> it.", "hint": "Ask."}
            route.fulfill(status=403, json=told)
        else:
            route.fulfill(status=202, json={"links": {"run": f"/dags/x/runs/{body['table']}"}})

    page.route("**/api/v1/etl/*", answer)
    return asked


def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(screen: Page, address: str) -> None:
    said: list[str] = []
    screen.on("console", lambda message: said.append(message.text))
    screen.on("pageerror", lambda error: said.append(str(error)))
    for path in PAGES:
        screen.goto(f"{address}{path}")
        assert axe(screen) == [], path
        assert screen.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path
    screen.goto(f"{address}/failures")
    screen.locator("th a.file-name").first.click()
    screen.get_by_role("heading", name="What to do now").wait_for()
    assert axe(screen) == []
    screen.get_by_role("button", name="Discard…").click()
    assert axe(screen) == []
    assert said == []


def test_what_is_chosen_of_several_tables_is_asked_for_table_by_table(
    page: Page, address: str
) -> None:
    asked = answered(page, refused="raw_positions")
    page.goto(f"{address}/failures")
    bar = page.locator("[data-chosen]")
    expect(bar.get_by_role("button", name="Replay…")).to_be_disabled()
    bar.get_by_role("button", name="Choose all shown").click()
    expect(bar).to_contain_text("3 files of 2 tables chosen")
    bar.get_by_role("button", name="Replay…").click()
    dialog = page.get_by_role("dialog", name="Bring back to landing?")
    expect(dialog).to_contain_text("3 files of 2 tables.")
    dialog.get_by_label("Reason").fill("mended")
    dialog.get_by_role("button", name="Replay").click()
    said = page.locator("#said")
    expect(said).to_contain_text("Replay of 1 file of raw_trades is asked for.")
    expect(said).to_contain_text("raw_positions was not taken: You may not <b>edit</b> it. Ask.")
    way = said.get_by_role("link", name="See the run for raw_trades")
    expect(way).to_have_attribute("href", "/dags/x/runs/raw_trades")
    expect(way).to_have_attribute("target", "_top")
    expect(dialog).to_be_hidden()
    assert [(action, body["table"], body["reason"]) for action, body in asked] == [
        ("replay", "raw_positions", "mended"),
        ("replay", "raw_trades", "mended"),
    ]
    assert [len(body["files"]) for _, body in asked] == [2, 1]
    # What is asked for cannot be chosen again; what was refused stays chosen.
    row = page.locator("tr", has_text="trades_")
    expect(row).to_contain_text("Replay asked for")
    expect(row.get_by_role("checkbox")).to_be_disabled()
    expect(bar).to_contain_text("2 files chosen")
    assert axe(page) == []


def test_a_cause_is_chosen_as_a_whole_and_discarded_with_a_reason(page: Page, address: str) -> None:
    asked = answered(page)
    page.goto(f"{address}/failures")
    page.get_by_role("checkbox", name="Choose all of csv.stray_quote that are shown").check()
    page.locator("[data-chosen]").get_by_role("button", name="Discard…").click()
    dialog = page.get_by_role("dialog", name="Discard?")
    dialog.get_by_role("button", name="Discard").click()
    assert asked == []
    expect(dialog).to_be_visible()
    page.keyboard.type("of no use")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#said")).to_contain_text("Discard of 2 files of raw_positions")
    ((action, body),) = asked
    assert (action, body["table"], body["reason"]) == ("discard", "raw_positions", "of no use")
    assert len(body["files"]) == 2


def test_by_the_keyboard_alone(page: Page, address: str) -> None:
    page.goto(f"{address}/failures")
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("trades_")
    page.keyboard.press("Enter")
    page.wait_for_url("**/failures?q=trades_*")
    page.keyboard.press("j")
    page.keyboard.press("Space")
    expect(page.locator("[data-chosen]")).to_contain_text("1 file chosen")
    page.get_by_role("button", name="Replay…").press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_column_is_promoted_as_the_type_that_is_chosen(page: Page, address: str) -> None:
    asked = answered(page)
    page.goto(f"{address}/drift")
    page.get_by_role("link", name="venue").click()
    page.get_by_role("button", name="Promote…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Type")).to_have_value("VARCHAR")
    dialog.get_by_role("button", name="Promote").click()
    expect(page.locator("#said")).to_contain_text("See the run")
    assert asked == [("promote", {"table": "raw_trades", "columns": ["venue"], "type": "VARCHAR"})]
