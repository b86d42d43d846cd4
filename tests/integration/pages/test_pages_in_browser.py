"""The pages in Chromium: for eyes, ears and fingers, light and dark, wide and narrow."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect
from tests.support.browser import PATIENCE, Theme, axe, chromium
from tests.support.page_server import serving
from tests.support.pages import Visitor
from tests.support.showcase import Showcase

from airflow_landing_loader.settings import Settings

PATHS = (
    *("", "loads", "arrivals", "quality", "unmatched", "no/such/page"),
    *("tables/raw_trades", "tables/raw_ledger", "tables/raw_payments", "tables/market.fx_rates"),
)

RENEWED = [path for path in PATHS if path != "no/such/page"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium; without one these tests are skipped."""
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def site(visitor: Visitor) -> Iterator[str]:
    """Where the pages are."""
    with serving(visitor) as address:
        yield address


@contextmanager
def looking(
    browser: Browser, *, theme: Theme = "light", width: int = 1280, scripts: bool = True
) -> Iterator[Page]:
    """A page on a screen, which minds every error that the browser tells of."""
    context = browser.new_context(
        viewport={"width": width, "height": 800},
        locale="en-GB",
        timezone_id="Asia/Tokyo",
        color_scheme=theme,
        java_script_enabled=scripts,
        bypass_csp=False,
    )
    context.set_default_timeout(PATIENCE / 4)
    page = context.new_page()
    errors: list[str] = []
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    try:
        yield page
        assert [error for error in errors if "404" not in error] == []
    finally:
        context.close()


def newest_load(page: Page, site: str) -> str:
    page.goto(f"{site}/loads")
    return str(page.locator("table th a").first.get_attribute("href")).rsplit("/", 1)[1]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("path", [*PATHS, "one load"])
def test_axe_finds_nothing(browser: Browser, site: str, path: str, theme: Theme) -> None:
    with looking(browser, theme=theme) as page:
        page.goto(
            f"{site}/loads/{newest_load(page, site)}" if path == "one load" else f"{site}/{path}"
        )
        assert axe(page) == []


@pytest.mark.parametrize("path", [*PATHS, "one load"])
def test_a_narrow_screen_shows_all_of_it(browser: Browser, site: str, path: str) -> None:
    with looking(browser, width=360) as page:
        page.goto(
            f"{site}/loads/{newest_load(page, site)}" if path == "one load" else f"{site}/{path}"
        )
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        assert axe(page) == []


def test_times_are_those_of_the_viewer(browser: Browser, site: str) -> None:
    with looking(browser) as page, looking(browser, scripts=False) as plain:
        for each in (page, plain):
            each.goto(f"{site}/tables/raw_countries")
        time = "td time:not([data-ago])"
        assert "UTC" in plain.locator(time).first.inner_text()
        assert "UTC" not in page.locator(time).first.inner_text()
        assert "GMT+9" in str(page.locator(time).first.get_attribute("title"))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_theme_is_airflows(browser: Browser, site: str, theme: Theme) -> None:
    other: Theme = "light" if theme == "dark" else "dark"
    with looking(browser, theme=other) as page:
        page.goto(site + "/")
        page.evaluate(f"localStorage.setItem('theme', '{theme}')")
        page.reload()
        assert theme in str(page.locator("html").get_attribute("class"))


def test_keys_lead_through_the_rows(browser: Browser, site: str) -> None:
    with looking(browser) as page:
        page.goto(site + "/")
        page.keyboard.press("j")
        page.keyboard.press("j")
        expect(page.locator("tr[data-row]").nth(1).locator("a").first).to_be_focused()
        page.keyboard.press("k")
        expect(page.locator("tr[data-row]").nth(0).locator("a").first).to_be_focused()
        page.keyboard.press("/")
        page.keyboard.type("shop")
        page.keyboard.press("Enter")
        expect(page.locator("tr[data-row]")).to_have_count(1)


