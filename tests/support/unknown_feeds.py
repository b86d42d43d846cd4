"""Feeds as senders deliver them, without a word of how they are written: files, and their cells.

Each is made by a few lines that know what they write, so that what a proposed mapping loads can be
held against it.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

Row = tuple[str | None, ...]


@dataclass
class Feed:
    """What one sender delivers.

    :param files: bytes by name; go files too.
    :param rows_of: cells in file order, by data file.
    :param beside: the go file of a data file, by its name.
    :param unsure: the keys of which a person has to be asked.
    :param loads: whether the files load as proposed; otherwise one of the keys above is why not.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    rows_of: dict[str, list[Row]] = field(default_factory=dict)
    beside: dict[str, list[str]] = field(default_factory=dict)
    unsure: frozenset[str] = frozenset()
    loads: bool = True

    @property
    def rows(self) -> list[Row]:
        """Those of all files."""
        return [row for name in sorted(self.rows_of) for row in self.rows_of[name]]

    def add(self, name: str, content: bytes | str, rows: Sequence[Row] = ()) -> bytes:
        """Add a data file with the rows that it has."""
        self.files[name] = content.encode() if isinstance(content, str) else content
        self.rows_of[name] = list(rows)
        return self.files[name]

    def go(self, name: str, content: str) -> None:
        """Add the go file of the data file that was added last."""
        self.files[name] = content.encode()
        self.beside[[*self.rows_of][-1]] = [name]


FEEDS: dict[str, Callable[[random.Random], Feed]] = {}
COLUMNS = ("trade_id", "symbol", "quantity", "price")


def _feed(make: Callable[[random.Random], Feed]) -> Callable[[random.Random], Feed]:
    FEEDS[make.__name__.lstrip("_")] = make
    return make


def days(number: int, form: str = "%Y%m%d") -> Iterator[str]:
    """Days in a row, written in a form."""
    return ((date(2024, 1, 29) + timedelta(day)).strftime(form) for day in range(number))


def rows_of(seed: random.Random, number: int | None = None) -> list[Row]:
    """Rows for :data:`COLUMNS`."""
    return [
        (
            f"T{seed.randrange(10**6):06}",
            seed.choice(("IBM", "VOD LN", "Nestlé", "Smith, Jane")),
            str(seed.randrange(1, 10_000)),
            None if seed.random() < 0.2 else f"{seed.random() * 100:.2f}",
        )
        for _ in range(number if number is not None else seed.randrange(5, 40))
    ]


