"""Chromium, as people at different screens have it, and what it shows them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Frame, Page, StorageState, sync_playwright

from airflow_home import HOST
from tests.support.emulators.running import ENVIRONMENT
from tests.support.live_airflow import LiveAirflow, password_of

CHECKOUT = Path(__file__).parents[2]
PICTURES = CHECKOUT / "docs" / "images"
WIDTH, HEIGHT = 1280, 800
# For what a page shows at once on an idle machine.
PATIENCE = 120_000.0  # ms

Theme = Literal["light", "dark"]

_AXE = ENVIRONMENT / "npm" / "node_modules" / "axe-core" / "axe.min.js"
_ARGUMENTS = (
    *("--disable-gpu", "--disable-quic", "--disable-sync", "--no-proxy-server"),
    # Names below .test are this machine; whatever a page may want from elsewhere is not there.
    "--host-resolver-rules=MAP *.test 127.0.0.1, EXCLUDE 127.0.0.1, MAP * ~NOTFOUND",
)


@dataclass(frozen=True)
class Violation:
    """What axe says keeps people out of a page.

    :param rule: axe's id of the rule.
    :param impact: ``minor`` to ``critical``.
    :param says: the rule in words.
    :param elements: HTML of the elements that break it.
    """

    rule: str
    impact: str
    says: str
    elements: tuple[str, ...]


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run the installed Chromium; a test that needs it is skipped where there is none.

    No coroutine can be run by ``asyncio.run`` in this thread until it has ended.
    """
    found = subprocess.run(
        [CHECKOUT / "scripts" / "find_browser.sh"], capture_output=True, text=True, check=False
    )
    if found.returncode != 0:
        missing = "there is no Chromium: `make browser` says what to install"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(missing)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=found.stdout.strip(), headless=True, args=_ARGUMENTS
        )
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def page_for(
    browser: Browser,
    live: LiveAirflow,
    user: str | None = None,
    *,
    theme: Theme = "light",
    host: str = HOST,
) -> Iterator[Page]:
    """An empty page of a person who has nothing else open.

    :param user: who is logged in; ``None`` for nobody.
    :param theme: what is chosen in Airflow, and wanted by the person's system.
    :param host: the name by which the person calls the machine: any below ``.test``.
    """
    context = browser.new_context(
        viewport={"width": WIDTH, "height": HEIGHT},
        locale="en-GB",
        timezone_id="Europe/London",
        color_scheme=theme,
        storage_state=_state(live, user, theme, host),
    )
    context.set_default_timeout(PATIENCE)
    try:
        yield context.new_page()
    finally:
        context.close()


def log_in(page: Page, user: str) -> None:
    """Fill in the login form that the page shows, and send it.

    It is another one with each auth manager; both have labels and a button.
    """
    page.fill("input[name=username]", user)
    page.fill("input[name=password]", password_of(user))
    page.press("input[name=password]", "Enter")


def axe(page: Page | Frame) -> list[Violation]:
    """What axe finds in a page, or in a frame alone; at best nothing."""
    # Not as a script of the page: a strict page would refuse it.
    page.evaluate(_AXE.read_text())
    found = page.evaluate("axe.run().then(done => done.violations)")
    return [
        Violation(
            rule=each["id"],
            impact=each["impact"],
            says=each["help"],
            elements=tuple(node["html"] for node in each["nodes"]),
        )
        for each in found
    ]


def picture(page: Page, name: str, *, height: int = HEIGHT) -> None:
    """Take a picture for the docs, if ``SCREENSHOTS`` is set, which ``make screenshots`` does.

    :param name: of the file, without its ending.
    :param height: pixels from the top; what is below may be of this machine, as folders are.
    """
    if os.environ.get("SCREENSHOTS"):
        page.screenshot(
            path=PICTURES / f"{name}.png",
            animations="disabled",
            caret="hide",
            clip={"x": 0, "y": 0, "width": WIDTH, "height": height},
        )


def _state(live: LiveAirflow, user: str | None, theme: Theme, host: str) -> StorageState:
    """What the browser remembers of earlier visits: the login, and the theme."""
    address = urlsplit(live.url.replace(HOST, host))
    state: StorageState = {
        "origins": [
            {
                "origin": f"{address.scheme}://{address.netloc}",
                "localStorage": [{"name": "theme", "value": theme}],
            }
        ]
    }
    if user is not None:
        state["cookies"] = [
            {
                "name": "_token",
                "value": live.api(user).token(),
                "domain": host,
                "path": f"{address.path}/",
                "expires": -1,
                "httpOnly": True,
                "secure": False,
                "sameSite": "Lax",
            }
        ]
    return state
