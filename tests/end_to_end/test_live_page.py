"""People of different rights in front of a live Airflow, each auth manager in turn, in Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Error, Page, Route, expect
from tests.support import browser as browsing
from tests.support.browser import Theme, axe, log_in, page_for, picture
from tests.support.live_airflow import (
    ADMIN,
    EDITOR,
    VIEWER,
    FabUsers,
    LiveAirflow,
    SimpleUsers,
    Users,
    live_airflow,
)

from airflow_home import HOST

TRADES = "landing__raw_trades"
OTHER = "landing__raw_positions"
# May do everything with one table, and does not know of the others.
TRADER = "trader"
# May read everything, until it is given more.
READER = "reader"
READ = ("can_read", "Website")
FAB = FabUsers(
    roles={
        TRADER: [READ, ("can_read", f"DAG:{TRADES}"), ("can_edit", f"DAG:{TRADES}")],
        READER: [READ, ("can_read", "DAGs")],
    }
)
PLUGIN = "/plugin/landing-loader/"
OWN = "/landing-loader/"
# What nobody sees without a login.
GUARDED = f"{OWN}failures"


@dataclass(frozen=True)
class Place:
    """An Airflow's people, and the prefix of its addresses.

    :param sees: whom the menu shows what plugins bring: with FAB not everybody may list plugins.
    """

    users: Users
    prefix: str
    sees: str


# The second has a prefix, so that both are tried with one start less.
PLACES = {
    "simple": Place(SimpleUsers(), prefix="", sees=VIEWER),
    "fab": Place(FAB, prefix="/team-a", sees=ADMIN),
}
ONLY_SIMPLE = pytest.mark.parametrize("place", ["simple"], indirect=True)
ONLY_FAB = pytest.mark.parametrize("place", ["fab"], indirect=True)


@pytest.fixture(scope="module", params=list(PLACES))
def place(request: pytest.FixtureRequest) -> Place:
    """Each place in turn."""
    return PLACES[request.param]


@pytest.fixture(scope="module")
def live(place: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveAirflow]:
    """An Airflow that runs nothing."""
    folder = tmp_path_factory.mktemp("rights")
    with live_airflow(folder, place.users, prefix=place.prefix, api_only=True) as started:
        yield started


@pytest.fixture
def nobody(browser: Browser, live: LiveAirflow) -> Iterator[Page]:
    """A page where nobody is logged in."""
    with page_for(browser, live) as page:
        yield page


def pause(live: LiveAirflow, user: str | None, dag_id: str) -> int:
    """The HTTP status of somebody's attempt to change a DAG."""
    with live.client(user) as client:
        return client.patch(f"/api/v2/dags/{dag_id}", json={"is_paused": False}).status_code


def test_people_may_do_what_their_role_may(live: LiveAirflow) -> None:
    assert {user: pause(live, user, TRADES) for user in (None, VIEWER, EDITOR, ADMIN)} == {
        None: 401,
        VIEWER: 403,
        EDITOR: 200,
        ADMIN: 200,
    }


@ONLY_FAB
def test_a_role_may_be_for_one_table(live: LiveAirflow) -> None:
    assert (pause(live, TRADER, TRADES), pause(live, TRADER, OTHER)) == (200, 403)
    assert live.api(TRADER).dag_ids() == [TRADES]


def test_people_log_in_by_the_form(nobody: Page, live: LiveAirflow) -> None:
    nobody.goto(f"{live.url}/dags")
    log_in(nobody, EDITOR)
    nobody.get_by_role("link", name=TRADES).wait_for()
    assert nobody.url == f"{live.url}/dags"


@ONLY_SIMPLE
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_people_come_back_logged_in_and_to_their_theme(
    browser: Browser, live: LiveAirflow, theme: Theme
) -> None:
    with page_for(browser, live, VIEWER, theme=theme) as page:
        page.goto(f"{live.url}/dags/{TRADES}")
        page.get_by_role("heading", name=TRADES).wait_for()
        assert page.url == f"{live.url}/dags/{TRADES}"
        assert page.locator("html").get_attribute("class") == theme


@ONLY_SIMPLE
def test_axe_finds_what_keeps_people_out(nobody: Page) -> None:
    good = "<!doctype html><html lang=en><title>t</title><main><h1>h</h1>{}</main>"
    nobody.set_content(good.format("<img src=x alt=x>"))
    assert axe(nobody) == []
    nobody.set_content(good.format("<img src=x>"))
    (found,) = axe(nobody)
    assert (found.rule, found.impact, found.elements) == (
        "image-alt",
        "critical",
        ('<img src="x">',),
    )


@ONLY_SIMPLE
def test_a_picture_is_taken_when_it_is_asked_for(
    nobody: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browsing, "PICTURES", tmp_path)
    monkeypatch.delenv("SCREENSHOTS", raising=False)
    picture(nobody, "page")
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setenv("SCREENSHOTS", "1")
    picture(nobody, "page")
    assert (tmp_path / "page.png").read_bytes().startswith(b"\x89PNG")


@ONLY_SIMPLE
def test_nothing_comes_from_elsewhere(nobody: Page) -> None:
    with pytest.raises(Error, match="ERR_NAME_NOT_RESOLVED"):
        nobody.goto("http://example.com/")


def framed(page: Page) -> str:
    """The address of the page in Airflow's frame."""
    page.locator("iframe[title='Landing zone']").wait_for()
    (frame,) = page.frames[1:]
    frame.wait_for_load_state()
    return frame.url


def test_the_menu_leads_to_the_page(browser: Browser, live: LiveAirflow, place: Place) -> None:
    with page_for(browser, live, place.sees) as page:
        page.goto(f"{live.url}/")
        page.get_by_role("button", name="Browse").click()
        page.get_by_role("menuitem", name="Landing zone").click()
        page.wait_for_url(f"{live.url}{PLUGIN}")
        assert framed(page) == f"{live.url}{OWN}"


