"""What several commands take, and how their help shows it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

AsJson = Annotated[
    bool, typer.Option("--json", help="Write one JSON object for programs.", show_default=False)
]


class Destination(StrEnum):
    """Where an unloaded file goes."""

    FAILED = "failed"
    LANDING = "landing"


class EventsTask(StrEnum):
    """What is done with what was not sent yet."""

    PENDING = "pending"
    PUBLISH = "publish"


class Kind(StrEnum):
    """Kinds of documents."""

    MAPPING = "mapping"
    CHANNEL = "channel"


ChosenLoad = Annotated[
    str,
    typer.Argument(
        metavar="LOAD",
        help="The beginning of a load's id, as `status` shows it, or the name of its file.",
        show_default=False,
    ),
]
Files = Annotated[list[str], typer.Argument(metavar="FILE...", show_default=False)]


class Commands(TyperGroup):
    """The commands. The help of a flag names no type, as it would do on a terminal: it takes no
    value."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Those of all commands."""
        return _without_types(super().get_params(ctx))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """One of the commands."""
        found = super().get_command(ctx, cmd_name)
        if found is not None:
            _without_types(found.get_params(ctx))
        return found


def _without_types(params: list[Any]) -> list[Any]:
    for param in params:
        if getattr(param, "is_flag", False):
            param.metavar = ""
    return params
