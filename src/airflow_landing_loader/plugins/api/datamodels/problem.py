"""What is wrong with a request, after RFC 9457."""

from __future__ import annotations

from pydantic import BaseModel, Field


class BadValue(BaseModel):
    """One value of a request that is not as described."""

    where: str = Field(description="Place, from `body`, `query` or `path` on, with dots between.")
    message: str


class ProblemBody(BaseModel):
    """ProblemError details for HTTP APIs, RFC 9457."""

    type: str = Field(description="`about:blank`, or a URN with our code.")
    title: str = Field(description="The status in words.")
    status: int = Field(ge=400, le=599)
    detail: str = Field(description="What is wrong and why.")
    instance: str = Field(description="Path of the request.")
    code: str | None = Field(None, description="Our code, if there is one; docs/errors.md has all.")
    hint: str | None = Field(None, description="What to do next.")
    errors: list[BadValue] | None = Field(None, description="Which values are wrong, with 422.")