def test_the_card_on_the_home_page_leads_there_too(
    browser: Browser, live: LiveAirflow, place: Place
) -> None:
    with page_for(browser, live, place.sees) as page:
        page.goto(f"{live.url}/")
        page.get_by_role("region", name="Landing zone").get_by_role("link").click()
        page.wait_for_url(f"{live.url}{PLUGIN}")
        assert framed(page) == f"{live.url}{OWN}"


def test_the_card_warns_where_landing_cannot_be_read(
    browser: Browser, live: LiveAirflow, place: Place
) -> None:
    figures = {"failures": 0, "late": 0, "waiting": None, "loaded_today": 0}
    with page_for(browser, live, place.sees) as page:
        page.route(
            "**/landing-loader/api/v1/overview",
            lambda route: route.fulfill(json={**figures, "landing_trouble": "It is gone."}),
        )
        page.goto(f"{live.url}/")
        card = page.get_by_role("region", name="Landing zone")
        expect(card).to_contain_text("\u26a0 landing cannot be read")
        expect(card).not_to_contain_text("waiting")


def test_an_address_deep_within_can_be_sent_on(
    browser: Browser, live: LiveAirflow, place: Place
) -> None:
    within = "loads/a%20b?table=raw_trades&page=2#rejects"
    with page_for(browser, live, place.sees) as page:
        page.goto(f"{live.url}{PLUGIN}{within}")
        assert framed(page) == f"{live.url}{OWN}{within}"
        assert page.url == f"{live.url}{PLUGIN}{within}"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_in_the_frame_it_is_as_airflow_is(
    browser: Browser, live: LiveAirflow, place: Place, theme: Theme
) -> None:
    with page_for(browser, live, place.sees, theme=theme) as page:
        page.goto(f"{live.url}{PLUGIN}")
        within = page.frame_locator("iframe[title='Landing zone']")
        within.get_by_role("link", name="raw_trades").wait_for()
        expect(within.locator("html")).to_have_class(f"{theme} framed")
        (frame,) = page.frames[1:]
        around = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        assert frame.evaluate("getComputedStyle(document.body).backgroundColor") == around
        assert axe(frame) == []


def test_who_may_only_read_is_refused_what_others_are_not(live: LiveAirflow) -> None:
    asked = {"table": "raw_trades", "files": ["trades_1.csv"]}

    def replay(user: str | None) -> int:
        with live.client(user) as client:
            return client.post(f"{OWN}api/v1/etl/replay", json=asked).status_code

    assert {user: replay(user) for user in (None, VIEWER, EDITOR, ADMIN)} == {
        None: 401,
        VIEWER: 403,
        EDITOR: 202,
        ADMIN: 202,
    }


def plugins_asked(page: Page, live: LiveAirflow, address: str) -> int:
    """Go to an address of Airflow's; how it answers when its page asks for the plugins."""
    with page.expect_response(lambda answer: "/api/v2/plugins" in answer.url) as answer:
        page.goto(f"{live.url}{address}")
    return answer.value.status


@ONLY_FAB
@pytest.mark.parametrize("user", [VIEWER, EDITOR])
def test_without_the_permission_there_is_no_entry_but_the_page(
    browser: Browser, live: LiveAirflow, user: str
) -> None:
    with page_for(browser, live, user) as page:
        assert plugins_asked(page, live, "/") == 403
        page.get_by_role("link", name="Dags").first.wait_for()
        expect(page.get_by_text("Landing zone")).to_have_count(0)
        answer = page.goto(f"{live.url}{GUARDED}")
        assert answer is not None
        assert (answer.status, page.url) == (200, f"{live.url}{GUARDED}")


@ONLY_FAB
def test_with_the_permission_there_is(browser: Browser, live: LiveAirflow) -> None:
    with page_for(browser, live, READER) as page:
        assert plugins_asked(page, live, PLUGIN) == 403
        given = live.airflow.run(
            *("airflow", "roles", "add-perms", READER, "-r", "Plugins", "-a", "can_read")
        )
        assert given.returncode == 0, given.stderr
        assert plugins_asked(page, live, PLUGIN) == 200
        assert framed(page) == f"{live.url}{OWN}"


def test_the_page_sends_people_to_the_login_and_back(nobody: Page, live: LiveAirflow) -> None:
    asked = f"{live.url}{GUARDED}?a=1&b=%C3%A9"
    nobody.goto(asked)
    assert urlsplit(nobody.url).path.startswith(f"{urlsplit(live.url).path}/auth/login")
    log_in(nobody, VIEWER)
    nobody.wait_for_url(asked)


def test_a_form_of_a_sibling_site_does_nothing(browser: Browser, live: LiveAirflow) -> None:
    host = "airflow.corp.test"
    ours = live.url.replace(HOST, host) + OWN
    form = f"<form method=post action='{ours}api/v1/x'><button>Win</button></form>"

    def answer(route: Route) -> None:
        route.fulfill(body=form, content_type="text/html")

    with page_for(browser, live, EDITOR, host=host) as page:
        page.goto(f"{ours}openapi.json")
        # From our own page it would go through, if there were something at that address.
        post = "where => fetch(where, {method: 'POST'}).then(answer => answer.status)"
        assert page.evaluate(post, f"{ours}api/v1/x") == 404

        page.route("http://sibling.corp.test/**", answer)
        page.goto("http://sibling.corp.test/")
        with page.expect_response(f"{ours}api/v1/x") as refused:
            page.click("button")
        assert "_token=" in refused.value.request.all_headers()["cookie"]
        assert refused.value.status == 403
