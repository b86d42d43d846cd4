"""What answers that show the books have in common."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from airflow_landing_loader.plugins.api.datamodels.common import Cursor, Request
from airflow_landing_loader.safe_text import storable

_TABLE = r"^[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)?$"


def _with_zone(value: object) -> object:
    """Our tables hold UTC without zone."""
    naive = isinstance(value, datetime) and value.tzinfo is None
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) and naive else value


Instant = Annotated[datetime, BeforeValidator(_with_zone)]

FileName = Annotated[
    str,
    BeforeValidator(lambda name: storable(name) if isinstance(name, str) else name),
    Field(description="As the books have it: a byte that is not UTF-8 as `\\xNN`."),
]

TableName = Annotated[
    str,
    Field(
        pattern=_TABLE,
        max_length=200,
        description="The table, as its mapping names it.",
        examples=["raw_trades"],
    ),
]
# No NUL: PostgreSQL knows none, and no name of ours has one.
Text = Annotated[
    str, StringConstraints(max_length=200, pattern=r"^[^\x00]*$"), Field(description="In any case.")
]
Limit = Annotated[int, Field(ge=1, le=500, description="Entries of a page at most.")]


class PageQuery(Request):
    """Which page of what."""

    table: TableName | None = None
    limit: Limit = 50
    cursor: Cursor | None = None


class Row(BaseModel):
    """A row of the books, made from what the core has of it."""

    model_config = ConfigDict(from_attributes=True)


class AsOf(BaseModel):
    """When something was so."""

    as_of: Instant = Field(description="When the books were so, UTC.")
    busy_with: str | None = Field(description="Who writes into the database now.")


class BookPage(AsOf):
    """A page of rows, the newest first."""

    next_cursor: str | None = Field(description="For the next page; null: there is none.")


class PastPage(BookPage):
    """A page of the books' past."""

    newest_only: bool = Field(
        description="The books could not be asked: these are of the newest 500 entries alone."
    )
