"""What a delivery is of."""

from __future__ import annotations

import json
from typing import Annotated

from pydantic import BeforeValidator, Field, field_validator
from pydantic_core.core_schema import ValidationInfo

from airflow_landing_loader.config.mapping.fields import Flag, MappingModel, Text
from airflow_landing_loader.config.mapping.patterns.parts import NamePart
from airflow_landing_loader.config.mapping.patterns.pattern import Pattern
from airflow_landing_loader.config.yaml.values import did_you_mean, refusal
from airflow_landing_loader.exceptions import ErrorCode

SHORT_FORMS = {"name": {}, "content": {"content": True}}


class Identity(MappingModel):
    """What makes two deliveries ones of the same thing; their names unless told otherwise."""

    content: Flag = Field(
        default=False, description="Whether equal content under any name is a duplicate."
    )
    key: Annotated[tuple[Text, ...], Field(min_length=1, max_length=20)] | None = Field(
        default=None,
        description="Named parts of the pattern: deliveries with the same values are of the same "
        "thing, under whatever name.",
    )

    @field_validator("key")
    @classmethod
    def _different(
        cls, value: tuple[str, ...] | None, info: ValidationInfo
    ) -> tuple[str, ...] | None:
        if value is not None and info.data.get("content"):
            raise refusal(
                ErrorCode.MAPPING_CONTRADICTION,
                "A delivery is either of its content or of a key.",
                hint="Remove one of the two.",
            )
        if value is not None and len(set(value)) < len(value):
            raise refusal(ErrorCode.MAPPING_BAD_VALUE, "A part of the key is named twice.")
        return value

    def of(self, parts: tuple[NamePart, ...]) -> str | None:
        """The key as the books have it, a JSON object of its parts and their values; ``None``:
        names tell deliveries apart.

        :param parts: what the parts of a name say.
        """
        if self.key is None:
            return None
        said = {part.name: part.value for part in parts}
        return json.dumps({name: said.get(name, "") for name in sorted(self.key)})


def require_parts(names: tuple[str, ...], there: tuple[str, ...], at: tuple[str, ...]) -> None:
    """See that a pattern has the parts that a key of its mapping names.

    :param names: the named ones.
    :param there: those of the pattern.
    :param at: path of the key, from the mapping.
    :raises PydanticCustomError: ``mapping.unknown_part``.
    """
    for name in names:
        if name not in there:
            has = f"It has {', '.join(there)}." if there else "It has none."
            raise refusal(
                ErrorCode.MAPPING_UNKNOWN_PART,
                f"The pattern has no part called {name!r}. {has}",
                hint=did_you_mean(name, there)
                or f"Name the text in the pattern: {{{name}}}, or {{{name}:%Y%m%d}} for a date.",
                at=at,
            )


def require_number(name: str, pattern: Pattern, at: tuple[str, ...]) -> None:
    """See that a pattern has a part, and that it is a number.

    :param at: path of the key, from the mapping.
    :raises PydanticCustomError: ``mapping.unknown_part``, ``mapping.contradiction``.
    """
    require_parts((name,), pattern.names, at)
    if not next(one for one in pattern.wildcards if one.name == name).is_number:
        raise refusal(
            ErrorCode.MAPPING_CONTRADICTION,
            f"The part {name!r} of the pattern is no number.",
            hint=f"Write it with a form that is: {{{name}:0d}}.",
            at=at,
        )


def _short_form(value: object) -> object:
    return SHORT_FORMS.get(value, value) if isinstance(value, str) else value


IdentityKeys = Annotated[Identity, BeforeValidator(_short_form)]
"""As a mapping writes it: ``name``, ``content``, or ``{key: [part, ...]}``."""
