"""What must be there in the end, by the documented rules alone: none of our code is asked."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from chaos.model import PROMISED, File, FileSet, Parcel, Record, Table, Wave


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row: which file brought it, its values by column, and what went to ``_extra``."""

    filename: str
    sha256: str
    values: tuple[tuple[str, str | None], ...]
    extra: tuple[tuple[str, str | None], ...] | None
    number: int | None


@dataclass(frozen=True, kw_only=True)
class LoadLine:
    """What ``load_metadata`` must say of a load, as far as the sender's files decide it."""

    filename: str
    table: str
    sha256: str
    size: int
    go_filename: str | None
    rows: int
    rejected: int
    expected: int | None
    bad: int | None
    drift: tuple[str, ...]
    missing: tuple[str, ...]
    restates: str | None
    twin: str | None
    totals: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Resting:
    """A file at rest: its zone and folder, the name its sender gave it, its bytes."""

    folder: str
    name: str
    sha256: str


@dataclass(frozen=True, kw_only=True)
class DeliveryLine:
    """What ``load_deliveries`` must say of a delivery."""

    filename: str
    table: str
    outcome: str
    code: str | None


@dataclass(frozen=True, kw_only=True)
class Together:
    """A set: what no moment may show a part of.

    :param go: name of the go file.
    :param loads: how many of its files become loads.
    :param members: (name, sha256) of its data files.
    """

    go: str
    loads: int
    members: tuple[tuple[str, str], ...]


@dataclass
class Expected:
    """The right state of everything once all is at rest."""

    tables: dict[str, Counter[Row]] = field(default_factory=lambda: defaultdict(Counter))
    loads: list[LoadLine] = field(default_factory=list)
    deliveries: Counter[DeliveryLine] = field(default_factory=Counter)
    files: Counter[Resting] = field(default_factory=Counter)
    reasons: Counter[tuple[str, str]] = field(default_factory=Counter)  # (data sha256, code)
    sets: list[Together] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Load:
    """A load; two are never the same."""

    line: LoadLine
    rows: tuple[Row, ...]


@dataclass(frozen=True, kw_only=True)
class _Verdict:
    """What is to become of a parcel.

    :param code: why it is refused.
    :param known: whether it is a duplicate.
    :param latest: the last load that is of the same delivery.
    """

    code: str | None
    known: bool = False
    latest: _Load | None = None
    restated: _Load | None = None
    twin: _Load | None = None


