"""What somebody has taken away by hand, of rows, books and files, and then the same file again."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.support import worlds
from typer.testing import CliRunner

from airflow_landing_loader.loading.planning.identity import load_id
from airflow_landing_loader.settings import BACKENDS

DATA = "a,b\n1,2\n3,4\n"
# Statements name a case's table as TABLE, its first file's load by OURS and the other's by THEIRS.
OURS = "_load_id IN (SELECT load_id FROM load_metadata WHERE filename = 'first_CASE.csv')"
THEIRS = OURS.replace("first", "other")
OUT_OF_THE_BOOKS = "DELETE FROM load_metadata WHERE filename = 'first_CASE.csv'"


@dataclass(frozen=True)
class Taken:
    """What somebody has taken away, or altered, of the first of two files.

    :param sql: the statements by which it was done.
    :param own_table: whether the two files have a table of their own; the other cases share one.
    :param archived: what is in the archived file then; ``None``: it is gone; ``""``: as it was.
    :param status: what the same file is when it comes again.
    :param rows: of both files in the table then.
    :param verify: what `verify` says of the load before that.
    :param unload: what `unload` says of it; ``None``: it can be taken back.
    """

    sql: tuple[str, ...] = ()
    own_table: bool = False
    archived: str | None = ""
    status: str = "loaded"
    rows: int = 3
    verify: str | None = "load.rows_differ"
    unload: str | None = None


def unknown(*sql: str, own_table: bool = False) -> Taken:
    """A load that the books do not know any more."""
    return Taken(sql, own_table, verify="load.unknown", unload="load.unknown")


def altered(sql: str, **keys: Any) -> Taken:
    """Rows that are not as they were loaded."""
    return Taken((sql,), status="duplicate", **keys)


def file_is(archived: str | None, code: str) -> Taken:
    """A file that is not as it was archived."""
    return Taken(archived=archived, status="duplicate", verify=code, unload=code)


TAKEN = {
    "row_in_the_books": unknown(OUT_OF_THE_BOOKS),
    "rows_in_all_books": unknown(
        "DELETE FROM load_columns WHERE load_id IN "
        "(SELECT load_id FROM load_metadata WHERE table_name = 'TABLE')",
        "DELETE FROM load_deliveries WHERE table_name = 'TABLE'",
        "DELETE FROM load_metadata WHERE table_name = 'TABLE'",
        own_table=True,
    ),
    "books_and_rows": unknown(f"DELETE FROM TABLE WHERE {OURS}", OUT_OF_THE_BOOKS),
    "the_table": Taken(("DROP TABLE `TABLE`",), True, rows=2, verify="load.table_unfit"),
    "all_rows": Taken((f"DELETE FROM TABLE WHERE {OURS}",)),
    "some_rows": altered(f"DELETE FROM TABLE WHERE b = '2' AND {OURS}", rows=2),
    "a_value": altered(f"UPDATE TABLE SET b = 'x' WHERE b = '2' AND {OURS}"),
    "whose_a_row_is": altered(f"UPDATE TABLE SET _load_id = 'x' WHERE b = '2' AND {OURS}"),
    "another_load": altered(f"UPDATE TABLE SET b = 'x' WHERE {THEIRS}", verify=None),
    "the_file": file_is(None, "archive.missing"),
    "other_content": file_is("a,b\n8,2\n3,4\n", "archive.changed"),
}


def table_of(case: str) -> str:
    return f"raw_{case}" if TAKEN[case].own_table else "raw_shared"


def content(case: str, kind: str) -> str:
    """Of a case's first or other file: rows that no other file has."""
    rows = ("1,2", "3,4") if kind == "first" else ("5,6",)
    return "a,b\n" + "".join(f"{case} {row}\n" for row in rows)


@pytest.fixture
def side(side: worlds.Side, monkeypatch: pytest.MonkeyPatch) -> worlds.Side:
    """An empty world, whose settings the command line has too."""
    tell(side, monkeypatch)
    return side


