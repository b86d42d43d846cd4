"""What a form sends is the very name that was chosen, whatever it looks like."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from lxml import html
from playwright.sync_api import Browser, Page, Route, expect
from tests.support.browser import chromium
from tests.support.page_server import serving
from tests.support.pages import Visitor
from tests.support.showcase import Showcase

from airflow_landing_loader.plugins.pages.rendering import environment
from airflow_landing_loader.safe_text import storable
from airflow_landing_loader.settings import Settings

SIGNS = (
    *(
        "\u00a0",
        "\u200b",
        "\u202e",
        "\\u202e",
        "\\",
        "\\\\",
        "\r",
        "\n",
        "\r\n",
        "\x85",
        "\x7f",
        "\x01",
    ),
    *("'\"&lt;&amp;", " two  blanks ", "\u2028", "\U000e0001"),
)
FILES = [f"a_{sign}x.csv" for sign in (*SIGNS, "\udce9", "\\xe9")]
COLUMNS = [f"c{sign}d" for sign in SIGNS]
MAPPING = "a_*.csv: {table: raw_a, settle_seconds: 0}\n"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium; without one these tests are skipped."""
    with chromium() as found:
        yield found


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """An empty page."""
    context = browser.new_context()
    yield context.new_page()
    context.close()


def answered(page: Page) -> list[dict[str, Any]]:
    """Answer what the page asks of the API; what it has asked, as it goes on."""
    asked: list[dict[str, Any]] = []

    def answer(route: Route) -> None:
        asked.append(json.loads(route.request.post_data or "{}"))
        route.fulfill(status=202, json={})

    page.route("**/api/v1/etl/*", answer)
    return asked


def installation(settings: Callable[..., Settings]) -> Showcase:
    made = Showcase(settings(dbt_mode="off"))
    Path(made.settings.table_config_path, "all.yaml").write_text(MAPPING)
    return made


@pytest.mark.parametrize("sign", SIGNS)
def test_html_has_the_same_text(sign: str) -> None:
    template = environment().from_string('<input value="{{ name | sent }}">')
    text = template.render(name=sign)
    assert "\u202e" not in text
    assert html.fromstring(text).get("value") == sign


def test_files_are_asked_for_by_the_names_that_the_books_have(
    settings: Callable[..., Settings], page: Page
) -> None:
    made = installation(settings)
    for name in FILES:
        made.deliver(name, "id,x\n1\n")
    assert {one.status for one in made.run().values()} == {"failed"}
    made.warehouse.publish_summary()
    asked = answered(page)
    with serving(Visitor(made.settings)) as address:
        page.goto(f"{address}/failures")
        page.get_by_role("button", name="Choose all shown").click()
        page.locator("[data-chosen]").get_by_role("button", name="Replay…").click()
        page.get_by_role("dialog").get_by_role("button", name="Replay").click()
        expect(page.locator("#said")).to_contain_text("is asked for")
        assert sorted(asked.pop()["files"]) == sorted(map(storable, FILES))
        assert set(Path(made.settings.failed_path).glob("a_*.csv")) == {
            Path(made.settings.failed_path, name) for name in FILES
        }
        addresses = [str(way.get_attribute("href")) for way in page.locator("th a.file-name").all()]
        for way in addresses:
            page.goto(f"{address}/{way.partition('/landing-loader/')[2]}")
            page.get_by_role("button", name="Replay…").click()
            page.get_by_role("dialog").get_by_role("button", name="Replay").click()
            expect(page.locator("#said")).to_contain_text("a worker has been asked")
        assert sorted(file for each in asked for file in each["files"]) == sorted(
            map(storable, FILES)
        )


def test_columns_are_promoted_by_the_names_that_senders_have(
    settings: Callable[..., Settings], page: Page
) -> None:
    made = installation(settings)
    made.deliver("a_1.csv", "id\n1\n")
    made.run()
    for number, name in enumerate(COLUMNS, 2):
        quoted = name.replace('"', '""')
        made.deliver(f"a_{number}.csv", f'id,"{quoted}"\n{number},x\n')
    made.run()
    made.warehouse.publish_summary()
    asked = answered(page)
    with serving(Visitor(made.settings)) as address:
        page.goto(f"{address}/drift")
        addresses = [str(way.get_attribute("href")) for way in page.locator("th a.file-name").all()]
        assert len(addresses) == len(COLUMNS)
        for way in addresses:
            page.goto(f"{address}/{way.partition('/landing-loader/')[2]}")
            page.get_by_role("button", name="Promote…").click()
            page.get_by_role("dialog").get_by_role("button", name="Promote").click()
            expect(page.locator("#said")).to_contain_text("a worker has been asked")
    assert sorted(name for each in asked for name in each["columns"]) == sorted(COLUMNS)


def test_what_was_searched_for_is_searched_for_again(
    settings: Callable[..., Settings], page: Page
) -> None:
    made = installation(settings)
    made.deliver("a_\u00a0x.csv", "id,x\n1\n")
    made.run()
    made.warehouse.publish_summary()
    with serving(Visitor(made.settings)) as address:
        page.goto(f"{address}/failures?q=a_%C2%A0x")
        page.get_by_role("button", name="Show", exact=True).click()
        page.wait_for_url("**/failures?q=a_%C2%A0x&table=")
        expect(page.locator("th a.file-name")).to_have_count(1)
