"""What `--json` writes is what docs/command-line.md promises: all keys, their types, no others."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from airflow_landing_loader.cli.commands import status
from airflow_landing_loader.loading.model import DbtDue, OpenBatch, Overview

DOCS = Path(__file__).parents[3] / "docs"
PAGE = (DOCS / "command-line.md").read_text(encoding="utf-8")
TYPES: dict[type, str] = {
    str: "text",
    bool: "boolean",
    int: "number",
    float: "number",
    list: "list",
    dict: "object",
    type(None): "null",
}
Shape = dict[str, set[str]]


def _table(text: str, head: str) -> dict[str, str]:
    """Key and type of each row of the table with this head."""
    table = text.partition(f"| {head} |")[2].partition("\n\n")[0]
    assert table, head
    return dict(re.findall(r"^\| `([^`]+)` \| ([^|]+) \|", table, re.MULTILINE))


def _sections() -> dict[str, str]:
    """The text below each heading."""
    parts = re.split(r"^## (.*)$", PAGE, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


ERROR = _table(PAGE, "key of an error | type")


def _columns(table: str) -> list[str]:
    """The columns of one of our tables, as docs/tables.md has them."""
    page = (DOCS / "tables.md").read_text(encoding="utf-8")
    section = page.partition(f"## `{table}`")[2].partition("\n## ")[0]
    _, has_table, rows = section.partition("| column | holds |")
    if not has_table:
        return re.findall("`([^`]+)`", section.split("\n\n")[1])
    firsts = re.findall(r"^\| (`.*?) \|", rows.partition("\n\n")[0], re.M)
    return [name for first in firsts for name in first.split("`")[1::2]]


def _promised(command: str) -> tuple[Shape, set[str]]:
    """Each path with the types that it may have; and the paths of rows, whose types are SQL's."""
    shape: Shape = {}
    rows: set[str] = set()

    def add(path: str, words: str) -> None:
        kinds = set(re.split(r", | or ", words.strip()))
        for kind, item in (("error", ""), ("list of errors", "[]")):
            if kind in kinds:
                kinds = kinds - {kind} | {"list" if item else "object"}
                for name, type_ in ERROR.items():
                    add(f"{path}{item}.{name}", type_)
        if "list of texts" in kinds:
            kinds = kinds - {"list of texts"} | {"list"}
            shape[f"{path}[]"] = {"text"}
        if "list of rows" in kinds:
            kinds = {"list"}
            table = {"loads": "load_metadata", "deliveries": "load_deliveries"}[path]
            rows.update(f"{path}[].{name}" for name in _columns(table))
        shape[path] = kinds

    for path, words in _table(_sections()[command], "JSON key | type").items():
        add(path, words)
    return shape, rows


def _written(value: Any, path: str = "", into: Shape | None = None) -> Shape:
    """Each path of a document with the types that were there."""
    shape: Shape = {} if into is None else into
    if path:
        shape.setdefault(path, set()).add(TYPES[type(value)])
    if isinstance(value, dict):
        for name, item in value.items():
            _written(item, f"{path}.{name}" if path else name, shape)
    if isinstance(value, list):
        for item in value:
            _written(item, f"{path}[]", shape)
    return shape


def _agree(command: str, *documents: Any) -> None:
    promised, rows = _promised(command)
    written: Shape = {}
    for document in documents:
        _written(document, into=written)
    found = {path: kinds for path, kinds in written.items() if path.removesuffix("[]") == path}
    found = {path: kinds for path, kinds in found.items() if not _in_rows(path, rows)}
    documented = {path for path in promised if not path.endswith("[]")}
    assert set(found) == documented
    for path, kinds in written.items():
        if path in promised:
            assert kinds <= promised[path], path
    in_rows = {path for path in written if path.startswith(("loads[].", "deliveries[]."))}
    assert {path for path in in_rows if not path.endswith("[]")} == rows