class Oracle:
    """Follows a world wave by wave."""

    def __init__(self, tables: Iterable[Table]) -> None:
        self.expected = Expected()
        self._columns: dict[str, tuple[str, ...]] = {}
        self._loads: dict[str, list[_Load]] = {table.name: [] for table in tables}
        self._replaced: set[_Load] = set()
        self._forgotten: dict[str, dict[str, _Load]] = {table.name: {} for table in tables}
        self._loaded: set[tuple[str, str, str]] = set()  # of what is forgotten
        self._names: dict[tuple[str, str], str] = {}
        self._codes: dict[tuple[tuple[str, str], ...], str] = {}

    def take(self, wave: Wave) -> None:
        """Say what becomes of all parcels of a wave, in the order of their names."""
        for stray in wave.strays:
            self._add("landing", stray)
        for parcel in wave.parcels:
            self._settle(parcel, self._judge(parcel))
        for each in wave.sets:
            self._take_set(each)
        for parcel in wave.replacing:
            self._settle(parcel, self._judge(parcel))

    def forget(self) -> None:
        """A person has dropped ``load_metadata``: what was loaded stays, and only the other books
        know of it."""
        for table, loads in self._loads.items():
            self._forgotten[table] = {load.line.filename: load for load in loads}
            self._loaded.update(
                (table, load.line.filename, load.line.sha256)
                for load in loads
                if load not in self._replaced
            )
            loads.clear()
        self.expected.loads.clear()

    def _take_set(self, each: FileSet) -> None:
        loads = len(self.expected.loads)
        if each.waits:
            for file in each.files:
                self._add("landing", file)
        else:
            verdicts = [self._judge(parcel) for parcel in each.parcels]
            refused = any(verdict.code for verdict in verdicts)
            for parcel, verdict in zip(each.parcels, verdicts, strict=True):
                code = (verdict.code or "set.incomplete") if refused else None
                self._settle(parcel, replace(verdict, code=code))
            self._add("failed" if refused else "archive", each.go)
        self.expected.sets.append(
            Together(
                go=each.go.name,
                loads=len(self.expected.loads) - loads,
                members=tuple((p.data.name, p.data.sha256) for p in each.parcels),
            )
        )

    def _judge(self, parcel: Parcel) -> _Verdict:
        table, name, sha256 = parcel.table, parcel.data.name, parcel.data.sha256
        if parcel.fault is not None:
            return _Verdict(code=parcel.fault)
        loads = self._loads[table.name]
        named = [table.is_same(x.line.filename, name) for x in loads]
        latest = next((x for x, same in zip(loads[::-1], named[::-1], strict=True) if same), None)
        others = (x for x in reversed(loads) if x.line.filename != name and x not in self._replaced)
        twin = next((x for x in others if x.line.sha256 == sha256), None)
        known = latest is not None and latest.line.sha256 == sha256
        known = known or (table.identity == "content" and twin is not None)
        if known and table.on_duplicate != "load":
            code = "delivery.duplicate" if table.on_duplicate == "fail" else None
            return _Verdict(code=code, known=True)
        restated = latest if latest is not None and latest.line.sha256 != sha256 else None
        refused = restated is not None and table.on_redelivery == "fail"
        code = "delivery.redelivered" if refused else None
        return _Verdict(code=code, latest=latest, restated=restated, twin=twin)

    def _settle(self, parcel: Parcel, verdict: _Verdict) -> None:
        if verdict.code is not None:
            self._fail(parcel, verdict.code)
        elif verdict.known:
            self._note(parcel, "duplicate")
            self._rest(parcel, _archive(parcel.table))
        else:
            self._remember(parcel, verdict.latest)
            self._load(parcel, verdict.restated, verdict.twin)

    def _remember(self, parcel: Parcel, latest: _Load | None) -> None:
        """A file that repeats a forgotten load takes its place."""
        table, data = parcel.table, parcel.data
        gone = self._forgotten[table.name].get(data.name)
        repeats = gone is not None and gone.line.sha256 == data.sha256
        if gone is not None and repeats and latest is None and table.on_duplicate != "load":
            self.expected.tables[table.name].subtract(gone.rows)

    def _fail(self, parcel: Parcel, code: str) -> None:
        self._note(parcel, "failed", code)
        plain = self._rest(parcel, "failed")
        key = tuple((file.name, file.sha256) for file in parcel.files)
        if plain and key in self._codes:
            self.expected.reasons[(parcel.data.sha256, self._codes[key])] -= 1
        self.expected.reasons[(parcel.data.sha256, code)] += 1
        if plain:
            self._codes[key] = code

    def _load(self, parcel: Parcel, restated: _Load | None, twin: _Load | None) -> None:
        table = parcel.table
        columns = self._columns.setdefault(table.name, parcel.header)
        have = {name.casefold(): index for index, name in enumerate(parcel.header)}
        of_table = {name.casefold() for name in columns}
        promised = {PROMISED} if table.typed else set()
        drift = tuple(n for n in parcel.header if n.casefold() not in of_table | promised)
        rows = tuple(
            _row(parcel, number, record, columns, drift) for number, record in parcel.records
        )
        key = (parcel.data.name, parcel.data.sha256)
        total = len(rows) + parcel.rejected
        line = LoadLine(
            filename=parcel.data.name,
            table=table.name,
            sha256=parcel.data.sha256,
            size=len(parcel.data.content),
            go_filename=parcel.go.name if parcel.go else None,
            rows=len(rows),
            rejected=parcel.rejected,
            expected=total if table.has_count else None,
            bad=_bad(parcel) if table.measured else None,
            drift=drift,
            # A file of no byte says nothing of columns.
            missing=tuple(name for name in columns if have and name.casefold() not in have),
            restates=restated.line.sha256 if restated else None,
            twin=twin.line.sha256 if twin else None,
            totals=_totals(parcel),
        )
        if restated is not None and table.on_redelivery == "replace":
            self.expected.tables[table.name].subtract(restated.rows)
            self._replaced.add(restated)
            self._move_note(restated.line)
        # A load has an id of its own, but for what a forgetful warehouse takes for the first time;
        # where rows of the first time are there, these still have their id.
        again = (table.name, *key) in self._loaded
        earlier = [(x.line.filename, x.line.sha256) for x in self._loads[table.name]]
        first = not again and key not in earlier
        self._loads[table.name].append(_Load(line=line, rows=rows))
        self.expected.tables[table.name].update(rows)
        self.expected.loads.append(line)
        self._note(parcel, "loaded")
        self._rest(parcel, _archive(table), parcel.data.sha256 if first else "")

    def _note(self, parcel: Parcel, outcome: str, code: str | None = None) -> None:
        line = DeliveryLine(
            filename=parcel.data.name, table=parcel.table.name, outcome=outcome, code=code
        )
        self.expected.deliveries[line] += 1

    def _move_note(self, load: LoadLine) -> None:
        """The load's delivery is superseded from now on."""
        before, after = (
            DeliveryLine(filename=load.filename, table=load.table, outcome=outcome, code=None)
            for outcome in ("loaded", "superseded")
        )
        self.expected.deliveries[before] -= 1
        self.expected.deliveries[after] += 1

    def _rest(self, parcel: Parcel, folder: str, load: str = "") -> bool:
        """Lay the parcel's files down; whether they have the names that their sender gave them.

        If all names are free, or hold the same bytes, the files keep them, and what is there
        counts. Else all of them get another name.

        :param load: what the other name is made of where it is not the parcel's alone.
        """
        fits = self._lay(parcel, folder, "")
        if not fits and not (load and self._lay(parcel, folder, load)):
            for file in parcel.files:
                self._add(folder, file)
        return fits

    def _lay(self, parcel: Parcel, folder: str, suffix: str) -> bool:
        slots = {(folder, file.name + suffix): file.sha256 for file in parcel.files}
        if folder == "failed":
            # A reason stands beside what it is of: the data file that this go file names.
            beside = f"{parcel.data.name}{suffix}.error.json"
            slots[folder, beside] = parcel.go.name if parcel.go else ""
        fits = all(self._names.get(slot, held) == held for slot, held in slots.items())
        for file in parcel.files if fits else ():
            if (folder, file.name + suffix) not in self._names:
                self._add(folder, file)
        if fits:
            self._names |= slots
        return fits

    def _add(self, folder: str, file: File) -> None:
        self.expected.files[Resting(folder=folder, name=file.name, sha256=file.sha256)] += 1


