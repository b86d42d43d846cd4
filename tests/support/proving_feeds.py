"""Feeds that prove more than counts: by control totals, or one control file of several files."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Sequence
from decimal import Decimal

from tests.support.unknown_feeds import Feed, Row, days, rows_of, written


def sum_of(rows: Sequence[Row], column: int) -> str:
    """The exact sum of a column's cells; NULL counts nothing."""
    return str(sum(Decimal(row[column] or 0) for row in rows))


def summed(seed: random.Random) -> Feed:
    feed = Feed()
    for day in days(3):
        rows = rows_of(seed)
        feed.add(f"summed_{day}.csv", written(rows), rows)
        said = f"rows={len(rows)}\nversion=3\nsum={sum_of(rows, 3)}\nqty={sum_of(rows, 2)}\n"
        feed.go(f"summed_{day}.go", said)
    return feed


def summed_trailers(seed: random.Random) -> Feed:
    feed = Feed()
    for day in days(3):
        rows = rows_of(seed)
        end = f"TRL|{len(rows)}|{day}|{sum_of(rows, 3)}|{sum_of(rows, 2)}|END\n"
        feed.add(f"ledger_{day}.txt", written(rows, delimiter="|") + end, rows)
    return feed


def summed_headers(seed: random.Random) -> Feed:
    feed = Feed()
    for day in days(3):
        rows = rows_of(seed)
        above = f"Rows: {len(rows)} Total: {sum_of(rows, 2)}\n"
        feed.add(f"batch_{day}.csv", above + written(rows), rows)
    return feed


def listed(seed: random.Random) -> Feed:
    """One control file a day for several data files."""
    feed = Feed()
    for day in days(3):
        lines = ["file;rows;bytes"]
        names = [f"stock_{region}_{day}.csv" for region in ("eu", "us")]
        for name in names:
            rows = rows_of(seed)
            content = feed.add(name, written(rows), rows)
            lines.append(f"{name};{len(rows)};{len(content)}")
        feed.files[f"stocks.{day}.ctl"] = "\n".join([*lines, ""]).encode()
        feed.beside |= {name: [f"stocks.{day}.ctl"] for name in names}
    return feed


def listed_digests(seed: random.Random) -> Feed:
    feed = Feed()
    for day in days(2):
        names = [f"{day}-part{part}.csv" for part in (1, 2, 3)]
        lines = ""
        for name in names:
            rows = rows_of(seed)
            content = feed.add(name, written(rows), rows)
            lines += f"{hashlib.sha256(content).hexdigest()}  {name}\n"
        feed.files[f"{day}.sha256"] = lines.encode()
        feed.beside |= {name: [f"{day}.sha256"] for name in names}
    return feed


PROVING: dict[str, Callable[[random.Random], Feed]] = {
    make.__name__: make
    for make in (summed, summed_trailers, summed_headers, listed, listed_digests)
}
