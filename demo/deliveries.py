"""Sample deliveries of all kinds, and what must become of each.

The same day always gives the same bytes. Run as a script to drop them into a landing zone::

    python demo/deliveries.py --into .up/landing

The zone may be a bucket's prefix: ``--into gs://bucket/landing``.
"""

from __future__ import annotations

import argparse
import itertools
import os
import random
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Literal

FIRST_DAY = date(2024, 1, 15)
INSTRUMENTS = 2000
TRADES = 3000
ACCOUNTS = 25
SYMBOLS_PER_ACCOUNT = 120
CURRENCIES = ("EUR", "USD", "GBP", "CHF")

# Older than every grace period, so that a wrong count is final at once.
_AGE_SECONDS = 600

_Rows = list[list[str]]
Fate = Literal["loaded", "failed", "stays"]


@dataclass(frozen=True, kw_only=True)
class Expectation:
    """What must become of a delivery.

    :param rows: rows in the table from this delivery.
    :param drift: columns that must be found in ``_extra``.
    :param restates: whether an earlier load of the same name is restated.
    :param code: error code of a refused one.
    :param line: line that the error must name.
    """

    fate: Fate
    rows: int = 0
    drift: tuple[str, ...] = ()
    restates: bool = False
    code: str | None = None
    line: int | None = None


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One file to deliver, with its go file.

    Of a set, whose data files are named by one go file, the last has that.

    :param table: the raw table it feeds; ``None`` if no mapping knows it.
    :param story: what it shows, for a person.
    :param wave: 1 at once, 2 when the first wave's trades are archived.
    """

    name: str
    table: str | None
    content: bytes | None
    story: str
    expect: Expectation
    go_name: str | None = None
    go_content: bytes | None = None
    wave: int = 1

    def files(self) -> dict[str, bytes]:
        """Contents by file name, the go file last."""
        pairs = ((self.name, self.content), (self.go_name, self.go_content))
        return {name: content for name, content in pairs if name and content is not None}


def samples(first: date = FIRST_DAY) -> tuple[Sample, ...]:
    """All deliveries of four days.

    :param first: the day of the complete deliveries; the odd ones follow.
    """
    second, third, fourth = (first + timedelta(days=n) for n in (1, 2, 3))
    return (
        _instruments(first),
        _prices(first),
        _rates(first),
        _positions(first),
        _broken_positions(second),
        _trades(first, _trade_rows(first), "the usual file"),
        _trades(
            third,
            _trade_rows(third)[:2500],
            "its go file promises more rows than it has",
            promised=2600,
            expect=Expectation(fate="failed", code="count.too_few"),
        ),
        _orphan_go(fourth),
        _unmatched(first),
        _restated_trades(first),
        _drifted_trades(second),
    )


def drop(chosen: Iterable[Sample], landing: Path) -> None:
    """Put files into the landing zone as a careful sender does: whole, the go files last.

    :param landing: an existing folder.
    :raises FileExistsError: one of the names lies there still.
    """
    contents = [sample.files() for sample in chosen]
    names = [name for files in contents for name in files]
    for name in names:
        if (landing / name).exists():
            raise FileExistsError(f"{landing / name} lies there still")
    hidden = {name: landing / f".{name}.part" for name in names}
    written = time.time() - _AGE_SECONDS
    for files in contents:
        for name, content in files.items():
            hidden[name].write_bytes(content)
            os.utime(hidden[name], (written, written))
    # Renamed together, so that one look into the zone sees all of them.
    for name in sorted(names, key=_go_last):
        hidden[name].rename(landing / name)


def upload(chosen: Iterable[Sample], uri: str) -> None:
    """Put files into a landing zone in Cloud Storage, the go files last.

    :param uri: ``gs://bucket/prefix``; the bucket exists.
    :raises FileExistsError: one of the names lies there still.
    """
    # Imported here: a folder needs none of it.
    from google.api_core.exceptions import PreconditionFailed
    from google.cloud import storage  # type: ignore[attr-defined]

    name, _, prefix = uri.removeprefix("gs://").rstrip("/").partition("/")
    bucket = storage.Client().bucket(name)
    contents = {name: content for sample in chosen for name, content in sample.files().items()}
    for file in sorted(contents, key=_go_last):
        blob = bucket.blob("/".join(filter(None, [prefix, file])))
        try:
            blob.upload_from_string(contents[file], if_generation_match=0)
        except PreconditionFailed:
            raise FileExistsError(f"gs://{name}/{blob.name} lies there still") from None


def _go_last(name: str) -> bool:
    return name.endswith((".go", ".ctl"))


def _instruments(day: date) -> Sample:
    pick = _random("instruments", day)
    rows = [
        [
            symbol,
            # Commas, quotes and umlauts, as real names have them.
            pick.choice(('Müller, Söhne "{}"', "{} Holdings, Inc.", "{} plc")).format(symbol),
            pick.choice(CURRENCIES),
            pick.choice(("XETR", "XNAS", "XLON", "XSWX")),
            pick.choice(("equity", "bond", "fund")),
        ]
        for symbol in _symbols()
    ]
    header = ["symbol", "name", "currency", "exchange", "asset_class"]
    return Sample(
        name=f"instruments_{day:%Y%m%d}.csv",
        table="raw_instruments",
        content=_csv([header, *rows]),
        story="no go file, no trailer",
        expect=Expectation(fate="loaded", rows=len(rows)),
    )


def _prices(day: date) -> Sample:
    pick = _random("prices", day)
    rows = [
        [symbol, f"{day}", f"{pick.uniform(1, 900):.4f}", str(pick.randint(0, 10**6))]
        for symbol in _symbols()
    ]
    volume = sum(int(row[3]) for row in rows)
    header = ["symbol", "price_date", "close_price", "volume"]
    return Sample(
        name=_prices_name(day),
        table="raw_eod_prices",
        content=_csv([header, *rows, ["TRAILER", str(len(rows)), "EOF", str(volume)]]),
        story="a trailer with the count, and the sum of all volumes",
        expect=Expectation(fate="loaded", rows=len(rows)),
    )


def _rates(day: date) -> Sample:
    """Its go file names the prices too: both are loaded together, or neither."""
    pick = _random("rates", day)
    rows = [[currency, f"{day}", f"{pick.uniform(0.5, 2):.6f}"] for currency in CURRENCIES]
    rows[-1][-1] = ""  # has no rate yet, which its mapping's rules of quality count
    name = f"exchange_rates_{day:%Y%m%d}.csv"
    return Sample(
        name=name,
        table="raw_exchange_rates",
        content=_csv([["currency", "rate_date", "rate"], *rows]),
        go_name=f"market_{day:%Y%m%d}.ctl",
        go_content=_text([f"{_prices_name(day)},{INSTRUMENTS}", f"{name},{len(rows)}"]),
        story="in one set with the prices, which its go file names too",
        expect=Expectation(fate="loaded", rows=len(rows)),
    )


def _prices_name(day: date) -> str:
    return f"eod_prices_{day:%Y%m%d}.csv"


def _positions(day: date) -> Sample:
    lines = _position_lines(day)
    return _with_ctl(
        day,
        lines,
        story="a control file in CSV form has the count",
        expect=Expectation(fate="loaded", rows=len(lines) - 1),
    )


def _broken_positions(day: date) -> Sample:
    """A stray quote: many readers take everything up to the next one for a single cell."""
    lines = _position_lines(day)
    at = len(lines) // 2
    account, rest = lines[at].split(",", 1)
    lines[at] = f'{account}",{rest}'
    return _with_ctl(
        day,
        lines,
        story="a stray quote in the middle",
        expect=Expectation(fate="failed", code="csv.stray_quote", line=at + 1),
    )


def _with_ctl(day: date, lines: Sequence[str], *, story: str, expect: Expectation) -> Sample:
    name = f"positions_{day:%Y%m%d}.csv"
    return Sample(
        name=name,
        table="raw_positions",
        content=_text(lines),
        go_name=f"positions_{day:%Y%m%d}.ctl",
        go_content=_text([f"{name},{len(lines) - 1},SUCCESS"]),
        story=story,
        expect=expect,
    )


def _position_lines(day: date) -> list[str]:
    pick = _random("positions", day)
    lines = ["account,symbol,position_date,quantity,market_value"]
    for account in _accounts():
        for symbol in sorted(pick.sample(_symbols(), SYMBOLS_PER_ACCOUNT)):
            value = f"{pick.uniform(100, 900_000):.2f}"
            lines.append(f"{account},{symbol},{day},{pick.randint(1, 5000)},{value}")
    return lines


def _trades(
    day: date,
    rows: _Rows,
    story: str,
    *,
    wave: int = 1,
    more_columns: Sequence[str] = (),
    promised: int | None = None,
    expect: Expectation | None = None,
) -> Sample:
    header = ["trade_id", "trade_date", "symbol", "quantity", "price", "side", "account"]
    count = len(rows) if promised is None else promised
    return Sample(
        name=f"trades_{day:%Y%m%d}.csv",
        table="raw_trades",
        content=_csv([[*header, *more_columns], *rows]),
        go_name=f"trades_{day:%Y%m%d}.go",
        go_content=_text(["# written last", f"record_count = {count}", "status = SUCCESS"]),
        story=story,
        wave=wave,
        expect=expect or Expectation(fate="loaded", rows=len(rows)),
    )


def _restated_trades(day: date) -> Sample:
    """The same name again: some prices corrected, ten late trades added."""
    rows = _trade_rows(day, TRADES + 10)
    pick = _random("corrections", day)
    for row in pick.sample(rows[:TRADES], 40):
        row[4] = f"{pick.uniform(1, 900):.4f}"
    return _trades(
        day,
        rows,
        "the same name again with corrected rows",
        wave=2,
        expect=Expectation(fate="loaded", rows=len(rows), restates=True),
    )


def _drifted_trades(day: date) -> Sample:
    pick = _random("venues", day)
    rows = [[*row, pick.choice(("XETR", "XNAS", "XLON"))] for row in _trade_rows(day)]
    return _trades(
        day,
        rows,
        "a column that the table does not have",
        wave=2,
        more_columns=["venue"],
        expect=Expectation(fate="loaded", rows=len(rows), drift=("venue",)),
    )


def _trade_rows(day: date, count: int = TRADES) -> _Rows:
    """The first rows of a day do not depend on how many are asked for."""
    pick = _random("trades", day)
    symbols, accounts = _symbols(), _accounts()
    return [
        [
            f"T{day:%Y%m%d}-{number:05d}",
            f"{day}",
            pick.choice(symbols),
            str(pick.randint(1, 1000)),
            f"{pick.uniform(1, 900):.4f}",
            pick.choice(("BUY", "SELL")),
            pick.choice(accounts),
        ]
        for number in range(1, count + 1)
    ]


def _orphan_go(day: date) -> Sample:
    return Sample(
        name=f"trades_{day:%Y%m%d}.csv",
        table="raw_trades",
        content=None,
        go_name=f"trades_{day:%Y%m%d}.go",
        go_content=_text(["record_count = 3000"]),
        story="a go file whose data file has not come",
        expect=Expectation(fate="stays"),
    )


def _unmatched(day: date) -> Sample:
    return Sample(
        name=f"customers_{day:%Y%m%d}.csv",
        table=None,
        content=_text(["customer,city", "C1,Bern"]),
        story="no mapping knows this name",
        expect=Expectation(fate="stays"),
    )


@cache
def _symbols() -> tuple[str, ...]:
    """Four letters each, the same for every day: trades, positions and prices refer to them."""
    every = ["".join(four) for four in itertools.product("ABCDEFGHKLMNPRSTUVWXZ", repeat=4)]
    return tuple(sorted(random.Random("symbols").sample(every, INSTRUMENTS)))


def _accounts() -> list[str]:
    return [f"ACC-{number:03d}" for number in range(1, ACCOUNTS + 1)]


def _random(what: str, day: date) -> random.Random:
    return random.Random(f"{what} {day}")


def _csv(records: Iterable[Sequence[str]]) -> bytes:
    return _text(",".join(map(_field, record)) for record in records)


def _field(text: str) -> str:
    special = any(character in text for character in ',"\n\r')
    return '"' + text.replace('"', '""') + '"' if special else text


def _text(lines: Iterable[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def main() -> int:
    """Drop one or both waves into a landing zone.

    :return: exit code.
    """
    parser = argparse.ArgumentParser(description="Drop sample deliveries into a landing zone.")
    parser.add_argument("--into", required=True, help="the landing zone: a folder or gs://...")
    parser.add_argument("--wave", type=int, choices=(1, 2), default=1, help="default 1")
    parser.add_argument(
        "--day", type=date.fromisoformat, default=FIRST_DAY, help=f"first day, default {FIRST_DAY}"
    )
    arguments = parser.parse_args()
    chosen = [sample for sample in samples(arguments.day) if sample.wave == arguments.wave]
    in_bucket = arguments.into.startswith("gs://")
    if not in_bucket and not Path(arguments.into).is_dir():
        parser.error(f"{arguments.into} is not a folder")
    try:
        if in_bucket:
            upload(chosen, arguments.into)
        else:
            drop(chosen, Path(arguments.into))
    except FileExistsError as error:
        parser.exit(1, f"{error}. Wait until it is loaded, or take another --day.\n")
    for sample in chosen:
        print(f"{' + '.join(sample.files()):55} {sample.story}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