def _totals(parcel: Parcel) -> tuple[str, ...]:
    """What ``load_totals`` holds: by go file and trailer the same."""
    times = parcel.table.has_go + (parcel.table.has_trailer or parcel.table.proof == "ends")
    return () if parcel.total is None else (str(parcel.total),) * times


def _archive(table: Table) -> str:
    return f"archive/{table.name}" if table.layout else "archive"


def _row(
    parcel: Parcel,
    number: int,
    record: Record,
    columns: tuple[str, ...],
    drift: tuple[str, ...],
) -> Row:
    cells = {name.casefold(): cell for name, cell in zip(parcel.header, record, strict=True)}
    return Row(
        filename=parcel.data.name,
        sha256=parcel.data.sha256,
        values=(
            *((name, cells.get(name.casefold())) for name in columns),
            *_added(parcel),
            *([(PROMISED, cells.get(PROMISED))] if parcel.table.typed else []),
        ),
        extra=tuple((name, cells[name.casefold()]) for name in drift) or None,
        number=number if parcel.table.row_number else None,
    )


def _added(parcel: Parcel) -> tuple[tuple[str, str], ...]:
    number = parcel.table.number_of(parcel.data.name)
    if parcel.table.keyed:  # and so counted: its pattern has a number there
        number = str(int(number))
    return (("file_number", f"no. {number}"),) if parcel.table.numbered else ()


def _bad(parcel: Parcel) -> int:
    """The records without a value in the last of the table's columns, and the rejected ones."""
    header = [name.casefold() for name in parcel.header]
    column = parcel.table.columns[-1]
    place = header.index(column) if column in header else None
    values = (None if place is None else record[place] for _, record in parcel.records)
    return sum(not (value or "").strip() for value in values) + parcel.rejected
