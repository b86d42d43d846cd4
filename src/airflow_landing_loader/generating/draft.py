"""A delivery in the making, layer by layer, so that something can go wrong at each of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from airflow_landing_loader.config.mapping.model import GoFile, TableMapping
from airflow_landing_loader.generating.control import Promise, go_file
from airflow_landing_loader.generating.counting import as_counted
from airflow_landing_loader.generating.figures import Figures
from airflow_landing_loader.generating.lines import Proof, above, below, skipped, trailer_record
from airflow_landing_loader.generating.names import Named
from airflow_landing_loader.generating.packing import compression_for, packed
from airflow_landing_loader.generating.records import record_of
from airflow_landing_loader.generating.rows import Row
from airflow_landing_loader.generating.totals import Told, told

Status = Literal["loaded", "duplicate", "failed", "waiting", "orphan", "left"]
Layer = Literal["header", "data_start", "header_record", "data_end", "trailer", "footer"]


def _as_it_is(content: bytes) -> bytes:
    return content


@dataclass(frozen=True, kw_only=True)
class Draft:
    """One delivery.

    :param figures: how the numbers are written of which totals are given.
    :param header: names as the sender writes them.
    :param rows: what the records say.
    :param records: their texts, where they are not those of the rows.
    :param own_count: what trailer and header record say; ``None``: the number of rows.
    :param go_count: what the go file says, likewise.
    :param without: layers that are left out.
    :param edit: changes the text as it is encoded, before it is compressed.
    :param spoil: changes the bytes as they are delivered.
    :param go_of: whose size and digest the go file tells; ``None``: the delivered file's.
    :param wrong_total: the proof (``go_file``, ``trailer``, ``header_record``) whose first total
        is one too much; ``None``: all are right.
    :param beside: other data files of the set, which the go file names before this one.
    """

    mapping: TableMapping
    named: Named
    figures: Figures
    header: tuple[str, ...]
    rows: tuple[Row, ...]
    records: tuple[str, ...] | None = None
    line_end: str = "\n"
    own_count: int | None = None
    go_count: int | None = None
    without: frozenset[Layer] = frozenset()
    edit: Callable[[bytes], bytes] = _as_it_is
    spoil: Callable[[bytes], bytes] = _as_it_is
    go_of: Draft | None = None
    status: str | None = None
    size: int | None = None
    hexdigest: str | None = None
    go_names: str | None = None
    wrong_total: str | None = None
    beside: tuple[Draft, ...] = ()
    has_go: bool = True
    has_data: bool = True

    def lines(self) -> list[str]:
        """All lines of the text."""
        csv = self.mapping.csv
        proof = Proof(
            count=self._count(self.own_count),
            above={place: one.text for place, one in self._totals("header_record").items()},
            below={place: one.text for place, one in self._totals("trailer").items()},
        )
        lines = above(self.mapping, proof, self.without)
        if csv.header and "header" not in self.without:
            lines.append(record_of(self.header, csv))
            lines += skipped(self.mapping)
        records = self.records
        if records is None:
            records = tuple([record_of(row, csv) for row in self.rows])
        lines += records[:1]
        lines += [f"{csv.comments} a comment"] if csv.comments else []
        lines += records[1:]
        if "trailer" not in self.without:
            lines += trailer_record(self.mapping, proof, len(self.header))
        return lines + below(self.mapping, proof, self.without)

    def text(self) -> bytes:
        """The text, encoded."""
        ends = ("\n", "\r\n") if self.mapping.csv.mixed_line_ends else (self.line_end,)
        lines = self.lines()
        text = "".join([line + ends[at % len(ends)] for at, line in enumerate(lines)])
        return self.edit(text.encode(self.mapping.csv.encoding))

    def content(self) -> bytes:
        """The data file's bytes."""
        kind = compression_for(self.mapping, self.named.data)
        return self.spoil(packed(self.text(), kind))

    def go_content(self) -> bytes | None:
        """The go file's bytes; ``None``: the mapping wants none."""
        rules, name = self.mapping.go_file, self.named.go
        if rules is None or name is None:
            return None
        if rules.format == "presence":
            return b"" if self.go_names is None else f"{self.go_names}\n".encode()
        return go_file(rules, name, [one._promise(rules) for one in (*self.beside, self)])

    def _promise(self, rules: GoFile) -> Promise:
        """What the go file says of this data file."""
        return Promise(
            name=self.go_names or self.named.data,
            count=as_counted(self.mapping, self._count(self.go_count), rules.count_includes),
            content=(self.go_of or self).content(),
            day=self.named.day,
            number=self.named.number,
            status=self.status,
            size=self.size,
            hexdigest=self.hexdigest,
            totals=self.go_totals,
        )

    @property
    def go_totals(self) -> dict[str | int, Told]:
        """The totals that the go file tells, by their places."""
        return self._totals("go_file")

    def _totals(self, proof: str) -> dict[str | int, Told]:
        wrong = self.wrong_total == proof
        return told(self.mapping, proof, self.rows, self.figures, wrong=wrong)

    def _count(self, said: int | None) -> int:
        return len(self.rows) if said is None else said


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What has to become of a delivery.

    :param status: ``loaded``, ``duplicate`` and ``failed`` as `run` says; ``waiting`` for its go
        file; ``orphan``: a go file alone; ``left`` where it lies.
    :param code: of the error; ``None``: there is none.
    :param rows: cells that are loaded, where it is loaded.
    :param rejected: records that are put aside.
    """

    status: Status
    code: str | None = None
    rows: tuple[Row, ...] = ()
    rejected: int = 0


@dataclass(frozen=True, kw_only=True)
class Parcel:
    """A delivery as it is sent, and what has to become of it.

    :param kind: ``right``, or what is wrong with it.
    :param columns: of its rows, as the table has them.
    :param turn: 1; or 2: it is sent once all of the first turn are taken.
    :param data: ``None``: it is not sent.
    """

    kind: str
    name: str
    data: bytes | None = field(repr=False)
    go_name: str | None
    number: int
    go: bytes | None = field(repr=False)
    columns: tuple[str, ...]
    expected: Expected
    turn: int = 1


def parcel(
    draft: Draft, kind: str, columns: tuple[str, ...], expected: Expected, *, turn: int = 1
) -> Parcel:
    """A draft as it is sent."""
    return Parcel(
        kind=kind,
        name=draft.named.data,
        data=draft.content() if draft.has_data else None,
        go_name=draft.named.go,
        number=draft.named.number,
        go=draft.go_content() if draft.has_go else None,
        columns=columns,
        expected=expected,
        turn=turn,
    )
