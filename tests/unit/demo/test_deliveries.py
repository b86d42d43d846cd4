"""The sample deliveries: always the same, and as good or bad as they say."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import pytest

import deliveries
from deliveries import Sample

DEMO = Path(deliveries.__file__).parent
SAMPLES = deliveries.samples()
BY_KEY = {(sample.name, sample.wave): sample for sample in SAMPLES}
TRADES = BY_KEY["trades_20240115.csv", 1]
RESTATED = BY_KEY["trades_20240115.csv", 2]
DRIFTED = BY_KEY["trades_20240116.csv", 2]
POSITIONS = BY_KEY["positions_20240115.csv", 1]
INSTRUMENTS = BY_KEY["instruments_20240115.csv", 1]
PRICES = BY_KEY["eod_prices_20240115.csv", 1]
RATES = BY_KEY["exchange_rates_20240115.csv", 1]
GOOD = [s for s in SAMPLES if s.expect.fate == "loaded"]


def digest(samples: tuple[Sample, ...]) -> str:
    """One hash over names and contents."""
    total = hashlib.sha256()
    for sample in samples:
        for name, content in sample.files().items():
            total.update(f"{name} {len(content)}\n".encode() + content)
    return total.hexdigest()


def records(sample: Sample) -> list[list[str]]:
    """All records of the data file."""
    assert sample.content is not None
    return list(csv.reader(io.StringIO(sample.content.decode()), strict=True))


def rows(sample: Sample) -> list[dict[str, str]]:
    """The data records of a file without trailer."""
    header, *rest = records(sample)
    return [dict(zip(header, record, strict=True)) for record in rest]


@pytest.mark.parametrize("hash_seed", ["0", "1", "77"])
def test_every_process_makes_the_same_bytes(hash_seed: str) -> None:
    code = (
        "import hashlib, deliveries\n"
        "total = hashlib.sha256()\n"
        "for sample in deliveries.samples():\n"
        "    for name, content in sample.files().items():\n"
        "        total.update(f'{name} {len(content)}\\n'.encode() + content)\n"
        "print(total.hexdigest())"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code],
        cwd=DEMO,
        env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(DEMO)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout.strip() == digest(SAMPLES)


def test_the_bytes_are_pinned() -> None:
    assert digest(SAMPLES) == ("81eefd3c325d3158ecaece12af4ca8d230ab044a6ffcbc9777003fd0226bb422")


def test_another_day_makes_other_names_and_other_content() -> None:
    other = deliveries.samples(date(2024, 2, 1))
    names = {name for sample in SAMPLES for name in sample.files()}
    contents = {content for sample in SAMPLES for content in sample.files().values()}
    assert not names & {name for sample in other for name in sample.files()}
    assert other[0].content not in contents


@pytest.mark.parametrize("sample", GOOD, ids=lambda s: f"{s.name}-{s.wave}")
def test_a_good_file_has_the_rows_that_are_expected(sample: Sample) -> None:
    found = records(sample)
    trailer = 1 if sample is PRICES else 0
    assert len(found) - 1 - trailer == sample.expect.rows
    assert sample is RATES or sample.expect.rows >= 2000
    assert len({len(record) for record in found[: len(found) - trailer]}) == 1


def test_the_counts_that_are_promised_are_right() -> None:
    volumes = [int(record[3]) for record in records(PRICES)[1:-1]]
    assert records(PRICES)[-1] == ["TRAILER", "2000", "EOF", str(sum(volumes))]
    assert RATES.go_name == "market_20240115.ctl"
    assert RATES.go_content == b"eod_prices_20240115.csv,2000\nexchange_rates_20240115.csv,4\n"
    assert POSITIONS.go_content == b"positions_20240115.csv,3000,SUCCESS\n"
    for sample in (TRADES, RESTATED, DRIFTED):
        assert f"record_count = {sample.expect.rows}\n".encode() in (sample.go_content or b"")


def test_the_wrong_count_promises_more_than_there_is() -> None:
    sample = BY_KEY["trades_20240117.csv", 1]
    assert len(rows(sample)) == 2500
    assert b"record_count = 2600\n" in (sample.go_content or b"")


def test_the_broken_record_is_on_the_line_that_is_expected() -> None:
    broken = BY_KEY["positions_20240116.csv", 1]
    lines = (broken.content or b"").decode().splitlines()
    assert [n for n, line in enumerate(lines, start=1) if '"' in line] == [broken.expect.line]
    assert broken.go_content == b"positions_20240116.csv,3000,SUCCESS\n"


def test_the_restatement_has_the_same_name_and_other_content() -> None:
    before = {row["trade_id"]: row for row in rows(TRADES)}
    after = {row["trade_id"]: row for row in rows(RESTATED)}
    assert RESTATED.go_name == TRADES.go_name
    assert set(before) < set(after)
    assert sum(before[key] != after[key] for key in before) == 40


def test_only_the_drifted_file_has_another_column() -> None:
    usual = records(TRADES)[0]
    assert records(RESTATED)[0] == usual
    assert records(DRIFTED)[0] == [*usual, *DRIFTED.expect.drift]


def test_the_dbt_tests_must_hold() -> None:
    symbols = [row["symbol"] for row in rows(INSTRUMENTS)]
    priced = [record[0] for record in records(PRICES)[1:-1]]
    trades = [*rows(RESTATED), *rows(DRIFTED)]
    keys = [row["trade_id"] for row in trades]
    held = [(row["account"], row["symbol"]) for row in rows(POSITIONS)]
    assert len(set(symbols)) == len(symbols)
    assert priced == symbols
    assert {row["symbol"] for row in trades} <= set(symbols)
    assert {symbol for _, symbol in held} <= set(symbols)
    assert len(set(keys)) == len(keys)
    assert len(set(held)) == len(held)
    assert {row["side"] for row in trades} == {"BUY", "SELL"}


def test_drop_writes_whole_files_that_are_settled(tmp_path: Path) -> None:
    chosen = [sample for sample in SAMPLES if sample.wave == 1]
    deliveries.drop(chosen, tmp_path)
    wanted = {name: content for sample in chosen for name, content in sample.files().items()}
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == wanted
    assert all(path.stat().st_mtime < time.time() - 300 for path in tmp_path.iterdir())


def test_drop_overwrites_nothing(tmp_path: Path) -> None:
    (tmp_path / "trades_20240115.go").write_text("mine")
    with pytest.raises(FileExistsError, match=r"trades_20240115\.go"):
        deliveries.drop([INSTRUMENTS, TRADES], tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["trades_20240115.go"]
    assert (tmp_path / "trades_20240115.go").read_text() == "mine"


def test_the_script_drops_one_wave(tmp_path: Path) -> None:
    script = [sys.executable, str(DEMO / "deliveries.py"), "--into", str(tmp_path), "--wave", "2"]
    first = subprocess.run(script, capture_output=True, text=True, check=False)
    again = subprocess.run(script, capture_output=True, text=True, check=False)
    assert first.returncode == 0
    assert "trades_20240116.csv + trades_20240116.go" in first.stdout
    assert len(list(tmp_path.iterdir())) == 4
    assert again.returncode == 1
    assert "lies there still" in again.stderr
