"""Numbers of files, in their names or in their go files, of which none may be left out."""

from __future__ import annotations

import json
from collections.abc import Sequence as Listed
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator
from pydantic_core.core_schema import ValidationInfo

from airflow_landing_loader.config.mapping.fields import MappingModel, Text
from airflow_landing_loader.config.mapping.identity import (
    Identity,
    require_number,
    require_parts,
)
from airflow_landing_loader.config.mapping.patterns.parts import NamePart
from airflow_landing_loader.config.mapping.patterns.pattern import Pattern
from airflow_landing_loader.config.yaml.values import refusal, whole_number
from airflow_landing_loader.exceptions import ErrorCode

HIGHEST = 10**18
"""No number of a sequence is as high; a warehouse's whole numbers end a little above."""

GO_NUMBER = "sequence_number"
"""The part that a go file's number is, beside those of the file's name."""


_Number = Annotated[int, Field(strict=True, ge=0, lt=HIGHEST), BeforeValidator(whole_number)]


@dataclass(frozen=True)
class Turn:
    """A file's place in its sequence.

    :param key: the sequence, among those of its table: a JSON object of the parts that tell it from
        others, and their values.
    """

    key: str
    number: int


class Sequence(MappingModel):
    """What counts the files."""

    part: Text | None = Field(
        default=None,
        description="Named part of the pattern with the number: {seq:0d}. Default: the go file has "
        "it, see go_file.sequence_number.",
    )
    on_gap: Literal["wait", "report"] = Field(
        default="wait",
        description="A number was left out: the file stays in landing until it has been loaded, or "
        "is loaded and the gap is told.",
    )
    by: Annotated[tuple[Text, ...], Field(max_length=20)] = Field(
        default=(), description="Named parts of which each value has a sequence of its own."
    )
    start: _Number | None = Field(
        default=None,
        description="The first number. Default: that of the first file that is taken.",
    )

    @field_validator("by")
    @classmethod
    def _other_parts(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        named = [*value, info.data.get("part")]
        if len(set(named)) < len(named):
            raise refusal(ErrorCode.MAPPING_BAD_VALUE, "A part of the sequence is named twice.")
        return value

    @property
    def counted_by(self) -> str:
        """The part that is the number."""
        return self.part or GO_NUMBER

    @property
    def key(self) -> tuple[str, ...]:
        """The parts that say what a delivery is of."""
        return (*self.by, self.counted_by)

    @property
    def waits(self) -> bool:
        """Whether a file waits for the numbers before its own."""
        return self.on_gap == "wait"

    def turn(self, parts: Listed[NamePart]) -> Turn | None:
        """The place of a file; ``None``: its number is not known.

        :param parts: what the parts of its name say, and its go file.
        """
        said = {part.name: part.value for part in parts}
        digits = said.get(self.counted_by)
        if digits is None:
            return None
        number = HIGHEST if len(digits) >= len(str(HIGHEST)) else int(digits)
        return Turn(json.dumps({name: said[name] for name in sorted(self.by)}), number)

    def require_of(self, pattern: Pattern) -> None:
        """See that a pattern has the parts that this speaks of.

        :raises PydanticCustomError: ``mapping.unknown_part``, or ``mapping.contradiction``: the
            part is no number.
        """
        require_parts(self.by, pattern.names, ("sequence", "by"))
        if self.part is not None:
            require_number(self.part, pattern, ("sequence", "part"))

    @property
    def in_words(self) -> str:
        """What it says, as a sentence without its end."""
        each = f", for each {' and '.join(self.by)}" if self.by else ""
        then = "waits for it" if self.waits else "is loaded, and the gap is told"
        return f"Files are counted by {self.counted_by}{each}: one behind a missing number {then}"

    def identity(self, written: Identity | None) -> Identity:
        """What a delivery is of: its number, unless a mapping says something else that tells one
        number from another.

        :param written: what the mapping says; ``None``: nothing.
        :raises PydanticCustomError: ``mapping.contradiction``: two numbers may be one thing.
        """
        if written is None:
            return Identity(key=self.key)
        if written.content or (written.key is not None and not {*self.key} <= {*written.key}):
            raise refusal(
                ErrorCode.MAPPING_CONTRADICTION,
                "This identity does not tell the numbers of the sequence apart: one would be taken "
                "for another, and the next wait for it for ever.",
                hint=f"Leave identity out, or write {{key: [{', '.join(self.key)}]}}.",
                at=("identity",),
            )
        return written