def written(
    rows: Sequence[Row], header: Sequence[str] | None = COLUMNS, *, delimiter: str = ","
) -> str:
    """Rows as CSV; NULL is nothing."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    if header is not None:
        writer.writerow(header)
    writer.writerows([["" if cell is None else cell for cell in row] for row in rows])
    return out.getvalue()


@_feed
def plain(seed: random.Random) -> Feed:
    feed = Feed()
    for day in days(4):
        rows = rows_of(seed)
        feed.add(f"plain_{day}.csv", written(rows), rows)
    return feed


@_feed
def semicolons(seed: random.Random) -> Feed:
    feed = Feed()
    for day in days(3, "%Y-%m-%d"):
        rows = [
            (*row[:2], row[2], f"{seed.random():.2f}".replace(".", ",")) for row in rows_of(seed)
        ]
        text = written(rows, delimiter=";").replace("\n", "\r\n")
        feed.add(f"semicolons {day}.txt", b"\xef\xbb\xbf" + text.encode(), rows)
    return feed


@_feed
def latin(seed: random.Random) -> Feed:
    feed = Feed(unsure=frozenset({"csv.encoding"}), loads=False)
    for day in days(3):
        rows = [("1", "Zürich", "1", "2.5"), *rows_of(seed)]
        feed.add(f"latin.{day}.dat", written(rows, delimiter="\t").encode("latin-1"), rows)
    return feed


@_feed
def wide(seed: random.Random) -> Feed:
    feed = Feed()
    for day in days(3):
        rows = rows_of(seed)
        feed.add(f"wide_{day}.csv", written(rows).encode("utf-16"), rows)
    return feed


@_feed
def packed_with_properties(seed: random.Random) -> Feed:
    feed = Feed()
    for day in days(4):
        rows = rows_of(seed)
        feed.add(f"packed_{day}.csv.gz", gzip.compress(written(rows).encode()), rows)
        said = f"# made by night batch\nbusiness.date={day}\nrecord_count={len(rows)}\nversion=3\n"
        feed.go(f"packed_{day}.go", said + "status=OK\n")
    return feed


@_feed
def bank(seed: random.Random) -> Feed:
    feed = Feed(unsure=frozenset({"csv.columns"}))
    for day in days(3):
        rows = rows_of(seed)
        body = written(rows, None, delimiter="|")
        feed.add(f"BANK{day}.txt", f"HDR|{day}|ACME\n{body}TRL|{len(rows)}|END\n", rows)
    return feed


@_feed
def control_lines(seed: random.Random) -> Feed:
    feed = Feed()
    for day in days(4):
        rows = rows_of(seed)
        feed.add(f"control_lines_{day}.csv", written(rows), rows)
        feed.go(f"control_lines_{day}.ctl", f"control_lines_{day}.csv,{len(rows)},SUCCESS\n")
    return feed


@_feed
def json_manifests(seed: random.Random) -> Feed:
    feed = Feed()
    for day in days(3):
        rows = rows_of(seed)
        name = f"manifested_{day}.csv"
        content = feed.add(name, written(rows), rows)
        entry = {
            "name": name,
            "rows": len(rows),
            "bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
        }
        document = {"batch": {"cob date": day, "state": "COMPLETE"}, "files": [entry]}
        feed.go(f"manifested_{day}.manifest", json.dumps(document, indent=1))
    return feed


@_feed
def digests(seed: random.Random) -> Feed:
    feed = Feed()
    for day in days(3):
        rows = rows_of(seed)
        content = feed.add(f"digests_{day}.csv", written(rows), rows)
        digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
        feed.go(f"digests_{day}.csv.md5", f"{digest}  digests_{day}.csv\n")
    return feed


@_feed
def presence(seed: random.Random) -> Feed:
    feed = Feed()
    for day in days(3):
        rows = rows_of(seed)
        feed.add(f"presence_{day}.csv", written(rows), rows)
        feed.go(f"presence_{day}.done", "")
    return feed


@_feed
def regions(seed: random.Random) -> Feed:
    feed = Feed()
    for day in days(3):
        for region in ("eu", "us", "apac"):
            rows = rows_of(seed)
            feed.add(f"pos_{day}_{region}.csv", written(rows), rows)
            other = f"{day[6:]}{day[4:6]}{day[:4]}"
            feed.go(f"{region}-{other}.ctl", f"rows={len(rows)}\n")
    return feed


@_feed
def sqlcmd(seed: random.Random) -> Feed:
    feed = Feed()
    for day, number in zip(days(3), (1, 7, 12), strict=True):
        rows = rows_of(seed, number)
        header, body = ",".join(COLUMNS), written(rows, None)
        dashes = ",".join("-" * len(name) for name in COLUMNS)
        end = f"\n({number} row{'' if number == 1 else 's'} affected)\n"
        feed.add(f"query_{day}.csv", f"{header}\n{dashes}\n{body}{end}", rows)
    return feed


@_feed
def vendor(seed: random.Random) -> Feed:
    feed = Feed(unsure=frozenset({"csv.columns"}))
    for day in days(3):
        rows = [(row[0], row[2], row[3] or "0") for row in rows_of(seed)]
        body = "".join("|".join(map(str, row)) + "|\n" for row in rows)
        text = (
            f"START-OF-FILE\nRUNDATE={day}\nSTART-OF-DATA\n{body}END-OF-DATA\n"
            f"DATARECORDS={len(rows)}\nEND-OF-FILE\n"
        )
        feed.add(f"vendor{day}.out", text, rows)
    return feed


@_feed
def dump(seed: random.Random) -> Feed:
    feed = Feed(unsure=frozenset({"csv.columns"}))
    for day in days(2):
        rows = [(row[0], row[2], row[3], "a tab\tin it") for row in rows_of(seed)]
        texts = [[("\\N" if c is None else c.replace("\t", "\\t")) for c in row] for row in rows]
        feed.add(f"dump_{day}.tsv", "".join("\t".join(row) + "\n" for row in texts), rows)
    return feed


@_feed
def excel(seed: random.Random) -> Feed:
    feed = Feed()
    for day in days(3):
        rows = [(f"{seed.randrange(1000):05}", f"Nut; {at}", str(at)) for at in range(9)]
        body = "".join(f'="{sku}"; "{name}";{at}\r\n' for sku, name, at in rows)
        feed.add(f"stock_{day}.csv", f"sep=;\r\nsku;name;number\r\n{body}", rows)
    return feed


@_feed
def versions(seed: random.Random) -> Feed:
    feed = Feed(unsure=frozenset({"on_redelivery"}))
    for day in days(3):
        rows = rows_of(seed)
        feed.add(f"holdings_{day}.csv", written(rows), rows)
    rows = rows_of(seed)
    feed.add("holdings_20240129_v2.csv", written(rows), rows)
    return feed


@_feed
def trailing_delimiters(seed: random.Random) -> Feed:
    feed = Feed()
    for day in days(2):
        rows = rows_of(seed)
        text = written(rows).replace("\n", ",\n")
        feed.add(f"trailing_{day}.csv", text, rows)
    return feed


@_feed
def times(seed: random.Random) -> Feed:
    feed = Feed()
    for day in days(2):
        for hour in ("073000", "120015", "235959"):
            rows = rows_of(seed)
            feed.add(f"ticks-{day}_{hour}.csv", written(rows), rows)
    return feed


@_feed
def words(seed: random.Random) -> Feed:
    feed = Feed(unsure=frozenset({"csv.header"}), loads=False)
    for day in days(3):
        rows = [(seed.choice(("Ann", "Bob")), seed.choice(("Rome", "Oslo"))) for _ in range(6)]
        feed.add(f"words_{day}.csv", written(rows, ("name", "city")), rows)
    return feed


@_feed
def counted_words(seed: random.Random) -> Feed:
    """Nothing tells the header but the go files' counts."""
    feed = Feed()
    for number, day in enumerate(days(3), 4):
        rows = [(seed.choice(("Ann", "Bob")), seed.choice(("Rome", "Oslo"))) for _ in range(number)]
        feed.add(f"people_{day}.csv", written(rows, ("name", "city")), rows)
        feed.go(f"people_{day}.trg", f"count={number}\n")
    return feed


