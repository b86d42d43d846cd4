"""The cases: what is delivered, into what table, and which paths take it.

Imported by the paths' own processes too, so it imports nothing but the standard library.
"""

from __future__ import annotations

from dataclasses import dataclass

from data import TEXTS, TRADES, WIDE

TABLE = "raw_bench"

BASELINES = ("duckdb", "duckdb-unordered")
OURS = "landing-loader"
OURS_AIRFLOW = "airflow"
EVERY = (*BASELINES, OURS, OURS_AIRFLOW, "polars", "seed", "dlt")
MOST = (*BASELINES, OURS, "polars", "dlt")
# Others have no notion of it, or another one: dlt adds columns, and loads a trailer as a row.
BARE = (*BASELINES, OURS, "polars", "seed")


_RULES = (
    "required: [trade_id, venue], unique: [trade_id], "
    "types: {price: 'DECIMAL(18,4)', trade_date: DATE}"
)


@dataclass(frozen=True)
class Case:
    """One kind of delivery.

    :param title: as the page and the charts call it.
    :param data: which of ``data.DATASETS``.
    :param share: of the size that is asked for; small where a path is very slow.
    :param columns: of the files.
    :param table: columns of a table that is there already; else a path makes the table.
    :param trailer: the last line is a trailer record, such as ``TRAILER,1000,EOF``.
    :param totals: the trailer holds the sum of all prices, too, which is proved.
    :param quality: the mapping has two required columns, two types and a unique one.
    :param cold: the files are not in the page cache when a path starts.
    :param rounds: at most so many, where a round takes minutes.
    """

    title: str
    data: str
    paths: tuple[str, ...]
    columns: tuple[str, ...] = TRADES
    share: float = 1.0
    table: tuple[str, ...] | None = None
    trailer: bool = False
    totals: bool = False
    cold: bool = False
    quality: bool = False
    rounds: int | None = None

    @property
    def mapping(self) -> str:
        """The table mapping, as YAML."""
        totals = ", totals: {price: 3}" if self.totals else ""
        keys = f"{{row_count_column: 1, tag: TRAILER{totals}}}"
        trailer = f", trailer: {keys}" if self.trailer else ""
        rules = f", quality: {{{_RULES}}}" if self.quality else ""
        return f"bench_*: {{table: {TABLE}, settle_seconds: 0{trailer}{rules}}}\n"


CASES = {
    "large": Case("one file of 1 GB", "one", EVERY),
    "trailer": Case("with a trailer", "trailer", BARE, trailer=True),
    "totals": Case("with a control total", "totals", BARE, trailer=True, totals=True),
    "drift": Case("with drift", "one", BARE, table=TRADES[:-1]),
    "quality": Case("with quality", "one", (*BASELINES, OURS), quality=True),
    "cold": Case("one file of 1 GB, cold", "one", (*BASELINES, OURS), cold=True),
    "ten": Case("10 files of 100 MB", "ten", EVERY),
    "wide": Case("500 columns", "wide", MOST, columns=WIDE),
    "text": Case("long texts, quoted line ends", "text", MOST, columns=TEXTS),
    "gzip": Case("gzip", "gzip", MOST),
    "small": Case("2,000 files of 10 KB", "small", EVERY, share=0.2),
    "many": Case("10,000 files of 10 KB", "small", EVERY, rounds=1),
    "default": Case("one file of 20 MB", "one", (*BASELINES, OURS, "dlt-default"), share=0.02),
}
