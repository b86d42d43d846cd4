"""When the files of a mapping are expected, how many, and of how many rows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, time
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    WithJsonSchema,
    field_validator,
    model_validator,
)
from pydantic_core.core_schema import ValidationInfo

from airflow_landing_loader.config.mapping.fields import MappingModel, Text
from airflow_landing_loader.config.mapping.identity import require_parts
from airflow_landing_loader.config.mapping.patterns.pattern import Pattern
from airflow_landing_loader.config.yaml.values import matches, pattern_schema, refusal, whole_number
from airflow_landing_loader.exceptions import ErrorCode

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_MOST_FILES = 1_000_000
_TELLS_DAY = re.compile("%[dj]")  # which is said only beside a year
_CLOCK = "^(?:[01][0-9]|2[0-3]):[0-5][0-9]$"
_ZONE = "^[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+)*$"
_DAY = f"(?:{'|'.join(WEEKDAYS)})"
_DAYS = f"^{_DAY}(?:-{_DAY})?(?:, ?{_DAY}(?:-{_DAY})?)*$"
_CALENDAR = "^[A-Z]{2,5}(?:-[A-Z0-9]{1,5})?$"
_DATE = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_FILES = r"^(?:[0-9]{1,7}|[0-9]{1,7}\.\.(?:[0-9]{1,7})?)$"
_CHANGE = r"^(?:[0-9]{1,4}(?:\.[0-9]{1,3})?)%$"


@dataclass(frozen=True)
class FilesExpected:
    """How many files a window wants.

    :param least: this many at least.
    :param most: this many at most; ``None``: any number.
    :param part: a named part of the pattern of which each of ``values`` wants a file.
    """

    least: int = 1
    most: int | None = None
    part: str = ""
    values: tuple[str, ...] = ()


def _bad(message: str, hint: str) -> Exception:
    return refusal(ErrorCode.MAPPING_BAD_VALUE, message, hint=hint)


def _check_clock(text: str) -> str:
    if not matches(_CLOCK, text):
        raise _bad("It is no time of day.", 'Write hours and minutes: "07:00".')
    return text


def _check_zone(text: str) -> str:
    hint = "For example Europe/London, or UTC."
    if not matches(_ZONE, text):
        raise _bad("It is no name of a time zone.", hint)
    try:
        ZoneInfo(text)
    except (OSError, ValueError, LookupError):
        raise _bad("It is no time zone that is known here.", hint) from None
    return text


def _check_days(text: str) -> str:
    if not matches(_DAYS, text):
        raise _bad(
            "It names no days of the week.",
            "Write days and ranges of them: mon-fri, or mon,wed,sat-sun.",
        )
    return text


def _check_calendar(value: object) -> object:
    if isinstance(value, list | tuple) and all(isinstance(text, str) for text in value):
        for text in value:
            _check_date(text)
        return tuple(value)
    if isinstance(value, str) and matches(_CALENDAR, value):
        return value
    raise _bad(
        "It is no name of a calendar, and no list of dates.",
        "A country such as GB, a part of one such as US-NY, a market such as XNYS; or dates: "
        "[2024-12-25].",
    )


def _check_date(text: str) -> None:
    hint = "Write year, month and day: 2024-12-25."
    if not matches(_DATE, text):
        raise _bad("It holds what has not the form of a date.", hint)
    try:
        date.fromisoformat(text)
    except ValueError:
        raise _bad("It holds what is no date.", hint) from None


def _check_files(value: object) -> object:
    value = whole_number(value)
    if isinstance(value, dict):
        return _check_parts(value)
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise _bad("It is no number of files.", "For example 1, 1.., 2..4 or {region: [EU, US]}.")
    text = str(value)
    if not matches(_FILES, text):
        raise _bad("It is no number of files.", "For example 1, 1.., 2..4 or {region: [EU, US]}.")
    found = _bounds(text)
    if found.most is not None and (found.most < found.least or found.most < 1):
        raise _bad("No number of files is within it.", "Write the smaller number first: 2..4.")
    return value


def _check_parts(value: dict[Any, Any]) -> dict[Any, Any]:
    values = next(iter(value.values()), None)
    texts = list(values) if isinstance(values, list | tuple) else []
    good = all(isinstance(text, str) and 1 <= len(text) <= 255 for text in texts)
    if len(value) != 1 or not good or not 1 <= len(texts) <= 1000 or len(set(texts)) < len(texts):
        raise _bad(
            "A file for each value of a part needs one part and its values, each once.",
            "For example {region: [EU, US]}; numbers and dates in quotes.",
        )
    return {part: tuple(texts) for part in value}


def _bounds(text: str) -> FilesExpected:
    least, dots, most = text.partition("..")
    if not dots:
        return FilesExpected(int(least), int(least))
    return FilesExpected(int(least), int(most) if most else None)


_ClockText = Annotated[
    str,
    AfterValidator(_check_clock),
    Field(json_schema_extra=pattern_schema(_CLOCK, 'A time of day such as "07:00".')),
]
_ZoneName = Annotated[
    str,
    AfterValidator(_check_zone),
    Field(max_length=100, json_schema_extra=pattern_schema(_ZONE, "Such as Europe/London.")),
]
_Days = Annotated[
    str,
    AfterValidator(_check_days),
    Field(max_length=100, json_schema_extra=pattern_schema(_DAYS, "Such as mon-fri or mon,wed.")),
]
_Calendar = Annotated[
    str | tuple[str, ...],
    BeforeValidator(_check_calendar),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", **pattern_schema(_CALENDAR, "Such as GB, US-NY or XNYS.")},
                {
                    "type": "array",
                    "items": {"type": "string", **pattern_schema(_DATE, "Such as 2024-12-25.")},
                },
            ]
        }
    ),
]
_Files = Annotated[
    int | str | dict[str, tuple[str, ...]],
    BeforeValidator(_check_files),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 1, "maximum": _MOST_FILES},
                {"type": "string", **pattern_schema(_FILES, "Such as 1, 1.. or 2..4.")},
                {
                    "type": "object",
                    "minProperties": 1,
                    "maxProperties": 1,
                    "additionalProperties": {
                        "type": "array",
                        "minItems": 1,
                        "maxItems": 1000,
                        "uniqueItems": True,
                        "items": {"type": "string", "minLength": 1, "maxLength": 255},
                    },
                },
            ]
        }
    ),
]
_Count = Annotated[int, Field(strict=True, ge=0), BeforeValidator(whole_number)]
_Change = Annotated[
    str, Field(json_schema_extra=pattern_schema(_CHANGE, "A share in per cent such as 50%."))
]


class RowsExpected(MappingModel):
    """How many rows each file of a window has."""

    min: _Count | None = Field(default=None, description="This many at least.")
    max: _Count | None = Field(default=None, description="This many at most.")
    change: _Change | None = Field(
        default=None,
        description="At most so much more or less than the median of the last 20 loads, such as "
        "50%.",
    )

    @field_validator("max")
    @classmethod
    def _above_min(cls, value: int | None, info: ValidationInfo) -> int | None:
        least = info.data.get("min")
        if value is not None and least is not None and value < least:
            raise refusal(
                ErrorCode.MAPPING_CONTRADICTION,
                "No number of rows is within min and max.",
            )
        return value

    @field_validator("change")
    @classmethod
    def _a_share(cls, value: str | None) -> str | None:
        if value is not None and not matches(_CHANGE, value):
            raise _bad("It is no share in per cent.", "For example 50%.")
        return value

    @property
    def share(self) -> float | None:
        """``change`` as a number: 0.5 for ``50%``."""
        return None if self.change is None else float(self.change.removesuffix("%")) / 100


class Expectation(MappingModel):
    """When files are expected."""

    by: _ClockText = Field(description="Local time by which they are there, such as 07:00.")
    until: _ClockText | None = Field(
        default=None,
        description="Until then they are late, and missing from then on; of the next day if it is "
        "not after by. Default: 12 hours after by.",
    )
    timezone: _ZoneName = Field(default="UTC", description="Whose times these are.")
    days: _Days = Field(
        default="mon-sun", description="Days on which they are expected: mon-fri, mon,wed."
    )
    calendar: _Calendar = Field(
        default=(),
        description="Days on which they are not: the holidays of a country (GB), a part of one "
        "(US-NY) or a market (XNYS), or a list of dates.",
    )
    files: _Files = Field(
        default="1..",
        description="How many: 1, 1.., 2..4; or one for each value of a named part, "
        "{region: [EU, US]}.",
    )
    rows: RowsExpected = Field(
        default=RowsExpected(), description="How many rows each of them has."
    )
    date_part: Text | None = Field(
        default=None,
        description="Named part of the pattern that is the date of the data: it says on which day "
        "a file is due. Default: the time at which it comes.",
    )
    due: Literal["same_day", "next_day"] = Field(
        default="same_day",
        description="With date_part: data of a day are due on the first expected day from then on, "
        "or after it.",
    )

    @field_validator("until")
    @classmethod
    def _another_time(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None and value == info.data.get("by"):
            raise refusal(
                ErrorCode.MAPPING_CONTRADICTION,
                "until is the time of by: nothing would ever be late.",
                hint="Let it be later; a time that is not after by is one of the next day.",
            )
        return value

    @model_validator(mode="after")
    def _due_by_its_date(self) -> Self:
        if self.due != "same_day" and self.date_part is None:
            raise refusal(
                ErrorCode.MAPPING_CONTRADICTION,
                "due says something of the date that the data are of, which date_part names.",
                hint="Add date_part with the part of the pattern that is that date.",
                at=("expect", "due"),
            )
        return self

    @property
    def by_time(self) -> time:
        """``by`` as a time of day."""
        return time.fromisoformat(self.by)

    @property
    def until_time(self) -> time:
        """``until`` as a time of day; where it is not after ``by``, it is one of the next day."""
        if self.until is not None:
            return time.fromisoformat(self.until)
        by = self.by_time
        return by.replace(hour=(by.hour + 12) % 24)

    @property
    def weekdays(self) -> frozenset[int]:
        """``days`` as Python counts them: Monday is 0."""
        return frozenset(day for item in self.days.split(",") for day in _days_of(item.strip()))

    @property
    def days_off(self) -> frozenset[date]:
        """The dates of ``calendar``, where it is a list."""
        listed = () if isinstance(self.calendar, str) else self.calendar
        return frozenset(map(date.fromisoformat, listed))

    @property
    def files_expected(self) -> FilesExpected:
        """``files`` in one form."""
        if isinstance(self.files, dict):
            ((part, values),) = self.files.items()
            return FilesExpected(part=part, values=values)
        return _bounds(str(self.files))

    @property
    def in_words(self) -> tuple[str, ...]:
        """What it says, as sentences without their ends."""
        said = f"Files are expected by {self.by} ({self.timezone}) {_days_in_words(self.days)}"
        if isinstance(self.calendar, str):
            said += f", but not on holidays of {self.calendar}"
        elif self.calendar:
            said += f", but not on {', '.join(self.calendar)}"
        next_day = "" if self.until_time > self.by_time else " of the next day"
        until = f"Until {self.until_time:%H:%M}{next_day} they are late, and missing from then on"
        return (said, until, *self._shape_in_words(), *self._dates_in_words())

    def _shape_in_words(self) -> Iterator[str]:
        wanted, rows = self.files_expected, self.rows
        if wanted.part:
            yield f"A file of each {wanted.part} is expected: {', '.join(wanted.values)}"
        elif (wanted.least, wanted.most) != (1, None):
            most = "or more" if wanted.most is None else f"to {wanted.most:,}"
            same = wanted.least == wanted.most
            files = f"{wanted.least:,}" if same else f"{wanted.least:,} {most}"
            yield f"Expected number of files: {files}"
        bounds = [
            *([f"at least {rows.min:,}"] if rows.min is not None else []),
            *([f"at most {rows.max:,}"] if rows.max is not None else []),
            *([f"within {rows.change} of what is usual"] if rows.change is not None else []),
        ]
        if bounds:
            yield f"Expected rows of each file: {', '.join(bounds)}"

    def _dates_in_words(self) -> Iterator[str]:
        if self.date_part is not None:
            when = "from that day on" if self.due == "same_day" else "after that day"
            yield f"A file is due on the first such day {when}, by the {self.date_part} in its name"

    def require_of(self, pattern: Pattern) -> None:
        """See that a pattern has the parts that this speaks of.

        :raises PydanticCustomError: ``mapping.unknown_part``, or ``mapping.contradiction``: the
            part of ``date_part`` tells no day.
        """
        if part := self.files_expected.part:
            require_parts((part,), pattern.names, ("expect", "files"))
        if self.date_part is None:
            return
        require_parts((self.date_part,), pattern.names, ("expect", "date_part"))
        form = next(one.form for one in pattern.wildcards if one.name == self.date_part)
        if not _TELLS_DAY.search(form):
            raise refusal(
                ErrorCode.MAPPING_CONTRADICTION,
                f"The part {self.date_part!r} of the pattern tells no day.",
                hint=f"Write it with a form that does: {{{self.date_part}:%Y%m%d}}.",
                at=("expect", "date_part"),
            )


def _days_in_words(days: str) -> str:
    return "every day" if days == "mon-sun" else f"on {days}"


def _days_of(item: str) -> Iterable[int]:
    """The days of one range, which may go over the end of the week."""
    first, dash, last = item.partition("-")
    start = WEEKDAYS.index(first)
    count = (WEEKDAYS.index(last) - start) % 7 + 1 if dash else 1
    return [(start + step) % 7 for step in range(count)]
