"""`init` tells what it found, what it wrote, and what it does not know."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "unknown"
    made.mkdir()
    for day, rows in ((15, 3), (16, 5)):
        body = "".join(f"{at},x\n" for at in range(rows))
        (made / f"sales_202401{day}.csv").write_text(f"id,note\n{body}")
        (made / f"sales_202401{day}.ctl").write_text(f"sales_202401{day}.csv,{rows},SUCCESS\n")
    return made


def test_it_writes_into_the_folder_of_mappings_and_what_it_says_is_so(
    cli: Any, folder: Path
) -> None:
    ran = cli("init", str(folder))
    assert (ran.code, ran.err) == (0, "")
    assert "sales.yaml      2  2 loads          sales_{business_date:%Y%m%d}.csv" in ran.out
    assert "2 of 2 files would load; nothing was moved or loaded." in ran.out
    assert "row_count: 2" in (cli.zones.tables / "sales.yaml").read_text()

    for path in folder.iterdir():
        path.rename(cli.zones.landing / path.name)
    assert cli("validate").code == 0
    assert cli("run", "--once").code == 0
    assert cli("status", "--json").json()["loads"][0]["row_count"] == 5


def test_what_is_not_known_makes_it_say_so(cli: Any, tmp_path: Path, folder: Path) -> None:
    (folder / "people_20240115.csv").write_text("name,city\nAnn,Rome\n")
    (folder / "empty.csv").write_text("")
    ran = cli("init", str(folder), "--into", str(tmp_path / "elsewhere"))
    assert ran.code == 1
    assert "unsure    raw_people: csv.header:" in ran.out
    assert "Not grouped:\n  file       why\n  empty.csv  empty" in ran.out
    assert "1 thing left to you" in ran.out
    assert {path.name for path in (tmp_path / "elsewhere").iterdir()} == {
        "people.yaml",
        "sales.yaml",
    }
    assert not (cli.zones.tables / "sales.yaml").exists()


def test_a_second_time_says_that_mappings_are_there(cli: Any, folder: Path) -> None:
    assert cli("init", str(folder)).code == 0
    written = {path: path.read_text() for path in cli.zones.tables.iterdir()}
    ran = cli("init", str(folder))
    assert (ran.code, ran.out.splitlines()[-1]) == (
        0,
        "No mapping was written; nothing was moved or loaded. 4 files taken by mappings already: "
        "`landing-loader check FILE` looks into one.",
    )
    assert "no file could be described" not in ran.out
    assert {path: path.read_text() for path in cli.zones.tables.iterdir()} == written

    (folder / "new_1.csv").write_text("id,n\n1,2\n3,4\n")
    ran = cli("init", str(folder))
    assert "1 of 1 file would load; nothing was moved or loaded. 4 files taken" in ran.out


def test_many_good_files_are_told_as_a_number(cli: Any, tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for at in range(30):
        (folder / f"a_{at:04}.csv").write_text("id,n\n1,2\n")
    (folder / "a_0030.csv").write_text("id,n\n1\n")
    ran = cli("init", str(folder))
    assert "10 more" in ran.out
    assert "csv.ragged" in ran.out
    assert "a_0029.csv" not in ran.out


@pytest.mark.parametrize("name", ["missing", "file"])
def test_a_folder_that_is_none_is_an_error_of_the_environment(
    cli: Any, tmp_path: Path, name: str
) -> None:
    (tmp_path / "file").write_text("")
    ran = cli("init", str(tmp_path / name), "--json")
    assert (ran.code, ran.json()["error"]["code"]) == (3, "zone.unavailable")
