"""How many data records a sender's count stands for."""

from __future__ import annotations

from collections.abc import Iterable

from airflow_landing_loader.exceptions import ErrorCode, TerminalError
from airflow_landing_loader.landing.model import Delivery

MAX_COUNT = 2**63 - 1
_MAX_DIGITS = 19
_BLANKS = " \t"


def read_count(text: str) -> int | None:
    """A count as senders write it; ``None`` if it is none.

    :param text: digits alone, with blanks around them or without.
    :returns: from 0 to 2**63-1.
    """
    plain = text.strip(_BLANKS)
    if not (plain.isascii() and plain.isdigit()):
        return None
    digits = plain.lstrip("0") or "0"
    return int(digits) if len(digits) <= _MAX_DIGITS and int(digits) <= MAX_COUNT else None


def count_in_name(delivery: Delivery) -> int | None:
    """The count that the name of a data file holds; ``None``: its mapping asks for none.

    :raises TerminalError: ``NAME_BAD_COUNT``: it is larger than any file.
    """
    rules, name = delivery.mapping.name_count, delivery.data.name
    if rules is None:
        return None
    said = {part.name: part.value for part in delivery.mapping.parts_of(name)}
    count = read_count(said[rules.part])
    if count is None:
        raise TerminalError(
            ErrorCode.NAME_BAD_COUNT,
            f"The count in the name is larger than {MAX_COUNT}.",
            hint="Ask the sender what the number is, or correct name_count in the mapping.",
            file=name,
        )
    return count


def expected_data_records(
    count: int,
    count_includes: Iterable[str],
    headers: int,
    has_trailer: bool,
    *,
    code: ErrorCode = ErrorCode.GO_FILE_BAD_COUNT,
    file: str | None = None,
    line: int | None = None,
) -> int:
    """How many data records a sender's count promises.

    :param count: as the go file, the trailer or another one says.
    :param count_includes: what the sender counts although it is no data: ``header``, ``trailer``.
    :param headers: how many the data file has: those that are left out are headers, too.
    :param has_trailer: whether it has a trailer.
    :param code: for the error: ``GO_FILE_BAD_COUNT``, ``TRAILER_BAD_COUNT`` or the like.
    :param file: name of the file that holds the count.
    :param line: where in it.
    :raises TerminalError: ``code``, the count is smaller than what it includes.
    """
    counted = set(count_includes)
    others = headers * ("header" in counted) + ("trailer" in counted and has_trailer)
    if count < others:
        raise TerminalError(
            code,
            f"The count is {count}, but by count_includes it must be at least {others}.",
            hint="Correct the count, or count_includes in the mapping if the sender counts data "
            "records only.",
            file=file,
            line=line,
        )
    return count - others
