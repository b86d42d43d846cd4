"""The pages in Chromium: for eyes, ears and fingers, light and dark, wide and narrow."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.support.browser import PATIENCE, Theme, axe, chromium
from tests.support.page_server import serving
from tests.support.pages import Visitor

PATHS = (
    *("", "loads", "arrivals", "quality", "unmatched", "no/such/page"),
    *("tables/raw_trades", "tables/raw_ledger", "tables/raw_payments", "tables/market.fx_rates"),
)


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


def test_a_page_that_stays_open_stays_fresh(browser: Browser, site: str, visitor: Visitor) -> None:
    with looking(browser) as page:
        page.clock.install()
        page.goto(site + "/")
        page.evaluate("document.querySelector('h1').textContent = 'old'")
        page.clock.run_for(31_000)
        expect(page.locator("h1")).to_contain_text("need attention")
        page.locator("#q").fill("half a wo")
        page.evaluate("document.querySelector('h1').textContent = 'old'")
        page.clock.run_for(31_000)
        expect(page.locator("#q")).to_have_value("half a wo")
