"""All deliveries that are made from one mapping: right, faulty, and those of a second turn."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.exceptions import ConfigurationError, ErrorCode
from airflow_landing_loader.generating.control import takes_several
from airflow_landing_loader.generating.draft import Draft, Expected, Parcel, Status, parcel
from airflow_landing_loader.generating.faults.every import faults_of
from airflow_landing_loader.generating.names import Named, Names
from airflow_landing_loader.generating.rows import Row, Rows, columns_of, header_of
from airflow_landing_loader.generating.totals import figures_of

NEW_COLUMN = "added_later"


class Sender:
    """Makes the deliveries of a mapping; the same arguments make the same bytes.

    :param others: the other mappings: no file is made that one of them would take.
    :param rows: data records of each delivery, at least 2.
    :param seed: what the cells depend on.
    :raises ConfigurationError: ``GENERATE_NO_EXAMPLE``: no number can stand where the mapping has
        control totals.
    """

    def __init__(
        self, mapping: TableMapping, others: Sequence[TableMapping] = (), *, rows: int, seed: int
    ) -> None:
        self._mapping = mapping
        self._names = Names(mapping, others, rows=rows)
        self._number = rows
        self._figures = figures_of(mapping)
        own = columns_of(mapping)
        self._columns = (*own, *mapping.add_columns)
        self._header = header_of(mapping.csv, own)
        random_ = random.Random(f"{seed} {mapping.pattern}")  # noqa: S311 (no secret)
        self._line_end = random_.choice(("\n", "\n", "\r\n"))
        self._rows = Rows(mapping, self._figures, random_)

    def right(self, number: int) -> list[Parcel]:
        """Right deliveries; of a mapping whose go files name their data files, sets of one and of
        two in turn, as far as the go file can speak of two.

        :raises ConfigurationError: ``GENERATE_NO_EXAMPLE``.
        """
        wanted = number if self._names.changes else 1
        return [one for at in range(wanted) for one in self._delivery(of_two=at % 2 == 1)]

    def _delivery(self, *, of_two: bool) -> Iterator[Parcel]:
        draft = self._draft()
        if of_two and self._takes_several:
            other = _of_set(self._draft(), draft)
            yield self._sent(other, "right")
            draft = replace(draft, beside=(other,))
        yield self._sent(draft, "right")

    @property
    def _takes_several(self) -> bool:
        return self._mapping.go_file is not None and takes_several(self._mapping.go_file)

    def faulty(self) -> Iterator[Parcel]:
        """One of each fault of the first turn.

        Where files of a sequence wait for each other they are of the second, with numbers below
        those of the right ones, so that none waits for them; there are none where ``start`` forbids
        such numbers.
        """
        if self._names.changes and not (self._in_turn and self._starts):
            for one in self._faulty():
                yield replace(one, turn=2) if self._in_turn else one

    @property
    def _in_turn(self) -> bool:
        sequence = self._mapping.sequence
        return sequence is not None and sequence.waits

    @property
    def _starts(self) -> bool:
        sequence = self._mapping.sequence
        return sequence is not None and sequence.start is not None

    def _faulty(self) -> Iterator[Parcel]:
        for fault in faults_of(self._ground):
            yield parcel(
                fault.draft,
                fault.kind,
                self._columns,
                self._with_added(fault.draft, fault.expected),
            )
        yield from self._other_go_file()
        yield from self._missing_member()
        misnamed = self._names.misnamed(below=self._in_turn)
        if misnamed is not None:
            ground = self._ground()
            draft = replace(ground, named=replace(ground.named, data=misnamed, go=None))
            code = ErrorCode.LANDING_BAD_NAME.value
            yield parcel(draft, "bad_date", self._columns, Expected(status="left", code=code))

    def _other_go_file(self) -> Iterator[Parcel]:
        """A go file that speaks of another data file."""
        if self._mapping.go_file is None:
            return
        draft, other = self._ground(), self._ground().named
        wrong = replace(draft, go_names=other.data)
        expected = Expected(status="failed", code=ErrorCode.GO_FILE_OTHER_FILE.value)
        if self._mapping.go_file.lists:
            expected = Expected(status="waiting")  # for one that names it
        yield parcel(wrong, "other_go_file", self._columns, expected)

    def _missing_member(self) -> Iterator[Parcel]:
        """A go file that names a second data file, which never comes."""
        if self._takes_several:
            draft = self._ground()
            lacking = replace(draft, beside=(_of_set(self._ground(), draft),))
            yield parcel(lacking, "missing_member", self._columns, Expected(status="waiting"))

    def _ground(self) -> Draft:
        """A right delivery, on which a fault is made."""
        return self._draft(below=self._in_turn)

    def second_turn(self, first: Parcel) -> Iterator[Parcel]:
        """What a sender sends again, or anew, once right deliveries are loaded.

        :param first: a right one of the first turn.
        """
        mapping = self._mapping
        outcome, code = _of_duplicate(mapping)
        rows = first.expected.rows if outcome == "loaded" else ()
        yield replace(
            first,
            kind="duplicate",
            expected=Expected(status=outcome, code=code, rows=rows),
            turn=2,
        )
        if self._names.changes and mapping.csv.header and mapping.csv.columns is None:
            yield self._with_new_column()

    def restatement(self, first: Parcel) -> Parcel | None:
        """Other content for what a delivery was of, under another name where the mapping knows
        that; ``None``: it could not be told from a duplicate."""
        named = replace(self._names.next(), data=first.name, go=first.go_name, number=first.number)
        again = self._names.again(named) if self._mapping.identity.key else named
        if again is None:
            return None if self._mapping.sequence is None else self._restated(named)
        return self._restated(again)

    def _restated(self, again: Named) -> Parcel:
        draft = replace(self._draft(), named=again)
        sent = self._sent(draft, "restatement", turn=2)
        if self._mapping.on_redelivery != "fail" or self._mapping.identity.content:
            return sent
        code = ErrorCode.DELIVERY_REDELIVERED.value
        return replace(sent, expected=Expected(status="failed", code=code))

    def _with_new_column(self) -> Parcel:
        draft = self._draft()
        rows = tuple([(*row, f"n{at}") for at, row in enumerate(draft.rows)])
        more = replace(draft, header=(*draft.header, NEW_COLUMN), rows=rows)
        sent = self._sent(more, "new_column", turn=2)
        own = len(columns_of(self._mapping))
        columns = (*self._columns[:own], NEW_COLUMN, *self._columns[own:])
        return replace(sent, columns=columns)

    def _draft(self, *, below: bool = False) -> Draft:
        return Draft(
            mapping=self._mapping,
            named=self._names.next(below=below),
            figures=self._figures,
            header=self._header,
            rows=tuple(self._rows.make(self._number)),
            line_end=self._line_end,
        )

    def _sent(self, draft: Draft, kind: str, *, turn: int = 1) -> Parcel:
        expected = self._with_added(draft, Expected(status="loaded", rows=draft.rows))
        return parcel(draft, kind, self._columns, expected, turn=turn)

    def _with_added(self, draft: Draft, expected: Expected) -> Expected:
        """The rows with the columns that the mapping adds."""
        added = self._mapping.added_cells(draft.named.data) if self._mapping.add_columns else ()
        rows: tuple[Row, ...] = tuple([(*row, *added) for row in expected.rows])
        return replace(expected, rows=rows)


def _of_set(draft: Draft, last: Draft) -> Draft:
    """A draft in the set of another one, with which the go file is sent."""
    return replace(draft, named=replace(draft.named, go=last.named.go), has_go=False)


def _of_duplicate(mapping: TableMapping) -> tuple[Status, str | None]:
    if mapping.on_duplicate == "fail":
        return "failed", ErrorCode.DELIVERY_DUPLICATE.value
    return ("duplicate" if mapping.on_duplicate == "skip" else "loaded"), None


def all_parcels(sender: Sender, days: int, *, faults: bool) -> list[Parcel]:
    """All deliveries in the order in which they are sent.

    :param days: right deliveries.
    """
    right = sender.right(days)
    if not faults:
        return right
    sent = [*right, *sender.faulty(), *sender.second_turn(right[0])]
    if len(right) > 1 and (restated := sender.restatement(right[-1])) is not None:
        sent.append(restated)
    return sent


def mapping_named(what: str, mappings: Sequence[TableMapping]) -> TableMapping:
    """The mapping that a person means.

    :param what: a table, or a pattern.
    :raises ConfigurationError: ``GENERATE_NO_EXAMPLE``: there is none, or several.
    """
    found = [one for one in mappings if what in (one.table, one.pattern)]
    if len(found) == 1:
        return found[0]
    several = found or mappings
    known = ", ".join(repr(one.pattern) for one in several[:8]) + ", ..." * (len(several) > 8)
    raise ConfigurationError(
        ErrorCode.GENERATE_NO_EXAMPLE,
        f"{'Several mappings feed' if found else 'No mapping is called'} {what!r}.",
        hint=f"Give the pattern of one of them: {known}.",
    )
