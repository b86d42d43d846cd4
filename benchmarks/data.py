"""Makes the benchmark's files: trades, ten columns, the same bytes at every run."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

HEADER = "trade_id,trade_date,symbol,quantity,price,side,account,trader,venue,note\n"
_BLOCK_ROWS = 20_000


def write_trades(path: Path, rows: int) -> Path:
    """Write ``rows`` trades (about 107 bytes each) unless the file is there already."""
    if path.exists():
        return path
    block = list(_block())
    unfinished = path.with_suffix(".part")
    with unfinished.open("w", encoding="utf-8", newline="") as file:
        file.write(HEADER)
        for start in range(0, rows, _BLOCK_ROWS):
            count = min(_BLOCK_ROWS, rows - start)
            file.write("".join(f"T{start + i:010d},{block[i]}" for i in range(count)))
    return unfinished.rename(path)


def write_small_files(folder: Path, files: int, rows: int = 92) -> None:
    """Write many small files (92 rows are about 10 KB), each with content of its own."""
    block = list(_block())
    for number in range(files):
        lines = (f"F{number:06d}R{i:04d},{block[i]}" for i in range(rows))
        text = HEADER + "".join(lines)
        (folder / f"small_{number:06d}.csv").write_text(text, encoding="utf-8", newline="")


def _block() -> Iterator[str]:
    draw = random.Random(20240115)
    symbols = ("AAPL", "MSFT", "GOOG", "TSLA", "NVDA")
    for i in range(_BLOCK_ROWS):
        yield (
            f"2024-01-{draw.randint(1, 28):02d},{draw.choice(symbols)},{draw.randint(1, 999)},"
            f"{draw.randint(1, 99_999) / 100:.2f},{draw.choice(('BUY', 'SELL'))},"
            f"ACC{draw.randint(0, 499):05d},trader {draw.randint(0, 96)},XNAS,"
            f"note number {i} of the day for the desk\n"
        )
