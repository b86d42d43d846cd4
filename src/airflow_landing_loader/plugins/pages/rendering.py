"""Templates, and the page around each: what is the same wherever somebody looks.

Whatever a template prints was delivered by a stranger. It is escaped for HTML, and what cannot be
printed (line ends, marks of text direction, half a surrogate) is shown as an escape. Only what a
form sends back is the very name, by the filter ``sent``: another file may be called as an escape
looks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any, Literal

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse

from airflow_landing_loader.loading.ledger.tables import now as utc_now
from airflow_landing_loader.loading.model import short_id
from airflow_landing_loader.loading.reading.quality import shown_score
from airflow_landing_loader.monitoring.overview import LandingOverview
from airflow_landing_loader.plugins.pages import words
from airflow_landing_loader.plugins.pages.links import Links
from airflow_landing_loader.plugins.pages.visits import Visit, total_open_failures
from airflow_landing_loader.safe_text import counted, delivered, escaped, shown_name

_TEMPLATES = Path(__file__).parents[1] / "templates"

Section = Literal[
    "overview",
    "loads",
    "failures",
    "drift",
    "arrivals",
    "quality",
    "unmatched",
    "executions",
]
_SECTIONS: Mapping[Section, str] = {
    "overview": "Overview",
    "loads": "Loads",
    "failures": "Failures",
    "drift": "Drift",
    "arrivals": "Arrivals",
    "quality": "Quality",
    "unmatched": "Unmatched",
    "executions": "Executions",
}


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One entry of the navigation.

    :param count: of what wants attention there; 0 is not shown.
    :param bad: whether that is red.
    """

    label: str
    href: str
    current: bool
    count: int = 0
    bad: bool = False


@dataclass(frozen=True, kw_only=True)
class Around:
    """The page around a view.

    :param title: of the page; a heading of its own stands in the view.
    :param as_of: when the books were as shown; ``None``: nobody could ask them.
    :param busy_with: who has the database.
    :param is_copy: whether the books are not on this machine.
    :param troubles: what cannot be read, and why.
    :param renews: whether the page is taken anew while somebody looks at it.
    """

    title: str
    navigation: tuple[Entry, ...]
    as_of: datetime | None = None
    busy_with: str | None = None
    is_copy: bool = False
    troubles: tuple[str, ...] = ()
    renews: bool = False


def page(
    request: Request,
    visit: Visit,
    template: str,
    view: object,
    *,
    title: str,
    section: Section | None = None,
    renews: bool = True,
) -> HTMLResponse:
    """Render a view.

    :param template: name of the file, which finds the view as ``view``.
    :param section: which entry of the navigation it belongs to.
    :param renews: whether it is taken anew while somebody looks at it; not where that is dear.
    """
    links = Links.of(request)
    around = Around(
        title=title,
        navigation=_navigation(links, section, _attention(visit.overview)),
        as_of=visit.overview.as_of,
        busy_with=visit.overview.busy_with,
        is_copy=visit.overview.is_copy,
        troubles=visit.monitor.troubles(),
        renews=renews,
    )
    return _rendered(template, links, around, HTTPStatus.OK, view)


def bare_page(
    request: Request, template: str, view: object, *, title: str, status: HTTPStatus
) -> HTMLResponse:
    """Render a view where nothing is known of who looks, nor of what there is."""
    links = Links.of(request)
    around = Around(title=title, navigation=_navigation(links, None, {}))
    return _rendered(template, links, around, status, view)


def _rendered(
    template: str, links: Links, around: Around, status: HTTPStatus, view: object
) -> HTMLResponse:
    text = (
        environment()
        .get_template(template)
        .render(links=links, around=around, view=view, now=utc_now())
    )
    return HTMLResponse(text, status_code=status.value)


def _navigation(
    links: Links, section: Section | None, attention: Mapping[Section, tuple[int, bool]]
) -> tuple[Entry, ...]:
    entries = []
    for name, label in _SECTIONS.items():
        count, bad = attention.get(name, (0, False))
        href = links.page() if name == "overview" else links.page(name)
        current = name == section
        entries.append(Entry(label=label, href=href, current=current, count=count, bad=bad))
    return tuple(entries)


def _attention(overview: LandingOverview) -> Mapping[Section, tuple[int, bool]]:
    """How much there is to see to in each section, and whether that is bad."""
    kinds = overview.problems()
    waited = sum(kinds.get(kind, 0) for kind in words.OF_WINDOWS)
    drift = sum(len(state.books.drift) for state in overview.tables if state.books is not None)
    return {
        "failures": (total_open_failures(overview.tables), True),
        "drift": (drift, False),
        "arrivals": (waited, True),
        "quality": (kinds.get("quality", 0), False),
        "unmatched": (overview.unmatched.count("unmatched", "refused"), False),
    }


@cache
def environment() -> Environment:
    """Where templates come from, and what they may ask for."""
    made = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_printable,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters.update(
        stored_name=_stored_name,
        landed_name=shown_name,
        short_id=short_id,
        size=words.size,
        duration=words.duration,
        number=_number,
        short_number=words.short_number,
        score=shown_score,
        ago=words.ago,
        machine_time=words.machine_time,
        utc_text=words.utc_text,
        middle=middle,
        sent=_sent,
    )
    made.globals.update(words=words, counted=counted)
    return made


def middle(text: str, most: int = 60) -> str:
    """A name with its middle left out where it is too long: both ends of a file's name tell."""
    if len(text) <= most:
        return text
    end = most // 3
    return f"{text[: most - end - 1]}\u2026{text[-end:]}"


def _number(count: int) -> str:
    return f"{count:,}"


def _stored_name(name: str) -> str:
    """A name of the books as it was delivered, as far as that can be printed."""
    return shown_name(delivered(name))


def _sent(value: str) -> Markup:
    """A value that a program is given, as an attribute: the browser has the very same text.

    What cannot be printed is a reference to its number, as HTML's parser makes of a bare CR another
    line end; not so a control character above ASCII, of whose number it makes another sign.
    """
    return Markup("").join(
        c if c.isprintable() or "\x7f" < c < "\xa0" else Markup("&#x{:x};").format(ord(c))
        for c in value
    )


def _printable(value: Any) -> Any:
    """What a template prints: on one line, and in the order in which it stands there."""
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return escaped(value)