def test_an_action_asks_why_and_tells_what_was_said(browser: Browser, site: str) -> None:
    with looking(browser) as page:
        load = newest_load(page, site)
        page.goto(f"{site}/loads/{load}")
        asked: list[dict[str, object]] = []

        def answer(route) -> None:
            asked.append(json.loads(route.request.post_data or ""))
            told = {"links": {"run": "/dags/landing_actions/runs/x"}}
            route.fulfill(status=202, json=told)

        page.route("**/api/v1/etl/unload", answer)
        page.get_by_role("button", name="Unload").click()
        dialog = page.get_by_role("dialog")
        expect(dialog).to_be_visible()
        assert axe(page) == []
        dialog.get_by_role("button", name="Unload").click()
        assert asked == []  # no reason was given
        dialog.get_by_label("Reason").fill("It was last year's.")
        dialog.get_by_label("The file goes to").select_option("landing")
        dialog.get_by_role("button", name="Unload").click()
        expect(page.get_by_role("status")).to_contain_text("a worker has been asked")
        expect(page.get_by_role("status").get_by_role("link")).to_have_attribute("target", "_top")
        expect(dialog).to_be_hidden()
        (body,) = asked
        assert body.pop("table")
        assert body == {"loads": [load], "to": "landing", "reason": "It was last year's."}


def test_why_an_action_is_refused_is_told(browser: Browser, site: str) -> None:
    with looking(browser) as page:
        page.goto(f"{site}/loads/{newest_load(page, site)}")
        problem = {"detail": "You may not edit DAG <b>x</b>.", "hint": "Ask somebody."}
        page.route("**/api/v1/etl/verify", lambda route: route.fulfill(status=404, json=problem))
        page.get_by_role("button", name="Verify").click()
        page.get_by_role("dialog").get_by_role("button", name="Verify").click()
        told = page.get_by_role("status")
        expect(told).to_contain_text("You may not edit DAG <b>x</b>. Ask somebody.")
        told.get_by_role("button").click()
        expect(told).to_be_empty()


OLD = "document.querySelectorAll('h1, .standing, nav li').forEach(e => e.textContent = 'old')"


@pytest.mark.parametrize("path", [*RENEWED, "one load", "failures", "one failure", "drift"])
def test_a_page_that_stays_open_stays_fresh_as_a_whole(
    browser: Browser, site: str, path: str
) -> None:
    with looking(browser) as page:
        page.clock.install()
        if path.startswith("one "):
            page.goto(f"{site}/{'loads' if path == 'one load' else 'failures'}")
            page.locator("table th a").first.click()
            page.wait_for_url("**/*s/*-*")
        else:
            page.goto(f"{site}/{path}")
        page.evaluate(OLD)
        page.clock.run_for(31_000)
        for part in ("h1", ".standing", "nav li >> nth=0"):
            expect(page.locator(part)).not_to_have_text("old")


def test_header_and_body_are_of_one_time(browser: Browser, site: str) -> None:
    with looking(browser) as page:
        page.clock.install()
        page.goto(site + "/")
        asked = requests_of(page, site + "/")
        page.locator("#q").fill("half a wo")
        page.locator("h1").click()  # it is changed, also where nobody is in it
        page.evaluate(OLD)
        page.clock.run_for(91_000)
        expect(page.locator("#q")).to_have_value("half a wo")
        expect(page.locator(".standing")).to_have_text("old")
        assert asked == []


def requests_of(page: Page, address: str) -> list[str]:
    """What is asked of an address, as it goes on."""
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.url) if one.url == address else None)
    return asked


def test_what_is_chosen_stays_so(browser: Browser, site: str) -> None:
    with looking(browser) as page:
        page.clock.install()
        page.goto(f"{site}/failures")
        page.locator("[data-choice]").first.check()
        page.locator("h1").click()
        page.evaluate(OLD)
        page.clock.run_for(31_000)
        expect(page.locator("h1")).to_have_text("old")
        page.locator("[data-choice]").first.uncheck()
        page.locator("h1").click()
        page.clock.run_for(31_000)
        expect(page.locator("h1")).to_contain_text("lie in failed")
        page.get_by_role("button", name="Choose all shown").click()
        expect(page.locator("[data-chosen]")).to_contain_text("3 files of 2 tables chosen")
        page.get_by_role("button", name="Replay…").click()
        page.evaluate(OLD)
        page.clock.run_for(31_000)
        expect(page.get_by_role("dialog")).to_be_visible()
        expect(page.locator("h1")).to_have_text("old")


