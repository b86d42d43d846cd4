"""What forms send."""

from __future__ import annotations

from pydantic import BeforeValidator


def _empty_is_none(value: object) -> object:
    """A form sends all its fields, also those that nobody has filled in."""
    return None if value == "" else value


Given = BeforeValidator(_empty_is_none)
