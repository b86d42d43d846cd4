"""The number of records, where the name of a file says it."""

from __future__ import annotations

from pydantic import Field

from airflow_landing_loader.config.mapping.fields import (
    COUNT_INCLUDES,
    Counted,
    MappingModel,
    Text,
)
from airflow_landing_loader.config.mapping.identity import require_number
from airflow_landing_loader.config.mapping.patterns.pattern import Pattern


class NameCount(MappingModel):
    """Which part of the names counts the records."""

    part: Text = Field(description="Named part of the pattern with the number: {rows:0d}.")
    count_includes: Counted = Field(default=(), description=COUNT_INCLUDES)

    def require_of(self, pattern: Pattern) -> None:
        """See that a pattern has the part.

        :raises PydanticCustomError: ``mapping.unknown_part``, or ``mapping.contradiction``: the
            part is no number.
        """
        require_number(self.part, pattern, ("name_count", "part"))