def tell(side: worlds.Side, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the command line the settings of a world."""
    keys = "settle_seconds: 0, grace_seconds: 0"
    text = [f'"*_{case}.csv": {{table: {table_of(case)}, {keys}}}\n' for case in TAKEN]
    Path(side.settings.table_config_path, "tables.yaml").write_text("".join(text))
    for name in ("landing", "archive", "failed"):
        monkeypatch.setenv(f"{name.upper()}_PATH", str(side.folder(name)))
    backend = BACKENDS[side.settings.loader_backend]
    for name in {"table_config_path", "loader_backend", *backend.needs, *backend.place}:
        monkeypatch.setenv(name.upper(), str(getattr(side.settings, name)))


def command(*arguments: str) -> tuple[int, Any]:
    """Exit code and document of a command; no trace, whatever was done to tables and files."""
    from airflow_landing_loader.cli.app import app

    result = CliRunner().invoke(app, arguments, prog_name="landing-loader")
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, json.loads(result.stdout) if "--json" in arguments else result.stdout


def said(*arguments: str) -> str | None:
    """The code of what a command has to say against a load."""
    code, document = command(*arguments, "--json")
    error = document.get("error")
    assert bool(error) == bool(code)
    return str(error["code"]) if error else None


def run_once(side: worlds.Side) -> dict[str, str]:
    """What `run --once` made of the files in landing."""
    before = {row["delivery_id"] for row in side.table("load_deliveries") or []}
    code, told = command("run", "--once")
    assert code == 0, told
    rows = side.table("load_deliveries") or []
    return {row["filename"]: row["outcome"] for row in rows if row["delivery_id"] not in before}


def rows_of(side: worlds.Side) -> dict[str, list[tuple[str, str, str]]]:
    """By case, the rows of its two files."""
    tables = {name: side.table(name) or [] for name in {table_of(case) for case in TAKEN}}
    return {
        case: sorted(
            (row["a"].rpartition(" ")[2], row["b"], row["_load_id"])
            for row in tables[table_of(case)]
            if row["a"].rpartition(" ")[0] == case
        )
        for case in TAKEN
    }


def take_away(side: worlds.Side) -> None:
    """Load two files for each case, and take away what it says."""
    for case in TAKEN:
        for kind in ("first", "other"):
            side.deliver(f"{kind}_{case}.csv", content(case, kind))
    assert set(run_once(side).values()) == {"loaded"}
    for case, taken in TAKEN.items():
        for statement in taken.sql:
            done = re.sub(r"`TABLE`|(?<!DROP )\bTABLE\b", table_of(case), statement)
            side.sql(done.replace("CASE", case))
        file = side.folder("archive") / f"first_{case}.csv"
        if taken.archived is None:
            file.unlink()
        elif taken.archived:
            file.write_text(taken.archived)


def test_every_command_tells_it_and_no_row_comes_twice(side: worlds.Side) -> None:
    take_away(side)
    code, shown = command("status", "--json")
    assert code == 0
    assert "first_all_rows.csv" in {load["filename"] for load in shown["loads"]}
    found = {case: said("verify", f"first_{case}.csv") for case in TAKEN}
    assert found == {case: taken.verify for case, taken in TAKEN.items()}

    for expected in (
        {f"first_{case}.csv": taken.status for case, taken in TAKEN.items()},
        {f"first_{case}.csv": "duplicate" for case in TAKEN},  # from then on as if nothing had been
    ):
        for case in TAKEN:
            side.deliver(f"first_{case}.csv", content(case, "first"))
        assert run_once(side) == expected
        found_rows = {case: len(rows) for case, rows in rows_of(side).items()}
        assert found_rows == {case: taken.rows for case, taken in TAKEN.items()}


def test_what_can_be_taken_back_comes_again_once(side: worlds.Side) -> None:
    """`unload`, then `replay`: all rows of the load are there, and once."""
    take_away(side)
    others = {
        case: [row for row in rows if row[0] == "5" or row[2] == "x"]
        for case, rows in rows_of(side).items()
    }
    found = {case: said("unload", f"first_{case}.csv") for case in TAKEN}
    assert found == {case: taken.unload for case, taken in TAKEN.items()}
    back = [case for case, taken in TAKEN.items() if taken.unload is None]
    left = rows_of(side)
    assert {case: left[case] for case in back} == {case: others[case] for case in back}
    code, replayed = command("replay", *(f"first_{case}.csv" for case in back), "--json")
    assert code == 0, replayed
    assert run_once(side) == {f"first_{case}.csv": "loaded" for case in back}
    for case, rows in rows_of(side).items():
        if case in back:
            new = [(a, b) for a, b, load in rows if (a, b, load) not in others[case]]
            assert new == [("1", "2"), ("3", "4")], case


def test_loads_that_are_loaded_again_say_so_and_have_ids_of_their_own(side: worlds.Side) -> None:
    side.map(grace_seconds=0)
    side.deliver("a_1.csv", DATA)
    side.deliver("a_2.csv", "a,b\n")
    first = side.run()["a_1.csv"].load_id
    assert first == load_id("raw_a", "a_1.csv", hashlib.sha256(DATA.encode()).hexdigest())
    for statement in (
        "DELETE FROM raw_a WHERE a IN ('1', '3')",
        "DROP TABLE raw_a",
        "DELETE FROM load_metadata WHERE filename = 'a_1.csv'",
    ):
        side.sql(statement)
        side.deliver("a_1.csv", DATA)
        (outcome,) = side.run().values()
        assert [n for n in outcome.notes if n.startswith("loaded again: ")] != []
        assert len(side.table("raw_a") or []) == 2
    # of a load that the books have lost, other content under its name leaves the rows alone
    side.sql("DELETE FROM load_metadata WHERE filename = 'a_1.csv'")
    side.deliver("a_1.csv", "a,b\n7,8\n")
    assert side.run()["a_1.csv"].status == "loaded"
    assert len(side.table("raw_a") or []) == 3
    loads = side.table("load_metadata") or []
    assert len({row["load_id"] for row in loads}) == len(loads)
    # a load that had no rows cannot lose them
    side.deliver("a_2.csv", "a,b\n")
    assert side.run()["a_2.csv"].status == "duplicate"


@pytest.mark.parametrize("lost", [None, "TRUE", "row_count = 2"])
def test_what_comes_back_after_another_content_repeats_no_load_whatever_the_books_have_lost(
    side: worlds.Side, lost: str | None
) -> None:
    side.map(grace_seconds=0)
    for content in (DATA, "a,b\n7,8\n"):
        side.deliver("a_1.csv", content)
        side.run()
    if lost:
        side.sql(f"DELETE FROM load_metadata WHERE {lost}")
    for status in ("loaded", "duplicate"):
        side.deliver("a_1.csv", DATA)
        assert side.run()["a_1.csv"].status == status
        assert len(side.table("raw_a") or []) == 5


@pytest.mark.parametrize("lost", [False, True])
def test_where_every_delivery_counts_none_takes_the_place_of_another(
    side: worlds.Side, lost: bool
) -> None:
    side.map(grace_seconds=0, on_duplicate="load")
    for times in (1, 2, 3):
        side.deliver("a_1.csv", DATA)
        assert side.run()["a_1.csv"].status == "loaded"
        assert len(side.table("raw_a") or []) == 2 * times
        if lost:
            side.sql("DELETE FROM load_metadata WHERE TRUE")


def test_a_row_of_the_books_without_an_id_hides_no_load_that_is_missing_there(
    side: worlds.Side,
) -> None:
    side.map(grace_seconds=0)
    side.deliver("a_1.csv", DATA)
    side.deliver("a_2.csv", "a,b\n5,6\n")
    assert {o.status for o in side.run().values()} == {"loaded"}
    side.sql("DELETE FROM load_metadata WHERE filename = 'a_1.csv'")
    side.sql("UPDATE load_metadata SET load_id = NULL, table_name = NULL WHERE TRUE")
    side.deliver("a_1.csv", DATA)
    assert side.run()["a_1.csv"].status == "loaded"
    assert len(side.table("raw_a") or []) == 3