@_feed
def totals(seed: random.Random) -> Feed:
    feed = Feed()
    for day in days(3):
        rows = rows_of(seed)
        feed.add(f"report_{day}.csv", f"{written(rows)}Total;{seed.randrange(10**6)}\n", rows)
    return feed


@_feed
def packed_unsaid(seed: random.Random) -> Feed:
    feed = Feed()
    for day in days(2):
        rows = rows_of(seed)
        feed.add(f"unsaid_{day}.csv", gzip.compress(written(rows).encode()), rows)
    return feed


@_feed
def parts_of_exports(seed: random.Random) -> Feed:
    feed = Feed()
    for number in range(3):
        rows = rows_of(seed)
        mark = f"{seed.getrandbits(32):08x}-{seed.getrandbits(16):04x}-4{seed.getrandbits(12):03x}"
        mark += f"-a{seed.getrandbits(12):03x}-{seed.getrandbits(48):012x}"
        feed.add(f"export-{number:05}-{mark}.csv", written(rows), rows)
    return feed


@_feed
def trailers(seed: random.Random) -> Feed:
    feed = Feed()
    for day in days(3):
        rows = [row[:3] for row in rows_of(seed)]
        text = written(rows, COLUMNS[:3]) + f"TRAILER,{len(rows)},EOF\n"
        feed.add(f"eod_prices_{day}.csv", text, rows)
    return feed


@_feed
def headers_counted(seed: random.Random) -> Feed:
    feed = Feed()
    for day in days(3):
        rows = rows_of(seed)
        feed.add(f"lines_{day}.csv", written(rows), rows)
        feed.go(f"lines_{day}.cnt", f"file;lines\nlines_{day}.csv;{len(rows) + 1}\n")
    return feed


@_feed
def texts_of_several_lines(seed: random.Random) -> Feed:
    feed = Feed()
    for day in days(2, "%d-%b-%Y"):
        rows = [(str(at), f'He said "{at}",\nand left', "1.5") for at in range(20)]
        feed.add(f"notes_{day}.csv", written(rows, ("id", "note", "score")), rows)
    return feed


@_feed
def header_records(seed: random.Random) -> Feed:
    feed = Feed()
    for day in days(3):
        rows = rows_of(seed)
        feed.add(f"counted_{day}.csv", f"Records: {len(rows)} of {day}\n{written(rows)}", rows)
    return feed


@_feed
def commented(seed: random.Random) -> Feed:
    feed = Feed()
    for day in days(2):
        rows = rows_of(seed)
        first, *others = written(rows).splitlines(keepends=True)
        text = first + "# the first half\n" + "".join(others[:3]) + "# the rest\n"
        feed.add(f"commented_{day}.csv", text + "".join(others[3:]), rows)
    return feed