def _in_rows(path: str, rows: set[str]) -> bool:
    return bool(rows) and path.startswith(("loads[].", "deliveries[]."))


MAPPING = """
good_*.csv:
  table: raw_good
  settle_seconds: 0
  grace_seconds: 0

counted_*.csv:
  table: raw_counted
  settle_seconds: 0
  go_file:
    pattern: counted_*.go
    format: csv
    totals: {a: {max_at: 1, hash_total_at: 2, width: 4}}
"""


@pytest.fixture
def day(cli: Any) -> Any:
    """Zones with a load, a failure, and a mapping that is wrong."""
    (cli.zones.tables / "good.yaml").write_text(MAPPING)
    (cli.zones.tables / "wrong.yaml").write_text("x*.csv: {tabel: raw_x}\n")
    cli.land("good_1.csv", "a\n1\n")
    cli.land("counted_1.csv", "a\n1\n")
    cli.land("counted_1.go", "1,1\n")
    cli.land("counted_2.csv", "a\n\n")
    cli.land("counted_2.go", ",0\n")
    cli.land("instruments_1.csv", "a\n1,2\n")
    assert cli("run", "--once").code == 1
    return cli


def test_validate_and_list(day: Any) -> None:
    day.land("instruments_2.csv", "a\n1\n")
    _agree("validate", day("validate", "--json").json())
    _agree("list", day("list", "--json").json())


def test_init(day: Any, tmp_path: Path) -> None:
    folder = tmp_path / "unknown"
    folder.mkdir()
    (folder / "a_20240115.csv").write_text("id,n\n1,2\n")
    (folder / "a_20240115.done").write_text("")
    (folder / "b_7.csv").write_text("name,city\nAnn,Rome\n")
    (folder / "good_7.csv").write_text("id\n1\n")
    (folder / "instruments_7.txt").write_text("id,n\n1,2\n")
    (folder / "empty.csv").write_text("")
    (day.zones.tables / "instruments.yaml").write_text("x.csv: raw_x\n")
    ran = day("init", str(folder), "--json")
    assert ran.code == 1
    _agree("init FOLDER", ran.json())


def test_check(day: Any) -> None:
    day.land("good_2.csv", "b,a\n1,2\n")
    day.land("trades_1.csv", "a\n")
    (day.zones.tables / "new.yaml").write_text(
        "new_*.csv: {table: raw_new, settle_seconds: 0, csv: {rename: {price in %: price}}}\n"
    )
    day.land("new_1.csv", "price in %\n1\n")
    day.land("counted_3.csv", "a\n\n")
    day.land("counted_3.go", ",0\n")
    day.land("counted_4.csv", "a\n1\n")
    day.land("counted_4.go", "1,1\n")
    names = ("good_2.csv", "trades_1.csv", "new_1.csv", "counted_3.csv", "counted_4.csv")
    _agree("check FILE", *(day("check", name, "--json").json() for name in names))


def test_status(day: Any) -> None:
    now = datetime.now(UTC)
    batch = OpenBatch(tables=("t",), files=("f",), since=now, rows_first=True)
    due = DbtDue(table="t", sequence=1, last_attempt=now)
    overview = Overview(
        as_of=now, loads=(), deliveries=(), dbt_due=(due,), busy_with="x", open_batches=(batch,)
    )
    written = status._document(overview, (), 0, ())
    empty = day("status", "--json").json()
    for path in (day.zones.archive).rglob("*.csv"):
        with path.open("a") as file:
            file.write("more\n")
    _agree("status", empty, day("status", "--json").json(), json.loads(json.dumps(written)))


