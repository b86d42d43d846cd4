"""The values that a go file says: from texts to numbers, a checksum, a day.

A number is a text of ASCII digits: no sign, no thousands separator, no decimal point.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import TypeVar

from airflow_landing_loader.config.mapping.sequence import HIGHEST
from airflow_landing_loader.config.mapping.totals import TotalPlace
from airflow_landing_loader.exceptions import ErrorCode
from airflow_landing_loader.landing.control.checksums import ALGORITHMS
from airflow_landing_loader.landing.control.counts import MAX_COUNT
from airflow_landing_loader.landing.control.go_file.at_hand import AtHand, Said, Words
from airflow_landing_loader.landing.control.numbers import NumberForm
from airflow_landing_loader.landing.control.totals import bad_total, read_total
from airflow_landing_loader.landing.model import Checksum, GoFileContent, Total

_Value = TypeVar("_Value")
_DIGITS = re.compile(r"[0-9]+")
_HEX = re.compile(r"[0-9A-Fa-f]+")
_DAY = re.compile(r"[0-9]{4}(-?)[0-9]{2}\1[0-9]{2}")
_MAX_DIGITS = len(str(MAX_COUNT))


def content_of(said: Said, hand: AtHand, *, sha256: str) -> GoFileContent:
    """What a go file says, as values.

    :param sha256: hex digest of the go file's own bytes.
    :raises TerminalError: ``GO_FILE_BAD_COUNT``, ``GO_FILE_BAD_STATUS``, ``GO_FILE_BAD_CHECKSUM``,
        ``GO_FILE_BAD_SIZE``, ``GO_FILE_BAD_DATE``, ``GO_FILE_BAD_NUMBER``,
        ``GO_FILE_BAD_TOTAL``.
    """

    def value(words: Words | None, of: Callable[[Words, AtHand], _Value]) -> _Value | None:
        return None if words is None else of(words, hand)

    return GoFileContent(
        sha256=sha256,
        expected_records=value(said.row_count, _count),
        status=value(said.status, _good_status),
        checksum=value(said.checksum, _checksum),
        size=value(said.size, _size),
        business_date=value(said.business_date, _day),
        sequence_number=value(said.sequence_number, _sequence_number),
        totals=tuple(_total(place, words, hand) for place, words in said.totals),
    )


def _total(place: TotalPlace, found: Words, hand: AtHand) -> Total:
    # A number of JSON has one form, whatever the sender writes into cells.
    numbers = None if found.is_number else hand.delivery.mapping.numbers
    total = read_total(place, found.text, NumberForm(numbers))
    if total is None:
        message, hint = bad_total(place, found.text)
        hand.fail(
            ErrorCode.GO_FILE_BAD_TOTAL,
            message,
            hint=hint,
            line=found.line,
            value=found.text,
        )
    return total


def _count(found: Words, hand: AtHand) -> int:
    return _number(found, "count", ErrorCode.GO_FILE_BAD_COUNT, hand)


def _size(found: Words, hand: AtHand) -> int:
    return _number(found, "size", ErrorCode.GO_FILE_BAD_SIZE, hand)


def _sequence_number(found: Words, hand: AtHand) -> int:
    what, code = "number of the sequence", ErrorCode.GO_FILE_BAD_NUMBER
    return _number(found, what, code, hand, most=HIGHEST - 1)


def _number(
    found: Words, what: str, code: ErrorCode, hand: AtHand, *, most: int = MAX_COUNT
) -> int:
    problem = None
    digits = found.text.lstrip("0")
    if not found.text:
        problem = "is empty"
    elif found.text[0] in "-\N{MINUS SIGN}":
        problem = "is negative"
    elif _DIGITS.fullmatch(found.text) is None:
        problem = "is not a whole number written in digits alone"
    elif len(digits) > _MAX_DIGITS or int(digits or "0") > most:
        problem = f"is larger than {most}"
    if problem:
        hand.fail(
            code,
            f"The {what} in the go file {problem}.",
            hint="Write it as 12345: no sign, separator, decimal point or quotes around it.",
            line=found.line,
            value=found.text,
        )
    return int(digits or "0")


def _good_status(found: Words, hand: AtHand) -> str:
    good = hand.rules.status_ok
    if found.text not in good:
        hand.fail(
            ErrorCode.GO_FILE_BAD_STATUS,
            "The status in the go file is not one that lets the file load.",
            hint=f"Good ones are: {', '.join(good)}. Ask the sender for a complete delivery, "
            "or add the status to status_ok.",
            line=found.line,
            value=found.text,
        )
    return found.text


def _checksum(found: Words, hand: AtHand) -> Checksum:
    algorithm = ALGORITHMS.get(len(found.text))
    if algorithm is None or _HEX.fullmatch(found.text) is None:
        hand.fail(
            ErrorCode.GO_FILE_BAD_CHECKSUM,
            "The checksum in the go file is not of 32 (MD5), 40 (SHA-1), 64 (SHA-256) or 128 "
            "(SHA-512) hexadecimal digits.",
            hint="Ask the sender for one of these, or correct checksum in the mapping.",
            line=found.line,
            value=found.text,
        )
    return Checksum(algorithm=algorithm, hexdigest=found.text.lower())


def _day(found: Words, hand: AtHand) -> str:
    try:
        day = date.fromisoformat(found.text) if _DAY.fullmatch(found.text) else None
    except ValueError:
        day = None
    if day is None:
        hand.fail(
            ErrorCode.GO_FILE_BAD_DATE,
            "The business date in the go file is no day written as 2024-01-15 or 20240115.",
            hint="Ask the sender for it in this form, or correct business_date in the mapping.",
            line=found.line,
            value=found.text,
        )
    return day.isoformat()
