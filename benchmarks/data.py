"""Makes the benchmark's files: the same bytes at every run, kept until `make clean`.

A data set is a folder of files. Sizes are in gigabytes of the whole of it; the folder's name says
the size, so that several may lie side by side.
"""

from __future__ import annotations

import gzip
import random
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

TRADES = (
    *("trade_id", "trade_date", "symbol", "quantity", "price"),
    *("side", "account", "trader", "venue", "note"),
)
WIDE = ("row_id", *(f"c{number:03d}" for number in range(1, 500)))
TEXTS = ("message_id", "author", "subject", "body", "stars")
ROWS_PER_GB = 10_000_000  # of trades; 108.6 bytes each
SMALL_FILES_PER_GB = 10_000  # of 10 KB each: a tenth of the bytes, but that many files
_SMALL_ROWS = 92
_WIDE_ROWS_PER_GB = 200_000
_TEXT_ROWS_PER_GB = 860_000
_BLOCK_ROWS = 20_000


@dataclass(frozen=True)
class Data:
    """Files of one data set.

    :param files: in order of their names.
    """

    files: tuple[Path, ...]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.stat().st_size for file in self.files)


def ready(cache: Path, name: str, gigabytes: float) -> Data:
    """The files of a data set, made if they are not there.

    :param cache: the folder that data sets are kept in.
    :param name: one of ``DATASETS``.
    """
    folder = cache / f"{name}-{gigabytes:g}"
    if not folder.is_dir():
        unfinished = cache / f"{folder.name}.part"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        DATASETS[name](unfinished, gigabytes)
        unfinished.rename(folder)
    return Data(tuple(sorted(folder.iterdir())))


def write_trades(path: Path, rows: int, first: int = 0) -> Path:
    """Write ``rows`` trades, numbered from ``first``."""
    block = _trades()
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(_header(TRADES))
        for start in range(first, first + rows, _BLOCK_ROWS):
            count = min(_BLOCK_ROWS, first + rows - start)
            file.write("".join(f"T{start + i:010d},{block[i]}" for i in range(count)))
    return path


def _one_file(folder: Path, gigabytes: float) -> None:
    write_trades(folder / "bench_1.csv", int(gigabytes * ROWS_PER_GB))


def _ten_files(folder: Path, gigabytes: float) -> None:
    rows = int(gigabytes * ROWS_PER_GB / 10)
    for number in range(10):
        write_trades(folder / f"bench_{number}.csv", rows, number * rows)


def _small_files(folder: Path, gigabytes: float) -> None:
    block = _trades()
    for number in range(int(gigabytes * SMALL_FILES_PER_GB)):
        lines = (f"F{number:06d}R{i:04d},{block[i]}" for i in range(_SMALL_ROWS))
        path = folder / f"bench_{number:06d}.csv"
        path.write_text(_header(TRADES) + "".join(lines), encoding="utf-8", newline="")


def _with_trailer(folder: Path, gigabytes: float) -> None:
    rows = int(gigabytes * ROWS_PER_GB)
    path = write_trades(folder / "bench_1.csv", rows)
    with path.open("a", encoding="utf-8", newline="") as file:
        file.write(f"TRAILER,{rows},EOF\n")


def _with_totals(folder: Path, gigabytes: float) -> None:
    rows = int(gigabytes * ROWS_PER_GB)
    path = write_trades(folder / "bench_1.csv", rows)
    prices = [int(line.split(",")[3].replace(".", "")) for line in _trades()]
    blocks, rest = divmod(rows, _BLOCK_ROWS)
    hundredths = blocks * sum(prices) + sum(prices[:rest])
    with path.open("a", encoding="utf-8", newline="") as file:
        file.write(f"TRAILER,{rows},EOF,{hundredths // 100}.{hundredths % 100:02d}\n")


def _gzipped(folder: Path, gigabytes: float) -> None:
    plain = write_trades(folder / "plain", int(gigabytes * ROWS_PER_GB))
    with (
        plain.open("rb") as source,
        (folder / "bench_1.csv.gz").open("wb") as target,
        gzip.GzipFile("", "wb", compresslevel=6, fileobj=target, mtime=0) as packed,
    ):
        shutil.copyfileobj(source, packed, 1 << 20)
    plain.unlink()


def _wide(folder: Path, gigabytes: float) -> None:
    rows = int(gigabytes * _WIDE_ROWS_PER_GB)
    _repeated(folder / "bench_1.csv", WIDE, "W", list(_wide_rows()), rows)


def _texts(folder: Path, gigabytes: float) -> None:
    rows = int(gigabytes * _TEXT_ROWS_PER_GB)
    _repeated(folder / "bench_1.csv", TEXTS, "M", list(_text_rows()), rows)


def _repeated(path: Path, columns: Sequence[str], tag: str, block: list[str], rows: int) -> None:
    """Write ``rows`` rows: a number of their own, then the rows of ``block`` over and over."""
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(_header(columns))
        for row in range(rows):
            file.write(f"{tag}{row:010d},{block[row % len(block)]}")


def _header(columns: Sequence[str]) -> str:
    return ",".join(columns) + "\n"


@cache
def _trades() -> tuple[str, ...]:
    draw = random.Random(20240115)
    symbols = ("AAPL", "MSFT", "GOOG", "TSLA", "NVDA")
    return tuple(
        f"2024-01-{draw.randint(1, 28):02d},{draw.choice(symbols)},{draw.randint(1, 999)},"
        f"{draw.randint(1, 99_999) / 100:.2f},{draw.choice(('BUY', 'SELL'))},"
        f"ACC{draw.randint(0, 499):05d},trader {draw.randint(0, 96)},XNAS,"
        f"note number {i} of the day for the desk\n"
        for i in range(_BLOCK_ROWS)
    )


def _wide_rows() -> Iterator[str]:
    draw = random.Random(20240116)
    for _ in range(2_000):
        yield ",".join(f"v{draw.randint(0, 99_999_999)}" for _ in WIDE[1:]) + "\n"


def _text_rows() -> Iterator[str]:
    """Bodies of 200 to 2,000 characters with line ends, commas and doubled quotes."""
    draw = random.Random(20240117)
    words = [f"word{number}" for number in range(400)] + ['""so to speak""', "first,", "then:"]
    for number in range(5_000):
        paragraphs = (
            " ".join(draw.choices(words, k=draw.randint(5, 35))) for _ in range(draw.randint(4, 11))
        )
        body = "\n".join(paragraphs)
        yield f'author {number % 800},"Re: subject {number}, again","{body}",{number % 6}\n'


DATASETS: dict[str, Callable[[Path, float], None]] = {
    "one": _one_file,
    "ten": _ten_files,
    "small": _small_files,
    "wide": _wide,
    "text": _texts,
    "trailer": _with_trailer,
    "totals": _with_totals,
    "gzip": _gzipped,
}
