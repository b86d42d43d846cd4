"""The go file that is read, and what the readers of all forms share."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, NoReturn, TypeVar

from airflow_landing_loader.config.mapping.model import GoFile
from airflow_landing_loader.config.mapping.patterns.places import folded
from airflow_landing_loader.config.mapping.totals import TotalPlace, places_of
from airflow_landing_loader.exceptions import ErrorCode, TerminalError, shown
from airflow_landing_loader.landing.control.go_file.named_files import names_own, other_file
from airflow_landing_loader.landing.model import Delivery

BLANKS = " \t"
MAX_VALUE = 200
"""Characters of a value that an error carries."""

_Content = TypeVar("_Content")


@dataclass(frozen=True, kw_only=True)
class Words:
    """A text from a go file and the line it stands in, from 1.

    :param is_number: its form says that it is a number, as JSON writes them.
    """

    text: str
    line: int
    is_number: bool = False


@dataclass(frozen=True, kw_only=True)
class Said:
    """What a go file says, as it is written there; ``None`` where the mapping does not ask."""

    row_count: Words | None = None
    status: Words | None = None
    checksum: Words | None = None
    size: Words | None = None
    business_date: Words | None = None
    sequence_number: Words | None = None
    totals: tuple[tuple[TotalPlace, Words], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Entry(Generic[_Content]):
    """What a go file says of one data file, among others maybe.

    :param texts: those of them one may be the data file's name.
    :param content: what two entries of one file must agree in.
    :param line: where it begins, from 1.
    :param key: which of several it is: its position, from 0, wherever a path went through all.
    """

    texts: tuple[str, ...]
    content: _Content
    line: int
    key: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Listed:
    """What a go file says of each of the data files that it names.

    :param names: as they stand there, in order.
    :param said: what it says of the data file at hand.
    """

    names: tuple[Words, ...]
    said: Callable[[AtHand], Said]


class ByName(Generic[_Content]):
    """Entries by the names that stand in them."""

    def __init__(self, entries: Sequence[tuple[str, Entry[_Content]]]) -> None:
        self._entries: dict[str, list[Entry[_Content]]] = defaultdict(list)
        for name, entry in entries:
            self._entries[name].append(entry)

    def of(self, delivery: Delivery) -> list[Entry[_Content]]:
        """Those of a data file."""
        name = delivery.data.name
        found = self._entries.get(name, [])
        if not found and delivery.mapping.ignore_case:
            groups = (group for n, group in self._entries.items() if folded(n) == folded(name))
            found = [entry for group in groups for entry in group]
        return found


@dataclass(frozen=True)
class Codes:
    """What a value is refused by that is not there, and one that is no good."""

    missing: ErrorCode
    wrong: ErrorCode


_COUNT = Codes(ErrorCode.GO_FILE_NO_KEY, ErrorCode.GO_FILE_BAD_COUNT)
_STATUS = Codes(ErrorCode.GO_FILE_BAD_STATUS, ErrorCode.GO_FILE_BAD_STATUS)
_CHECKSUM = Codes(ErrorCode.GO_FILE_NO_KEY, ErrorCode.GO_FILE_BAD_CHECKSUM)
_SIZE = Codes(ErrorCode.GO_FILE_NO_KEY, ErrorCode.GO_FILE_BAD_SIZE)
_TOTAL = Codes(ErrorCode.GO_FILE_NO_KEY, ErrorCode.GO_FILE_BAD_TOTAL)
_DATE = Codes(ErrorCode.GO_FILE_NO_KEY, ErrorCode.GO_FILE_BAD_DATE)
_NUMBER = Codes(ErrorCode.GO_FILE_NO_KEY, ErrorCode.GO_FILE_BAD_NUMBER)


@dataclass(frozen=True, kw_only=True)
class Hand:
    """A go file with its name, so that every error has one, and its rules."""

    name: str
    rules: GoFile

    def fail(
        self,
        code: ErrorCode,
        message: str,
        *,
        hint: str,
        line: int | None = None,
        column: int | None = None,
        value: str | None = None,
    ) -> NoReturn:
        """Refuse the go file.

        :raises TerminalError: always.
        """
        raise TerminalError(
            code,
            message,
            hint=hint,
            file=self.name,
            line=line or 1,
            column=column,
            value=None if value is None else value[:MAX_VALUE],
        )


@dataclass(frozen=True, kw_only=True)
class AtHand(Hand):
    """A go file with the delivery that is held against it."""

    delivery: Delivery

    def said(self, find: Callable[[str | int, Codes], Words]) -> Said:
        """What stands in the places that the mapping names.

        :param find: what stands in a place; raises an error of one of these codes where nothing
            does, or two things that contradict each other.
        """

        def found(place: str | int | None, codes: Codes) -> Words | None:
            return None if place is None else find(place, codes)

        rules = self.rules
        return Said(
            row_count=found(rules.count_place, _COUNT),
            status=found(rules.status_place, _STATUS),
            checksum=found(rules.checksum, _CHECKSUM),
            size=found(rules.size, _SIZE),
            business_date=found(rules.business_date, _DATE),
            sequence_number=found(rules.sequence_number, _NUMBER),
            totals=tuple((total, find(total.place, _TOTAL)) for total in places_of(rules.totals)),
        )

    def own(
        self, entries: Sequence[Entry[_Content]], what: str, wrong: ErrorCode
    ) -> Entry[_Content]:
        """The entry of the data file: the one that names it, else the only one.

        :param what: several of them, in words.
        :param wrong: code for two that name it and contradict each other.
        :raises TerminalError: ``GO_FILE_NO_LINE``, ``GO_FILE_OTHER_FILE``, ``wrong``.
        """
        naming = names_own(entries, self.delivery, lambda entry: entry.texts)
        if naming:
            return self.agreed(naming, what, wrong)
        if len(entries) != 1:
            self.fail(
                ErrorCode.GO_FILE_NO_LINE,
                f"The go file has {len(entries)} {what}, and none names "
                f"{shown(self.delivery.data.name)}.",
                hint="Write one, or name the data file in its own.",
            )
        only = entries[0]
        self.require_own_name([(Words(text=text, line=only.line), True) for text in only.texts])
        return only

    def agreed(
        self, naming: Sequence[Entry[_Content]], what: str, wrong: ErrorCode
    ) -> Entry[_Content]:
        """The entry of the data file, of those that name it.

        :param what: as :meth:`own`; so is ``wrong``.
        :raises TerminalError: ``GO_FILE_NO_LINE``, ``wrong``.
        """
        if not naming:
            self.fail(
                ErrorCode.GO_FILE_NO_LINE,
                f"None of the go file's {what} is of {shown(self.delivery.data.name)}.",
                hint="Write one for each data file.",
            )
        for entry in naming[1:]:
            if entry.content != naming[0].content:
                lines = f"lines {naming[0].line} and {entry.line}"
                if entry.line == naming[0].line:
                    lines = f"two of its {what} in line {entry.line}"
                self.fail(
                    wrong,
                    f"The data file is duplicated in the go file: {lines} contradict each other.",
                    hint="Write each data file once.",
                    line=entry.line,
                )
        return naming[0]

    def require_own_name(self, texts: Sequence[tuple[Words, bool]]) -> None:
        """Refuse texts of which one names another data file, and none this one.

        :param texts: each with whether any file name with the data file's ending is meant.
        :raises TerminalError: ``GO_FILE_OTHER_FILE``.
        """
        named = other_file([(words.text, any_name) for words, any_name in texts], self.delivery)
        if named is not None:
            self.fail(
                ErrorCode.GO_FILE_OTHER_FILE,
                f"The go file of {shown(self.delivery.data.name)} names another file: "
                f"{shown(named[:MAX_VALUE])}.",
                hint="It may be the go file of an earlier delivery under this one's name: ask the "
                "sender for the right one.",
                line=next(words.line for words, _ in texts if words.text == named),
            )