def test_arrivals(day: Any) -> None:
    import duckdb

    page = PAGE.partition("## arrivals")[2]
    day.zones.tables.joinpath("expected.yaml").write_text(
        'exp_*.csv: {table: raw_exp, settle_seconds: 0, expect: {by: "00:01", until: "00:02"}}\n'
    )
    day("arrivals")
    with duckdb.connect(str(day.zones.root / "warehouse.duckdb")) as con:
        con.execute("UPDATE load_arrivals SET day = '2020-01-01'")
    day.land("exp_1.csv", "a\n1\n")
    day("run", "--once")
    documents = [
        day("arrivals", "--json").json(),
        day("arrivals", "--json", "--at", "2020-01-01T00:00").json(),
    ]
    assert documents[0]["incidents"]
    assert {key for one in documents[0]["windows"] for key in one} == set(
        documents[0]["incidents"][0]
    )
    assert "with the keys of `incidents`" in page
    _agree("arrivals", *({**document, "windows": []} for document in documents))


def test_events(day: Any) -> None:
    folder = day.zones.tables.parent / "channels"
    folder.mkdir()
    (folder / "bus.yaml").write_text("type: log\nevents: all\n")
    day.land("good_5.csv", "a\n5\n")
    day("run", "--once")
    (folder / "bus.yaml").unlink()
    pending = day("events", "--json").json()
    assert [event["event_type"] for event in pending["pending"]] == ["layer.completed"]
    published = day("events", "publish", "--json").json()
    assert published["stuck"][0]["channel"] == "bus"
    of_run = {**pending["pending"][0], "load_id": None, "dag_id": "d", "run_id": "r"}
    _agree("events", {"pending": [*pending["pending"], of_run]}, published)


def test_replay_verify_and_unload(day: Any) -> None:
    _agree("verify LOAD", *_verified(day))
    _agree("unload LOAD", day("unload", "good_1.csv", "--json").json())
    good = day("replay", "instruments_1.csv", "--json").json()
    day.land("instruments_1.csv", "a\n1,2\n", failed=True)
    _agree("replay FILE...", good | {"record_error": None}, {"record_error": _an_error(day)})


def test_discard(day: Any) -> None:
    day.land("trades_1.csv", "a\n1\n")
    day.land("trades_1.go", "record_count=5\n")
    assert day("run", "--once").code == 1
    gone = ("instruments_1.csv", "trades_1.csv", "no.csv")
    _agree("discard FILE...", day("discard", *gone, "--reason", "why", "--json").json())


def test_promote(day: Any) -> None:
    day.land("good_2.csv", "a,b\n1,2\n")
    assert day("run", "--once").code == 1
    arguments = ("promote", "raw_good", "b", "--json")
    asked = (day(*arguments, *more).json() for more in (["--dry-run"], ["--yes"], []))
    _agree("promote TABLE COLUMN", *asked)


def _verified(day: Any) -> list[Any]:
    import duckdb

    good = day("verify", "good_1.csv", "--json").json()
    with duckdb.connect(str(day.zones.root / "warehouse.duckdb")) as con:
        con.execute("UPDATE raw_good SET a = 'x'")
    bad = day("verify", "good_1.csv", "--json").json()
    with duckdb.connect(str(day.zones.root / "warehouse.duckdb")) as con:
        con.execute("UPDATE raw_good SET a = '1'")
    return [good, bad, *(day("verify", f"counted_{n}.csv", "--json").json() for n in (1, 2))]


def _an_error(day: Any) -> Any:
    return day("verify", "nobody.csv", "--json").json()["error"]


def test_doctor_and_errors(day: Any) -> None:
    _agree("doctor", day("doctor", "--json").json())
    failed = day("check", "nobody.csv", "--json").json()
    assert set(failed) == {"error"}
    assert set(failed["error"]) == set(ERROR)


def test_every_command_with_json_has_its_table() -> None:
    from airflow_landing_loader.cli.app import app

    with_json = {
        command.name or command.callback.__name__
        for command in app.registered_commands
        if command.callback is not None and "as_json" in command.callback.__annotations__
    }
    documented = {name.split()[0] for name, text in _sections().items() if "| JSON key |" in text}
    assert with_json == documented
