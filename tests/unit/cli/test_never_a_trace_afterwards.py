"""Whatever happens to what was loaded, all commands end with a text and a known exit code."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.support.hostile.afterwards import CHANGED, TROUBLES

from airflow_landing_loader.exceptions import ErrorCode

PATIENCE = 120  # seconds after which a command hangs

COMMANDS = [
    ["check", "instruments_2.csv"],
    ["status"],
    ["verify", "instruments_1.csv", "--json"],
    ["run", "--once"],
    ["unload", "trades_1.csv", "--json"],
    ["promote", "raw_instruments", "name", "--yes"],
    ["unload", "instruments_1.csv"],
]
ALL_COMMANDS = [
    ["validate"],
    ["list"],
    ["check", "ARCHIVED"],
    ["status", "--json"],
    ["doctor"],
    ["verify", "trades_1.csv"],
    ["replay", "instruments_9.csv"],
    ["discard", "instruments_9.csv", "--reason", "none"],
    *COMMANDS,
]


@pytest.fixture(scope="module")
def prepared(cli_of_module: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path]:
    """A command line on zones that have a file each and a database of two loads; a copy of them."""
    _fill(cli_of_module)
    copy = tmp_path_factory.mktemp("copy") / "zones"
    shutil.copytree(cli_of_module.zones.root, copy)
    return cli_of_module, copy


@pytest.fixture
def loaded(prepared: tuple[Any, Path]) -> Any:
    """The command line, and all in its place again: the database has recorded where that is."""
    cli, copy = prepared
    shutil.rmtree(cli.zones.root)
    shutil.copytree(copy, cli.zones.root)
    return cli


def _fill(cli: Any) -> None:
    cli.land("instruments_1.csv", "id,name\n1,Ann\n2,\n")
    cli.land("trades_1.csv", "id\n1\n")
    cli.land("trades_1.go", "record_count=1\n")
    cli.land("instruments_9.csv", 'id\n"1\n')
    assert cli("run", "--once").code == 1
    assert {path.name for path in cli.zones.archive.iterdir()} > {
        "instruments_1.csv",
        "trades_1.csv",
    }
    cli.land("instruments_2.csv", "id,name\n3,Bob\n")


# All of them take minutes: see CONTRIBUTING. Two that are easily overlooked are always tried.
ALWAYS = ["the lock of the database is a folder", "the database is a link to itself"]
TRIED = (
    list(TROUBLES)
    if os.environ.get("HYPOTHESIS_PROFILE") == "thorough"
    else list(dict.fromkeys([*ALWAYS, *list(TROUBLES)[::6]]))
)


@contextmanager
def _hanging_is_told(what: list[str]) -> Iterator[None]:
    def hangs(*_: object) -> None:
        pytest.fail(f"{what} hangs")

    before = signal.signal(signal.SIGALRM, hangs)
    signal.alarm(PATIENCE)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _says_what_to_do(command: list[str], said: str) -> bool:
    """An error has its code and a hint; `doctor` has a line of its own for each, and `list` says
    which command tells what is wrong with the mappings."""
    if command == ["doctor"] and "error " in said:
        return True
    return ("[" in said and "int" in said) or "see `landing-loader validate`" in said


@pytest.mark.parametrize("trouble", TRIED)
def test_never_a_trace_whatever_became_of_what_was_loaded(loaded: Any, trouble: str) -> None:
    archived = str(loaded.zones.archive / "instruments_1.csv")
    TROUBLES[trouble](loaded)
    bad = []
    for words in COMMANDS if trouble in CHANGED else ALL_COMMANDS:
        command = [archived if word == "ARCHIVED" else word for word in words]
        with _hanging_is_told(command):
            ran = loaded(*command)
        said = ran.out + ran.err
        good = ran.code in (0, 1, 3) and said and "internal.unexpected" not in said
        good = good and (ran.code == 0 or _says_what_to_do(command, said))
        if not good:
            bad.append((command, ran.code, said))
    assert not bad


def test_altered_books_are_named_and_nothing_is_done_by_them(loaded: Any) -> None:
    CHANGED["row_count is NULL"](loaded)
    for command in ("status", "verify instruments_1.csv", "unload instruments_1.csv"):
        ran = loaded(*command.split())
        assert ran.code == 3
        assert ErrorCode.WAREHOUSE_BOOKS_ALTERED in ran.err
        assert "a row of load_metadata holds in row_count" in ran.err
    assert (loaded.zones.archive / "instruments_1.csv").exists()
    assert loaded("run", "--once").code == 0  # of other files nothing is asked
    assert (loaded.zones.archive / "instruments_2.csv").exists()


def test_a_database_that_is_a_link_to_itself_is_not_one_that_is_still_to_be_made(
    loaded: Any,
) -> None:
    TROUBLES["the database is a link to itself"](loaded)
    assert loaded("status").code == 3
    doctor = loaded("doctor")
    assert doctor.code == 3
    assert "is a link that leads to itself" in doctor.out


@pytest.mark.parametrize(
    ("trouble", "code"),
    [
        ("a view", ErrorCode.LOAD_TABLE_UNFIT),
        ("no load id", ErrorCode.LOAD_TABLE_UNFIT),
        ("a load id that is a number", ErrorCode.LOAD_TABLE_UNFIT),
        ("loads forgotten", ErrorCode.LOAD_UNKNOWN),
        ("no loads", ErrorCode.LOAD_UNKNOWN),
        ("archive_uri is not there", ErrorCode.WAREHOUSE_BOOKS_ALTERED),
    ],
)
def test_unload_says_what_verify_says(loaded: Any, trouble: str, code: ErrorCode) -> None:
    CHANGED[trouble](loaded)
    for command in ("verify", "unload"):
        ran = loaded(command, "instruments_1.csv")
        assert ran.code in (1, 3)
        assert f"[{code}]" in ran.err
    assert (loaded.zones.archive / "instruments_1.csv").exists()


@pytest.mark.parametrize(
    "trouble", ["no columns of loads", "no rejects", "no deliveries", "columns of loads forgotten"]
)
def test_a_load_is_there_whatever_other_table_of_ours_is_not(loaded: Any, trouble: str) -> None:
    CHANGED[trouble](loaded)
    assert "instruments_1.csv" in loaded("status").out
    ran = loaded("verify", "instruments_1.csv")
    if "columns" in trouble:
        assert ran.code == 3
        assert f"[{ErrorCode.WAREHOUSE_BOOKS_ALTERED}] load_columns has no columns" in ran.err
    else:
        assert ran.code == 0
    assert loaded("unload", "instruments_1.csv").code == 0


def test_a_column_of_no_name_in_the_books_is_named(loaded: Any) -> None:
    CHANGED["column_name of a column is NULL"](loaded)
    ran = loaded("check", "instruments_2.csv")
    assert ran.code == 0
    assert "a row of load_columns holds in column_name" in " ".join(ran.out.split())
    assert loaded("run", "--once").code == 3
    assert (loaded.zones.landing / "instruments_2.csv").exists()