def test_what_is_opened_stays_open(browser: Browser, site: str) -> None:
    with looking(browser) as page:
        page.clock.install()
        page.goto(f"{site}/tables/raw_trades")
        page.get_by_text("As it is written").click()
        page.locator("h1").click()
        page.evaluate(OLD)
        page.clock.run_for(31_000)
        expect(page.locator("h1")).not_to_have_text("old")
        expect(page.locator("details")).to_have_attribute("open", "")


def test_failures_that_come_while_the_page_is_open_can_be_chosen(
    browser: Browser, settings: Callable[..., Settings]
) -> None:
    made = Showcase(settings(dbt_mode="off"))
    Path(made.settings.table_config_path, "a.yaml").write_text(
        "a_*.csv: {table: raw_a, settle_seconds: 0}\n"
    )
    visitor = Visitor(made.settings)
    with serving(visitor) as site, looking(browser) as page:
        page.clock.install()
        page.goto(f"{site}/failures")
        expect(page.locator("h1")).to_contain_text("Nothing lies in failed")
        expect(page.locator("[data-chosen]")).to_be_hidden()
        made.deliver("a_1.csv", "id,x\n1\n")
        made.run()
        made.warehouse.publish_summary()
        visitor.monitor.look_again()
        page.clock.run_for(31_000)
        expect(page.locator("h1")).to_contain_text("1 delivery lies in failed")
        page.get_by_role("button", name="Choose all shown").click()
        expect(page.locator("[data-chosen]")).to_contain_text("1 file chosen")
        page.get_by_role("button", name="Discard…").click()
        expect(page.get_by_role("dialog")).to_contain_text("1 file.")


@pytest.mark.parametrize("how", ["down", "error", "login"])
def test_what_cannot_be_renewed_says_so_and_ages(browser: Browser, site: str, how: str) -> None:
    context = browser.new_context(locale="en-GB")
    page = context.new_page()
    page.clock.install()
    page.goto(site + "/")

    def answer(route: Route) -> None:
        if how == "down":
            route.abort()
        elif how == "error":
            route.fulfill(status=503, body="")
        else:
            route.fulfill(status=307, headers={"location": f"{site}/loads"})

    said = {
        "down": "the server does not answer",
        "error": "the server answers 503",
        "login": "log in again",
    }
    standing = page.locator(".standing")
    expect(standing).not_to_contain_text("Not renewed")
    page.route(site + "/", answer)
    page.clock.run_for(31_000)
    expect(standing).to_contain_text(f": {said[how]}")
    page.clock.run_for(3_600_000)
    expect(standing.locator("time").first).to_have_text("1 hr ago")
    expect(standing.locator(".stale")).to_have_count(1)
    assert axe(page) == []
    page.unroute_all()
    page.clock.run_for(31_000)
    expect(standing).not_to_contain_text("Not renewed")
    context.close()


def test_a_page_whose_values_are_looked_at_is_asked_for_once(browser: Browser, site: str) -> None:
    with looking(browser) as page:
        page.clock.install()
        address = f"{site}/drift/raw_trades?column=venue"
        page.goto(address)
        asked = requests_of(page, address)
        page.clock.run_for(3_600_000)
        expect(page.locator(".standing time").first).to_have_text("1 hr ago")
        assert asked == []


def test_one_question_at_a_time(browser: Browser, site: str) -> None:
    with looking(browser) as page:
        page.clock.install()
        page.goto(site + "/")
        waiting: list[Route] = []
        page.route(site + "/", lambda route: waiting.append(route))
        page.clock.run_for(31_000)
        page.clock.run_for(100_000)
        expect(page.locator("h1")).to_be_visible()
        (first,) = waiting
        page.evaluate(OLD)
        first.continue_()
        expect(page.locator("h1")).not_to_have_text("old")
        page.clock.run_for(31_000)
        expect(page.locator("h1")).to_be_visible()
        assert len(waiting) == 2
        waiting[1].continue_()
