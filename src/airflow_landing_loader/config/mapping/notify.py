"""Who is told of what: the key ``notify`` of a mapping, and of all mappings at once."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Annotated, Literal, TypeGuard

from pydantic import AfterValidator, Field

from airflow_landing_loader.config.mapping.fields import MappingModel
from airflow_landing_loader.config.yaml.findings import Finding, KeyPath, locate
from airflow_landing_loader.config.yaml.nodes import Pair
from airflow_landing_loader.config.yaml.values import (
    did_you_mean,
    matches,
    pattern_schema,
    refusal,
)
from airflow_landing_loader.exceptions import ErrorCode

Reason = Literal["failure", "late", "drift", "quality"]
"""What a message may be about."""
REASONS: tuple[Reason, ...] = ("failure", "late", "drift", "quality")

_MOST = 20
_NAME = "^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$"


def is_channel_name(text: object) -> TypeGuard[str]:
    """Whether something can be the name of a channel."""
    return isinstance(text, str) and matches(_NAME, text)


def check_channel_name(text: str) -> str:
    """See that a text can be the name of a channel.

    :raises PydanticCustomError: ``config.bad_value``.
    """
    if not is_channel_name(text):
        raise refusal(
            ErrorCode.CONFIG_BAD_VALUE,
            "The name of a channel has letters, digits, - and _, 64 at most.",
            hint="For example data_team.",
        )
    return text


ChannelName = Annotated[
    str,
    AfterValidator(check_channel_name),
    Field(json_schema_extra=pattern_schema(_NAME, "Letters, digits, - and _, 64 at most.")),
]


class Notify(MappingModel):
    """Which messages go to which channels."""

    on: Annotated[tuple[Reason, ...], Field(max_length=_MOST)] = Field(
        default=("failure", "late"),
        description="What is told: failure (a file, dbt or a task), late (what did not come in "
        "time), drift (columns that the table does not have, or that a file lacks), quality "
        "(records that break a rule, or were rejected).",
    )
    to: Annotated[tuple[ChannelName, ...], Field(max_length=_MOST)] = Field(
        description="Channels that are told, by name; an empty list: nobody is."
    )


def unknown_channels(notify: Notify, channels: Collection[str], pair: Pair) -> Iterator[Finding]:
    """The names in ``notify`` that no channel has by which people are told.

    :param channels: the names that one has.
    :param pair: the document in which it stands, under the key ``notify``.
    """
    for index, name in enumerate(notify.to):
        if name in channels:
            continue
        path: KeyPath = ("notify", "to", index)
        guess = did_you_mean(name, sorted(channels))
        choice = "" if guess else f" Channels are: {', '.join(sorted(channels))}."
        yield Finding(
            ErrorCode.CONFIG_UNKNOWN_CHANNEL,
            f"There is no channel {name!r} by which people are told.{choice}",
            guess or f"Write its document, channels/{name}.yaml.",
            locate(pair, path).value,
            path,
        )
