"""Control files that name several data files, and numbers that are sums of columns: proposed where
the real files prove them, and else asked about or left."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.integration.onboarding.test_feeds import AT_ONCE, outcome_of
from tests.support.proving_feeds import PROVING
from tests.support.worlds import duckdb_side

from airflow_landing_loader.onboarding.model import tree
from airflow_landing_loader.onboarding.outcome import Onboarded

EXPECTED: dict[str, dict[str, dict[str, Any]]] = {
    "summed": {"go_file": {"row_count": "rows", "totals": {"price": "sum", "quantity": "qty"}}},
    "summed_trailers": {"trailer": {"row_count_column": 1, "totals": {"price": 3, "quantity": 4}}},
    "summed_headers": {"header_record": {"totals": {"quantity": "total"}}},
    "listed": {"go_file": {"lists_files": "file", "row_count": "rows", "size": "bytes"}},
    "listed_digests": {"go_file": {"format": "checksum", "lists_files": True}},
}
Totals = Sequence[tuple[list[int], str]]


def keys_of(one: Onboarded) -> dict[str, Any]:
    return tree(one.proposal.said)


def doubts_of(one: Onboarded) -> set[str]:
    return {doubt.about for doubt in one.proposal.doubts}


def summed(folder: Path, totals: Totals) -> Onboarded:
    """What is proposed for files of amounts, each with a go file that says a total."""
    files = {}
    for day, (amounts, total) in enumerate(totals, 10):
        lines = "".join(f"T{at},{amount}\n" for at, amount in enumerate(amounts))
        files[f"sums_202401{day}.csv"] = f"id,amount\n{lines}".encode()
        files[f"sums_202401{day}.go"] = f"rows={len(amounts)}\nsum={total}\n".encode()
    (one,) = outcome_of(folder, files)[0].onboarded
    return one


@pytest.mark.parametrize("kind", EXPECTED)
def test_what_the_files_prove_is_proposed(kind: str, tmp_path: Path) -> None:
    (one,) = outcome_of(tmp_path, PROVING[kind](random.Random(1)).files)[0].onboarded
    for proof, keys in EXPECTED[kind].items():
        found = keys_of(one)[proof]
        assert {key: found[key] for key in keys} == keys


@pytest.mark.parametrize("header", ["file;sha", "file;digest 1", "f1;f2"])
def test_files_are_listed_under_a_header_whatever_its_names(header: str, tmp_path: Path) -> None:
    files = {}
    for day, parts in ((10, "1"), (11, "12"), (12, "2")):
        names = [f"in_202401{day}_{part}.csv" for part in parts]
        files |= {name: f"id,name\n{day},{name[12:]}\n2,Anna\n3,Ben\n".encode() for name in names}
        lines = [f"{name};{hashlib.sha256(files[name]).hexdigest()}" for name in names]
        files[f"all_202401{day}.ctl"] = "\n".join([header, *lines, ""]).encode()
    outcome, _ = outcome_of(tmp_path, files)
    (one,) = outcome.onboarded
    first, second = header.split(";")
    found = keys_of(one)["go_file"]
    assert (found["lists_files"], found["checksum"]) == (first, second)
    assert outcome.is_good
    assert {shown.verdict for shown in one.verdicts} == {"loads"}


def test_totals_are_claimed_of_no_single_file(tmp_path: Path) -> None:
    one = summed(tmp_path, [([5, 70, 9], "84")])
    assert "totals" not in keys_of(one)["go_file"]
    assert "go_file.totals" in doubts_of(one)


def test_nor_where_they_are_always_the_same(tmp_path: Path) -> None:
    one = summed(tmp_path, [([5, 70, 9], "84"), ([80, 4], "84")])
    assert "totals" not in keys_of(one)["go_file"]
    assert "go_file.totals" in doubts_of(one)


def test_of_two_columns_with_one_sum_neither_is_guessed(tmp_path: Path) -> None:
    files = {}
    for day, amounts in ((10, [5, 70, 9]), (11, [6, 1])):
        lines = "".join(f"{amount},{amount}\n" for amount in amounts)
        files[f"sums_202401{day}.csv"] = f"paid,booked\n{lines}".encode()
        files[f"sums_202401{day}.go"] = f"rows={len(amounts)}\nsum={sum(amounts)}\n".encode()
    (one,) = outcome_of(tmp_path, files)[0].onboarded
    assert "totals" not in keys_of(one)["go_file"]
    assert "go_file.totals" in doubts_of(one)


def test_what_is_the_sum_in_some_files_alone_is_none(tmp_path: Path) -> None:
    one = summed(tmp_path, [([5, 70, 9], "84"), ([80, 5], "85"), ([1, 2], "4"), ([9, 9], "18")])
    assert keys_of(one)["go_file"].keys() == {"pattern", "format", "row_count"}
    assert doubts_of(one) == set()


def test_a_cell_that_is_no_number_makes_no_total(tmp_path: Path) -> None:
    files = {}
    for day in (10, 11):
        files[f"sums_202401{day}.csv"] = f"id,amount\nT1,{day}\nT2,n/a\n".encode()
        files[f"sums_202401{day}.go"] = f"rows=2\nsum={day}\n".encode()
    (one,) = outcome_of(tmp_path, files)[0].onboarded
    assert "totals" not in keys_of(one)["go_file"]


def set_of(day: str, *, more: Sequence[str] = ()) -> dict[str, bytes]:
    """Two tables and their manifest."""
    accounts = "account,owner\n" + "".join(f"A{at},Ann\n" for at in range(int(day[-2:])))
    bookings = "booking,amount\n" + "".join(f"{at},1.5\n" for at in range(120))
    files = {f"accounts_{day}.csv": accounts, f"bookings_{day}.csv": bookings}
    entries = [{"name": name, "rows": text.count("\n") - 1} for name, text in files.items()]
    entries += [{"name": name, "rows": 1} for name in more]
    files[f"manifest_{day}.json"] = json.dumps({"files": entries})
    return {name: text.encode() for name, text in files.items()}


def test_a_set_of_two_tables_is_proposed_and_loads_in_one(tmp_path: Path) -> None:
    files = set_of("20240115") | set_of("20240116")
    outcome, mappings = outcome_of(tmp_path, files)
    assert outcome.left == ()
    go_file = {
        "pattern": "manifest_{business_date:%Y%m%d}.json",
        "format": "json",
        "lists_files": "$.files[*].name",
        "row_count": "$.files[*].rows",
    }
    found = {one.proposal.table: keys_of(one)["go_file"] for one in outcome.onboarded}
    assert found == {"raw_accounts": go_file, "raw_bookings": go_file}
    side = duckdb_side(tmp_path / "world")
    side.mappings += [mapping.model_copy(update=AT_ONCE) for mapping in mappings]
    for name, content in files.items():
        side.deliver(name, content)
    done = side.pipeline.run_batch(side.pipeline.discover().ready)
    assert [one.error for one in done] == [None] * 4
    rows = {table: len(side.table(table) or []) for table in found}
    assert rows == {"raw_accounts": 31, "raw_bookings": 240}
    assert list(side.folder("landing").glob("*.*")) == []


def test_a_set_that_is_not_whole_waits(tmp_path: Path) -> None:
    files = set_of("20240115") | set_of("20240116")
    del files["bookings_20240116.csv"]
    outcome, _ = outcome_of(tmp_path, files)
    verdicts = {v.name: v.verdict for one in outcome.onboarded for v in one.verdicts}
    assert verdicts == {
        "accounts_20240115.csv": "loads",
        "accounts_20240116.csv": "waits",
        "bookings_20240115.csv": "loads",
    }


def test_a_control_file_that_names_a_stranger_is_left(tmp_path: Path) -> None:
    outcome, _ = outcome_of(tmp_path, set_of("20240115", more=["../other.csv"]))
    assert all("go_file" not in keys_of(one) for one in outcome.onboarded)
    assert [left.name for left in outcome.left] == ["manifest_20240115.json"]


TABLES = {"accounts_20240115.csv": "id,a\n1,2\n", "bookings_20240115.csv": "k,b\n1,2\n2,2\n"}


def digests_of(tables: dict[str, str], algorithm: str = "sha256", line: str = "{}  {}") -> bytes:
    digests = {name: hashlib.new(algorithm, text.encode()) for name, text in tables.items()}
    return "".join(line.format(d.hexdigest(), name) + "\n" for name, d in digests.items()).encode()


@pytest.mark.parametrize("line", ["{}  {}", "{} *{}", "SHA256 ({1}) = {0}"])
@pytest.mark.parametrize(
    "name",
    [
        "SHA256SUMS",
        "sha256sums",
        "SHA256SUM.txt",
        "checksums",
        "CHECKSUMS.txt",
        "digests_20240115",
        "sha256sums_20240115.txt",
        "delivery_20240115.lst",
    ],
)
def test_a_list_of_digests_is_found_whatever_its_name(name: str, line: str, tmp_path: Path) -> None:
    files = {table: text.encode() for table, text in TABLES.items()}
    outcome, _ = outcome_of(tmp_path, files | {name: digests_of(TABLES, line=line)})
    assert outcome.left == ()
    assert [one.go_files for one in outcome.onboarded] == [(name,)] * 2
    for one in outcome.onboarded:
        found = keys_of(one)["go_file"]
        assert (found["format"], found["lists_files"]) == ("checksum", True)
        assert {verdict.verdict for verdict in one.verdicts} == {"loads"}


@pytest.mark.parametrize("upper", [False, True])
def test_of_two_lists_one_is_used(upper: bool, tmp_path: Path) -> None:
    files = {table: text.encode() for table, text in TABLES.items()}
    lists = {f"{algorithm.upper()}SUMS": algorithm for algorithm in ("md5", "sha256")}
    line = "{}  {}"
    for name, algorithm in lists.items():
        text = digests_of(TABLES, algorithm, line).decode()
        digests = [one.split("  ") for one in text.splitlines()]
        files[name] = "".join(
            f"{digest.upper() if upper else digest}  {of}\n" for digest, of in digests
        ).encode()
    outcome, _ = outcome_of(tmp_path, files)
    assert [one.go_files for one in outcome.onboarded] == [("MD5SUMS",)] * 2
    assert [left.name for left in outcome.left] == ["SHA256SUMS"]


@pytest.mark.parametrize("more", ["stranger.csv", "SHA256SUMS"])
def test_a_list_of_digests_that_cannot_be_used_is_no_data(more: str, tmp_path: Path) -> None:
    files = {table: text.encode() for table, text in TABLES.items()}
    content = digests_of(TABLES | {more: ""})
    outcome, _ = outcome_of(tmp_path, files | {"SHA256SUMS": content})
    assert [left.name for left in outcome.left] == ["SHA256SUMS"]
    assert all("go_file" not in keys_of(one) for one in outcome.onboarded)


def test_data_of_digests_that_name_no_file_are_data(tmp_path: Path) -> None:
    header = b"digest,name\n"
    files = {
        f"seen_2024011{day}.csv": header
        + digests_of({"x": str(day), "y": "", "z": ""}, line="{},{}")
        for day in range(3)
    }
    outcome, _ = outcome_of(tmp_path, files)
    (one,) = outcome.onboarded
    assert (outcome.left, len(one.verdicts)) == ((), 3)


@pytest.mark.parametrize("changed", ["accounts_20240115.csv", "bookings_20240115.csv"])
def test_a_file_that_is_not_the_one_of_its_digest_does_not_load(
    changed: str, tmp_path: Path
) -> None:
    files = {table: text.encode() for table, text in TABLES.items()}
    files["SHA256SUMS"] = digests_of(TABLES)
    files[changed] += b"7,7\n"
    outcome, _ = outcome_of(tmp_path, files)
    verdicts = {v.name: v.verdict for one in outcome.onboarded for v in one.verdicts}
    assert verdicts == {name: "fails" if name == changed else "loads" for name in TABLES}


COMMA = [(["1234,50", "34,50"], "1269,00"), (["1000,50", "34,50", "0,01"], "1035,01")]
GROUPS = [(["1.234,50", "34,50"], "1.269,00"), (["1.000,50", "34,50", "0,01"], "1.035,01")]
BESIDE = {
    "trailer": "TRL;{count};{total}\n",
    "line": "-- {count} rows, sum {total}\n",
    "go_file": "",
    "both": "SUMME;{count};{total}\n",
}


def with_commas(folder: Path, beside: str, totals: Sequence[tuple[list[str], str]]) -> Onboarded:
    """What is proposed for amounts with a decimal comma, and their totals at one place or two."""
    files = {}
    for day, (amounts, total) in enumerate(totals, 10):
        lines = "".join(f"T{at};{amount}\n" for at, amount in enumerate(amounts))
        below = BESIDE[beside].format(count=len(amounts), total=total)
        files[f"sums_202401{day}.csv"] = f"id;amount\n{lines}{below}".encode()
        if beside in ("go_file", "both"):
            files[f"sums_202401{day}.go"] = f"rows={len(amounts)}\nsum={total}\n".encode()
    outcome, _ = outcome_of(folder, files)
    (one,) = outcome.onboarded
    assert outcome.is_good
    return one


@pytest.mark.parametrize(
    ("beside", "totals", "numbers"),
    [
        *((beside, COMMA, {"decimal": ","}) for beside in BESIDE),
        *((beside, GROUPS, {"decimal": ",", "group": "."}) for beside in ("trailer", "go_file")),
    ],
)
def test_totals_may_have_a_decimal_comma(
    beside: str,
    totals: Sequence[tuple[list[str], str]],
    numbers: dict[str, str],
    tmp_path: Path,
) -> None:
    said = keys_of(one := with_commas(tmp_path, beside, totals))
    places = {"trailer": 2, "line": "total", "go_file": "sum", "both": 2}
    proof = "go_file" if beside == "go_file" else "trailer"
    assert said[proof]["totals"] == {"amount": places[beside]}
    assert beside != "both" or said["go_file"]["totals"] == {"amount": "sum"}
    assert (said["numbers"], doubts_of(one)) == (numbers, set())


@pytest.mark.parametrize("beside", ["trailer", "go_file"])
def test_nor_are_those_claimed_of_no_sums_or_of_one_file(beside: str, tmp_path: Path) -> None:
    for at, totals in enumerate([[COMMA[0], (COMMA[1][0], "1035,02")], [COMMA[0], COMMA[0]]]):
        folder = tmp_path / str(at)
        folder.mkdir()
        said = keys_of(one := with_commas(folder, beside, totals))
        assert "totals" not in said[beside]
        assert "numbers" not in said
        assert doubts_of(one) == ({f"{beside}.totals"} if at else set())
