"""What several requests have in common."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _day(value: Any) -> date:
    """Only as ISO 8601 has it: pydantic would take a number, too, for seconds since 1970."""
    if isinstance(value, str) and _DAY.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass  # the 30th of February
    raise PydanticCustomError("day", "Input should be a day as YYYY-MM-DD")


Day = Annotated[date, BeforeValidator(_day)]

PipelineId = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)?$",
        max_length=200,
        description="Id of a table's DAG, `landing__raw_trades`, or the table's name.",
        examples=["landing__raw_trades"],
    ),
]


Cursor = Annotated[
    str, Field(max_length=200, description="`next_cursor` of the page before, as it is.")
]


class Request(BaseModel):
    """What is sent to us: a key that nobody knows is a mistake, and told as one."""

    model_config = ConfigDict(extra="forbid")
