"""What strangers deliver, on every page: it can be read, and does nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.support.pages import Visitor, words_of
from tests.support.showcase import Showcase
from tests.support.zones import Zones

SCRIPT = "<script>alert(1)</script>"
IMAGE = "'\"><img src=x onerror=alert(1)>"
RECORD = "<img src=y onerror=alert(4)>"
REVERSED = "\u202egnp.exe\u2066"
LONG = "n" * 300
HEADERS = ("id", SCRIPT, IMAGE, REVERSED, "{{ 7 * 7 }}", LONG)
NAMES = (
    f"a_{IMAGE.replace('/', '')}.csv",
    f"a_{REVERSED}.csv",
    "a_{{ 7*7 }}{% raw %}.csv",
    "a_\udcff\udcfe.csv",
    "a_" + "\u00e9" * 100 + ".csv",
    "a_line\nend.csv",
)
MAPPING = """\
a_*.csv:
  table: raw_a
  csv: {header: true}
  on_bad_row: reject
  max_rejected: 0.9
  settle_seconds: 0
  quality: {required: [id]}
  dag: {description: "<script>alert(2)</script> {{ 7 * 7 }} LONG"}
b_*.csv:
  table: raw_b
  go_file: {pattern: "b_*.go", format: "<script>alert(3)</script>"}
"""


@pytest.fixture(scope="module")
def hostile(
    zones_in: Callable[[Path], Zones], tmp_path_factory: pytest.TempPathFactory
) -> Showcase:
    """Loads, refusals and files in landing, of senders who mean ill."""
    zones = zones_in(tmp_path_factory.mktemp("hostile"))
    made = Showcase.in_zones(zones, show_values=True)
    (zones.tables / "a.yaml").write_text(MAPPING.replace("LONG", "d" * 300))
    header = ",".join('"' + name.replace('"', '""') + '"' for name in HEADERS)
    good = "".join(f"{n}{',x' * (len(HEADERS) - 1)}\n" for n in range(20))
    for number, name in enumerate(NAMES):
        made.deliver(name, f"{header}\n{good}{number}{RECORD}\n{REVERSED}\n")
    outcomes = made.run().values()
    assert {outcome.status for outcome in outcomes} == {"loaded"}, [one.error for one in outcomes]
    made.deliver(f"a_{SCRIPT.replace('/', '')}bad.csv", "")
    made.run()
    for name in NAMES:
        made.deliver(f"z{name}", "?")
    return made


def test_no_page_does_what_a_stranger_says(hostile: Showcase) -> None:
    visitor = Visitor(hostile.settings)
    loads = visitor.look("loads").xpath("//table//th//a/@href")
    assert len(loads) == len(NAMES)
    paths = ["", "tables/raw_a", "tables/raw_b", "quality", "unmatched", "arrivals"]
    paths += [f"loads/{address.rsplit('/', 1)[1]}" for address in loads]
    for path in paths:
        tree = visitor.look(path)
        assert not tree.xpath("//img | //iframe | //object | //embed | //base")
        assert all("/static/" in source for source in tree.xpath("//script/@src"))
        assert "49" not in words_of(tree).split()


def test_what_is_hostile_is_shown_as_what_it_is(hostile: Showcase) -> None:
    visitor = Visitor(hostile.settings)
    told = words_of(visitor.look("unmatched"))
    assert r"$'za_\u202egnp.exe\u2066.csv'" in told
    assert r"\xff\xfe" in told
    assert r"line\nend" in told
    columns = words_of(visitor.look("tables/raw_a"))
    assert SCRIPT in columns
    assert r"\u202egnp.exe\u2066" in columns
    load = visitor.look("loads", q="{{ 7").xpath("//table//th//a/@href")
    rejects = words_of(visitor.look(f"loads/{load[0].rsplit('/', 1)[1]}"))
    assert RECORD in rejects


@pytest.mark.parametrize(
    "path",
    [
        f"tables/{SCRIPT}",
        "tables/..%2F..%2Fetc%2Fpasswd",
        "tables/%00",
        "tables/%ED%B3%BF",
        f"loads/{IMAGE}",
        "loads/' OR 1=1 --",
        "tables/" + "x" * 400,
    ],
)
def test_addresses_that_mean_ill_find_nothing(hostile: Showcase, path: str) -> None:
    answer = Visitor(hostile.settings).get(path)
    assert answer.status_code in (404, 422)
    assert "<script>alert" not in answer.text
    assert "<img" not in answer.text


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"q": "' OR '1'='1"}, 0),
        ({"q": "%_\\"}, 0),
        ({"q": "\x00"}, 0),
        ({"q": SCRIPT}, 0),
        ({"q": REVERSED}, 1),
        ({"table": "raw_a'; DROP TABLE load_metadata; --"}, 0),
        ({"since": "9999-12-30", "until": "9999-12-30"}, 0),
        ({"since": "0001-01-01"}, len(NAMES)),
        ({"before": "0"}, 0),
    ],
)
def test_searches_that_mean_ill_find_what_they_say(
    hostile: Showcase, query: dict[str, Any], count: int
) -> None:
    tree = Visitor(hostile.settings).look("loads", **query)
    assert len(tree.xpath("//tr[@data-row]")) == count
    assert ("No load is like that." in words_of(tree)) is not bool(count)
