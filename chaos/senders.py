"""What senders deliver to one table: good files, drift, duplicates, restatements, and bad ones."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace

from chaos.content import csv_line, data_file, go_file, packed, random_record, total_of
from chaos.model import File, Parcel, Record, Table

_SECOND = 1_000_000_000
_EPOCH = 1_700_000_000 * _SECOND


class Clock:
    """Modification times that senders give: a minute on each time, or anything at all."""

    def __init__(self, random_: random.Random, *, backwards: bool) -> None:
        self._random = random_
        self._backwards = backwards
        self._now = _EPOCH

    def next(self) -> int:
        """The next file's modification time, nanoseconds since the epoch, never the same twice."""
        self._now += 60 * _SECOND
        if not self._backwards:
            return self._now
        return self._random.randrange(0, 4 * 10**9) * _SECOND + self._random.randrange(_SECOND)


class Sender:
    """Makes the parcels of one table. The go file of a listed one is what its set says of it.

    :param settled: whether the table is there; before that every file has the same header.
    """

    def __init__(self, table: Table, random_: random.Random, clock: Clock) -> None:
        self._table = table
        self._random = random_
        self._clock = clock
        self._sent: list[Parcel] = []
        self._number = self._revision = 0
        self._records_made = 0
        self._sent_nothing = False
        self._sent_no_byte = False
        self.settled = False

    @property
    def has_sent(self) -> bool:
        """Whether there is anything that could come again."""
        return bool(self._sent)

    @property
    def table(self) -> Table:
        """Whose parcels it makes."""
        return self._table

    def make(self, kind: str, *, unlike: frozenset[str] = frozenset()) -> Parcel | None:
        """A parcel of a kind of :data:`KINDS`; ``None`` if this table cannot have it now.

        :param unlike: names that are taken in this wave.
        """
        parcel = KINDS[kind](self, unlike)
        if parcel is not None and parcel.fault is None:
            self._sent.append(parcel)
        return parcel

    def good(self, _: frozenset[str]) -> Parcel:
        """A file with the table's own columns."""
        return self._parcel(self._name(), self._table.columns)

    def drifted(self, _: frozenset[str]) -> Parcel | None:
        """One with a column more, a column less, or both, in another order and another case."""
        if not self.settled:
            return None
        header = list(self._table.columns)
        if self._random.random() < 0.6:
            # Without the column that is added up no file is complete.
            header.remove(self._random.choice(header[self._table.totalled :]))
        if len(header) < len(self._table.columns) or self._random.random() < 0.7:
            extra = [name for name in ("new_one", "Second") if self._random.random() < 0.6]
            header += extra or ["new_one"]
        if self._random.random() < 0.5:
            header = [header[0].upper(), *reversed(header[1:])]
        return self._parcel(self._name(), tuple(header))

    def again(self, unlike: frozenset[str]) -> Parcel | None:
        """The same once more."""
        earlier = self._earlier(unlike)
        return None if earlier is None else self._resent(earlier)

    def restated(self, unlike: frozenset[str]) -> Parcel | None:
        """Other content under a name that was there before."""
        earlier = self._earlier(unlike)
        if earlier is None:
            return None
        name = self._renewed(earlier.data.name)
        return self._parcel(name, earlier.header or self._table.columns)

    def replacing(self, parcel: Parcel) -> Parcel:
        """Other content that takes the place of a file while that is loaded."""
        made = self._parcel(parcel.data.name, parcel.header)
        self._sent.append(made)
        return made

    def nothing(self, _: frozenset[str]) -> Parcel | None:
        """No byte at all, as promised; once, as two such files would be equal."""
        if not self.settled or self._table.proof not in ("properties", "csv") or self._sent_no_byte:
            return None
        self._sent_no_byte = True
        return replace(self._of_bytes(packed(self._table, b""), 0, fault=None), header=())

    def renamed(self, unlike: frozenset[str]) -> Parcel | None:
        """The content of an earlier file under a new name."""
        if self._table.proof == "csv":
            return None  # its go file names the data file
        earlier = self._earlier(unlike)
        if earlier is None:
            return None
        name = self._name()
        twin = replace(earlier, data=replace(earlier.data, name=name))
        if earlier.go is not None:
            twin = replace(twin, go=replace(earlier.go, name=self._go_name(name)))
        return self._resent(twin)

    def ragged(self, _: frozenset[str]) -> Parcel | None:
        """A few records of the wrong length."""
        records = self._records(len(self._table.columns))
        if len(records) < 3:
            return None
        bad = self._random.randrange(len(records))
        lines = [csv_line(record, self._table) for record in records]
        lines[bad] = csv_line((*records[bad], "surplus"), self._table)
        good = tuple((n, r) for n, r in enumerate(records, start=1) if n != bad + 1)
        if not self._table.reject:
            return self._of_lines(lines, len(lines), fault="csv.ragged")
        return replace(self._of_lines(lines, len(lines)), records=good, rejected=1)

    def miscounted(self, _: frozenset[str]) -> Parcel | None:
        """One that does not hold what it promises."""
        if self._table.proof == "none":
            return None
        lines = self._good_lines()
        if self._table.totalled and self._number % 2:
            wrong = total_of(self._table, lines) + 1
            return self._of_lines(lines, len(lines), fault="totals.differ", total=wrong)
        if self._table.has_checksum:
            return self._with_sum_of(b"another", self._of_lines(lines, 0, fault="checksum.wrong"))
        more = self._random.random() < 0.5
        code = "count.too_few" if more else "count.too_many"
        promised = len(lines) + 1 if more else len(lines) - 1
        return self._of_lines(lines, promised, fault=code) if promised >= 0 else None

    def broken_quote(self, _: frozenset[str]) -> Parcel | None:
        """A quote in the middle of a field."""
        if self._table.sequences:
            return None  # a quote is text there
        stray = self._table.delimiter.join(('a"b', *self._table.columns[1:])) + "\n"
        lines = [*self._good_lines(), stray]
        return self._of_lines(lines, len(lines), fault="csv.stray_quote")

    def empty(self, _: frozenset[str]) -> Parcel:
        """Nothing at all."""
        # A checksum of no byte would promise that.
        content = b"\n" if self._table.has_checksum else b""
        return self._of_bytes(packed(self._table, content), 1, fault="file.empty")

    def cut(self, _: frozenset[str]) -> Parcel | None:
        """The first half of a compressed file."""
        if not self._table.packing:
            return None
        lines = self._good_lines()
        whole = data_file(self._table, self._table.columns, lines, len(lines))
        return self._of_bytes(whole[:-9], len(lines), fault="compression.cut")

    def foreign(self, _: frozenset[str]) -> Parcel | None:
        """A file of whose columns the table knows none."""
        if not self.settled:
            return None
        fault = "totals.no_column" if self._table.totalled else "header.no_known_column"
        return self._parcel(self._name(), ("who", "knows", "this"), fault)

    def _earlier(self, unlike: frozenset[str]) -> Parcel | None:
        is_same = self._table.is_same
        possible = [
            parcel
            for parcel in self._sent
            if not any(is_same(parcel.data.name, name) for name in unlike)
        ]
        return self._random.choice(possible) if possible else None

    def _resent(self, parcel: Parcel) -> Parcel:
        mtime = self._clock.next()
        go = None if parcel.go is None else replace(parcel.go, mtime_ns=mtime)
        return replace(parcel, data=replace(parcel.data, mtime_ns=mtime), go=go)

    def _name(self) -> str:
        self._number += 1
        return self._named(f"{self._number:03}")

    def _renewed(self, name: str) -> str:
        """The name of a restatement: of a keyed table another one."""
        return self._named(self._table.number_of(name)) if self._table.keyed else name

    def _named(self, number: str) -> str:
        self._revision += 1
        return self._table.name_of(number, self._revision)

    def _go_name(self, name: str) -> str:
        return name.removesuffix(self._table.ending) + ".go"

    def _good_lines(self) -> list[str]:
        records = self._records(len(self._table.columns))
        return [csv_line(record, self._table) for record in records]

    def _records(self, columns: int) -> tuple[Record, ...]:
        """Records of a file: few, and only once none, as two such files would be equal."""
        count = self._random.choice((0, 1, 2, 3, 5, 8, 13, 40))
        if count == 0:
            count, self._sent_nothing = int(self._sent_nothing), True
        self._records_made += count
        first = self._records_made - count
        return tuple(random_record(self._random, first + n, columns) for n in range(count))

    def _parcel(self, name: str, header: tuple[str, ...], fault: str | None = None) -> Parcel:
        records = self._records(len(header))
        lines = [csv_line(record, self._table) for record in records]
        content = data_file(self._table, header, lines, len(records))
        made = self._boxed(name, content, len(records), total_of(self._table, lines))
        numbered = tuple(enumerate(records, start=1))
        return replace(made, header=header, records=numbered, fault=fault)

    def _of_lines(
        self,
        lines: Sequence[str],
        promised: int,
        fault: str | None = None,
        total: int | None = None,
    ) -> Parcel:
        given = total_of(self._table, lines) if total is None else total
        content = data_file(self._table, self._table.columns, lines, promised, given)
        return self._of_bytes(content, promised, fault=fault, total=given)

    def _of_bytes(
        self, content: bytes, promised: int, *, fault: str | None, total: int = 0
    ) -> Parcel:
        return replace(self._boxed(self._name(), content, promised, total), fault=fault)

    def _with_sum_of(self, content: bytes, parcel: Parcel) -> Parcel:
        """The same with the go file of another data file."""
        assert parcel.go is not None
        text = go_file(self._table, parcel.data.name, content, 0, 0)
        return replace(parcel, go=replace(parcel.go, content=text))

    def _boxed(self, name: str, content: bytes, promised: int, total: int) -> Parcel:
        mtime, go = self._clock.next(), None
        if self._table.has_go:
            text = go_file(self._table, name, content, promised, total)
            go = File(name=self._go_name(name), content=text, mtime_ns=mtime)
        data = File(name=name, content=content, mtime_ns=mtime)
        return Parcel(
            table=self._table,
            data=data,
            go=go,
            header=self._table.columns,
            records=(),
            total=total if self._table.totalled else None,
        )


_Make = Callable[[Sender, frozenset[str]], Parcel | None]
KINDS: dict[str, _Make] = {
    "good": Sender.good,
    "drifted": Sender.drifted,
    "again": Sender.again,
    "restated": Sender.restated,
    "renamed": Sender.renamed,
    "nothing": Sender.nothing,
    "ragged": Sender.ragged,
    "miscounted": Sender.miscounted,
    "broken quote": Sender.broken_quote,
    "empty": Sender.empty,
    "cut": Sender.cut,
    "foreign": Sender.foreign,
}
BAD = ("miscounted", "broken quote", "empty", "cut", "foreign")
