"""People of different rights in front of a live Airflow, each auth manager in turn, in Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, Page
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

TRADES = "landing__raw_trades"
OTHER = "landing__raw_positions"
# May do everything with one table, and does not know of the others.
TRADER = "trader"
READ = ("can_read", "Website")
FAB = FabUsers(
    roles={
        TRADER: [READ, ("can_read", f"DAG:{TRADES}"), ("can_edit", f"DAG:{TRADES}")],
    }
)


@dataclass(frozen=True)
class Place:
    """An Airflow's people, and the prefix of its addresses."""

    users: Users
    prefix: str


# The second has a prefix, so that both are tried with one start less.
PLACES = {
    "simple": Place(SimpleUsers(), prefix=""),
    "fab": Place(FAB, prefix="/team-a"),
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
