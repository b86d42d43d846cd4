"""Failures: grouped by cause, explained in place, and to be replayed or discarded by who may."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.support.pages import ROOT, Visitor, words_of
from tests.support.showcase import Showcase

from airflow_landing_loader.loading.ledger.tables import now
from airflow_landing_loader.loading.operations import ActionRecord
from airflow_landing_loader.loading.warehouses.duckdb.lock import DatabaseLock
from airflow_landing_loader.settings import Settings

HOSTILE = "a_\u202egnp.exe <img src=x onerror=alert(1)>'\".csv"
VALUE = "12<script>alert('v')</script>"
MAPPINGS = """\
a_*.csv: {table: raw_a, settle_seconds: 0, csv: {columns: [id, x]}}
b_*.csv: {table: raw_b, settle_seconds: 0, trailer: {row_count_column: 1, tag: T}}
"""


def files_of(tree: Any) -> list[str]:
    return tree.xpath("//table[contains(@class, 'failures')]//th//a/text()")


def causes_of(tree: Any) -> list[str]:
    return tree.xpath("//section//h2/code/text()")


@pytest.fixture(scope="module")
def refused(zones_in: Callable[[Path], Any], tmp_path_factory: pytest.TempPathFactory) -> Showcase:
    """An installation in which strangers have delivered what they could."""
    zones = zones_in(tmp_path_factory.mktemp("refused"))
    (zones.tables / "all.yaml").write_text(MAPPINGS)
    made = Showcase.in_zones(zones, dbt_mode="off")
    made.deliver(HOSTILE, "id,x\n1\n")
    made.deliver("a_\udce9.csv", "id,x\n1\n")
    for n in range(60):
        made.deliver(f"a_{n:02}.csv", "id,x\n1,2,3\n")
    made.deliver("b_1.csv", f"id,x\n1,2\nT,{VALUE}\n")
    made.run()
    made.warehouse.publish_summary()
    return made


def seen(refused: Showcase, **changes: Any) -> Visitor:
    rights = {key: changes.pop(key) for key in ("reads", "acts") if key in changes}
    return Visitor(replace(refused.settings, **changes), **rights)


def test_the_most_frequent_cause_stands_first_and_is_explained(visitor: Visitor) -> None:
    tree = visitor.look("failures")
    assert "3 deliveries lie in failed" in tree.xpath("string(//h1)")
    assert causes_of(tree) == ["csv.stray_quote", "count.too_few"]
    (first, _) = tree.xpath("//section[@class='cause']")
    said = words_of(first)
    assert "A quote in the middle of a field" in said
    assert "What helps Mend the quote, or set csv.quote" in said
    assert "2 deliveries" in said
    assert "line" in said
    assert "its run" in said
    (run, *_) = first.xpath(".//a[text()='its run']")
    assert run.get("target") == "_top"
    assert run.get("href").startswith("/team-a/dags/landing__raw_trades/runs/scheduled__")


@pytest.mark.parametrize(
    ("query", "causes"),
    [
        ({"table": "raw_trades"}, ["count.too_few"]),
        ({"code": "csv.stray_quote"}, ["csv.stray_quote"]),
        ({"q": "TRADES_"}, ["count.too_few"]),
        ({"q": "stands beside"}, ["csv.stray_quote"]),
        ({"q": "%"}, []),
        ({"table": "raw_countries"}, []),
        ({"table": "no_such", "q": "<script>"}, []),
        ({"code": "no.such"}, []),
    ],
)
def test_filters(visitor: Visitor, query: dict[str, str], causes: list[str]) -> None:
    assert causes_of(visitor.look("failures", **query)) == causes


@pytest.mark.parametrize(
    "query",
    [{"show": "all"}, {"before": "x"}, {"before": "2026-01-01T00:00:00+00:00 x"}, {"q": "x" * 201}],
)
def test_what_cannot_be_asked_for(visitor: Visitor, query: dict[str, str]) -> None:
    answer = visitor.get("failures", **query)
    assert (answer.status_code, "cannot be asked for" in answer.text) == (422, True)


def test_only_failures_of_tables_that_one_may_read(visiting: Callable[..., Visitor]) -> None:
    other = visiting(reads=["raw_trades"])
    tree = other.look("failures")
    assert causes_of(tree) == ["count.too_few"]
    assert "positions" not in words_of(tree)
    theirs = visiting().look("failures", code="csv.stray_quote").xpath("//tbody//th/a/@href")[0]
    answer = other.client.get(theirs)
    assert (answer.status_code, "or none that you may see" in answer.text) == (404, True)


@pytest.mark.parametrize("lacks", ["acts", "asks"])
def test_who_may_not_act_has_nothing_to_choose(
    visiting: Callable[..., Visitor], lacks: str
) -> None:
    viewer = visiting(**{lacks: False})
    tree = viewer.look("failures")
    assert not tree.xpath("//input[@type='checkbox'] | //dialog")
    detail = viewer.client.get(tree.xpath("//tbody//th/a/@href")[0]).text
    assert "<dialog" not in detail
    assert "may edit" in detail


def test_many_pages_hold_each_delivery_once(refused: Showcase) -> None:
    visitor = seen(refused)
    first = visitor.look("failures")
    assert "63 deliveries lie in failed" in first.xpath("string(//h1)")
    assert "On this page are 50 deliveries, the newest, by cause." in words_of(first)
    (older,) = first.xpath("//a[@rel='next']/@href")
    from lxml import html

    second = html.document_fromstring(visitor.client.get(older).text)
    ids = [*first.xpath("//tbody//th/a/@href"), *second.xpath("//tbody//th/a/@href")]
    assert (len(ids), len(set(ids))) == (63, 63)
    assert second.xpath("//a[text()='Newest']")


def test_hostile_names_stay_text_and_are_sent_as_they_are(refused: Showcase) -> None:
    tree = seen(refused).look("failures", q="exe")
    (name,) = files_of(tree)
    assert "<img src=x" in name
    assert "\\u202e" in name
    (box,) = tree.xpath("//input[@data-choice]")
    assert box.get("data-table") == "raw_a"
    (stored,) = seen(refused).look("failures", q="\\xe9").xpath("//input[@data-choice]/@value")
    assert stored == "a_\\xe9.csv"


def test_values_are_shown_only_where_they_may_be(refused: Showcase) -> None:
    hidden, shown = seen(refused), seen(refused, show_values=True)
    (path,) = hidden.look("failures", table="raw_b").xpath("//tbody//th/a/@href")
    path = path.removeprefix(f"{ROOT}/")
    for page, query in (("failures", {"table": "raw_b"}), (path, {})):
        assert "alert(&#39;v&#39;)" not in hidden.get(page, **query).text
        assert "alert('v')" not in words_of(hidden.look(page, **query))
        assert VALUE in words_of(shown.look(page, **query))
    assert "Values of cells are hidden" in words_of(hidden.look("failures", table="raw_b"))
    assert "hidden: the file itself has it" in words_of(hidden.look(path))


def test_one_delivery_with_all_that_is_known_and_what_to_do(visitor: Visitor) -> None:
    (path,) = visitor.look("failures", table="raw_trades").xpath("//tbody//th/a/@href")
    tree = visitor.look(path.removeprefix(f"{ROOT}/"))
    said = words_of(tree)
    assert "count.too_few Fewer records than go file or trailer promise." in said
    assert "The file is not complete; ask the sender." in said
    assert "Then replay it; or discard it" in said
    assert ".csv.error.json" in said
    for field in ("code", "message", "line", "data_name", "go_name", "mapping", "data_token"):
        assert tree.xpath(f"//dt[text()='{field}']") or field == "line"
    assert set(tree.xpath("//dialog/@id")) == {"replay", "discard"}
    (reason,) = tree.xpath("//dialog[@id='discard']//textarea")
    assert reason.get("required") is not None
    assert tree.xpath("//dialog[@id='replay']//input[@name='table']/@value") == ["raw_trades"]
    (earlier,) = tree.xpath("//a[text()='Its earlier failures']/@href")
    assert "table=raw_trades" in earlier
    assert tree.xpath("//dialog//form/@action") == [
        f"{ROOT}/api/v1/etl/replay",
        f"{ROOT}/api/v1/etl/discard",
    ]


@pytest.mark.parametrize("delivery_id", ["no-such", "..%2f", "a" * 200, "%00", "'"])
def test_no_such_delivery(visitor: Visitor, delivery_id: str) -> None:
    assert visitor.get(f"failures/{delivery_id}").status_code == 404


def test_what_was_loaded_is_no_failure(visitor: Visitor, showcase: Showcase) -> None:
    loaded = showcase.warehouse.overview(500).deliveries
    good = next(record for record in loaded if record.outcome == "loaded")
    assert visitor.get(f"failures/{good.delivery_id}").status_code == 404


def test_a_file_that_is_gone_is_told_and_cannot_be_chosen(
    settings: Callable[..., Settings],
) -> None:
    made = Showcase(settings(dbt_mode="off"))
    Path(made.settings.table_config_path, "all.yaml").write_text(MAPPINGS)
    made.deliver("a_1.csv", "id,x\n1\n")
    made.run()
    made.warehouse.publish_summary()
    for file in Path(made.settings.failed_path).iterdir():
        if file.is_file():
            file.unlink()
    visitor = Visitor(made.settings)
    tree = visitor.look("failures")
    assert not tree.xpath("//input[@type='checkbox']")
    assert "gone" in words_of(tree)
    (path,) = tree.xpath("//tbody//th/a/@href")
    assert "does not lie in failed any more" in visitor.client.get(path).text


def test_a_sidecar_of_another_delivery_says_nothing_here(settings: Callable[..., Settings]) -> None:
    made = Showcase(settings(dbt_mode="off", show_values=True))
    Path(made.settings.table_config_path, "all.yaml").write_text(MAPPINGS)
    made.deliver("a_1.csv", "id,x\n1\n")
    made.run()
    made.warehouse.publish_summary()
    (sidecar,) = Path(made.settings.failed_path).glob("*.error.json")
    told = json.loads(sidecar.read_text()) | {"table": "raw_secret", "message": "of another"}
    sidecar.write_text(json.dumps(told))
    visitor = Visitor(made.settings)
    tree = visitor.look("failures")
    assert "of another" not in words_of(tree)
    assert "1 field" in words_of(tree)
    (path,) = tree.xpath("//tbody//th/a/@href")
    assert "There is none of this delivery" in visitor.client.get(path).text


def test_a_failed_zone_that_is_gone_is_told(settings: Callable[..., Settings]) -> None:
    made = Showcase(settings(dbt_mode="off"))
    Path(made.settings.table_config_path, "all.yaml").write_text(MAPPINGS)
    made.deliver("a_1.csv", "id,x\n1\n")
    made.run()
    made.warehouse.publish_summary()
    visitor = Visitor(replace(made.settings, failed_path=f"{made.settings.failed_path}.gone"))
    tree = visitor.look("failures")
    assert files_of(tree) == ["a_1.csv"]
    assert ".gone" in words_of(tree)


def test_who_brought_what_back_and_why(settings: Callable[..., Settings]) -> None:
    made = Showcase(settings(dbt_mode="off"))
    Path(made.settings.table_config_path, "all.yaml").write_text(MAPPINGS)
    for name in ("a_1.csv", "a_2.csv"):
        made.deliver(name, "id,x\n1\n")
    made.run()
    ids = [record.delivery_id for record in made.warehouse.overview(9).deliveries]
    made.warehouse.mark_replayed(ids, now())
    at = datetime.now(UTC).replace(tzinfo=None)
    done = ActionRecord(
        action_id="1",
        action="replay",
        table_name="raw_a",
        targets='["a_1.csv"]',
        parameters=None,
        reason="<b>mended</b>",
        asked_by="ann",
        asked_at=at - timedelta(minutes=1),
        outcome="done",
        message="1 file brought back",
        done_at=at,
        dag_id="landing_actions",
        run_id="replay__1",
    )
    lost = replace(
        done, action_id="2", targets="[rubbish", outcome="failed", message="not there", run_id=None
    )
    made.warehouse.record_actions([done, lost])
    made.warehouse.publish_summary()
    visitor = Visitor(made.settings)
    assert "Nothing lies in failed" in visitor.look("failures").xpath("string(//h1)")
    tree = visitor.look("failures", show="ended")
    said = words_of(tree)
    assert "ann “<b>mended</b>”" in said
    assert "by hand" in said
    assert "Asked for lately, and not done" in said
    assert "not there" in said
    assert tree.xpath("//a[text()='its run']/@href") == [
        "/team-a/dags/landing_actions/runs/replay__1"
    ]
    (path, *_) = tree.xpath("//a[text()='a_1.csv']/@href")
    assert "by ann" in visitor.client.get(path).text
    with DatabaseLock(Path(made.settings.duckdb_path)).exclusive("loading", timeout=5):
        busy = words_of(visitor.look("failures", show="ended"))
        assert "A writer has the database now" in busy
        assert "who asked, and why, is told afterwards" in busy
        assert "by hand" not in busy


def ended_again(made: Showcase, days: Sequence[int]) -> None:
    """Let a file be refused and brought back, some days ago each, the oldest first."""
    Path(made.settings.table_config_path, "all.yaml").write_text(MAPPINGS)
    for back in days:
        made.deliver("a_1.csv", "id,x\n1\n")
        made.run()
        for file in Path(made.settings.failed_path).glob("a_1.csv*"):
            file.unlink()
        refused = made.warehouse.overview(1).deliveries
        made.warehouse.mark_replayed([one.delivery_id for one in refused], now())
        with made.database() as con:
            con.execute(
                f"UPDATE load_deliveries SET recorded_at = recorded_at - INTERVAL {back} DAY, "
                f"failed_at = failed_at - INTERVAL {back} DAY "
                "WHERE recorded_at > now()::TIMESTAMP - INTERVAL 1 HOUR"
            )


def replayed(by: str, back: int, *, after: int = 0, targets: str = '["a_1.csv"]') -> ActionRecord:
    """What somebody asked for some days ago, and how that ended some seconds later."""
    asked = now() - timedelta(days=back, minutes=1)
    return ActionRecord(
        action_id=f"{by}{back}",
        action="replay",
        table_name="raw_a",
        targets=targets,
        parameters=None,
        reason=f"of {by}",
        asked_by=by,
        asked_at=asked + timedelta(seconds=after),
        outcome="done",
        message="",
        done_at=asked + timedelta(minutes=1, seconds=after),
    )


def who(made: Showcase) -> list[str]:
    """Who brought what back, the newest first."""
    tree = Visitor(made.settings).look("failures", show="ended")
    return [words_of(cell) for cell in tree.xpath("//td[@data-label='Who, and why']")]


def test_each_end_is_of_who_asked_for_it_then(settings: Callable[..., Settings]) -> None:
    made = Showcase(settings(dbt_mode="off"))
    ended_again(made, (9, 6, 3))
    made.warehouse.record_actions([replayed("ann", 9), replayed("bob", 3), replayed("cyd", 0)])
    assert who(made) == ["bob “of bob”", "by hand", "ann “of ann”"]


def test_an_action_has_ended_one_delivery_of_a_name(settings: Callable[..., Settings]) -> None:
    made = Showcase(settings(dbt_mode="off"))
    ended_again(made, (3, 3))
    made.warehouse.record_actions([replayed("ann", 3)])
    assert sorted(who(made)) == ["ann “of ann”", "by hand"]
    made.warehouse.record_actions([replayed("bob", 3, after=5)])
    assert sorted(who(made)) == ["ann “of ann”", "bob “of bob”"]


def test_nobody_is_named_where_not_all_actions_were_asked_for(
    settings: Callable[..., Settings],
) -> None:
    made = Showcase(settings(dbt_mode="off"))
    ended_again(made, (3,))
    others = [replayed(f"ann{n}", 0, targets='["a_2.csv"]') for n in range(500)]
    made.warehouse.record_actions(others[:499])
    assert who(made) == ["by hand"]
    made.warehouse.record_actions(others[499:])
    assert who(made) == ["not known"]


def test_while_a_writer_works_the_newest_are_told(refused: Showcase) -> None:
    visitor = seen(refused)
    with DatabaseLock(Path(refused.settings.duckdb_path)).exclusive("loading a_9.csv", timeout=5):
        tree = visitor.look("failures", code="trailer.bad_count")
        assert causes_of(tree) == ["trailer.bad_count"]
        assert "A writer has the database now" in words_of(tree)
        (path,) = tree.xpath("//tbody//th/a/@href")
        assert visitor.client.get(path).status_code == 200


def test_an_installation_without_anything(settings: Callable[..., Settings]) -> None:
    visitor = Visitor(settings())
    assert "Nothing lies in failed" in visitor.look("failures").xpath("string(//h1)")
    assert "Nothing has been brought back" in words_of(visitor.look("failures", show="ended"))
