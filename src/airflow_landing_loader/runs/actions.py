"""What somebody asks to be done to a table, and what the run that does it gets.

The run belongs to one DAG for all tables, so the right to start it says nothing about a table: who
asked, and that they may, is proved by a ticket (:mod:`airflow_landing_loader.hooks.tickets`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Literal
from uuid import uuid4

from airflow_landing_loader.codec import to_json
from airflow_landing_loader.config.mapping.column_types import ColumnType
from airflow_landing_loader.loading.operations import ActionName

# No table's DAG can have this id: theirs begin with `landing__`.
ACTIONS_DAG_ID = "landing_actions"


@dataclass(frozen=True, kw_only=True)
class ActionParameters:
    """How it is done.

    :param to: `unload`: where the file goes.
    :param type: `promote`: the column's type; ``None``: text.
    """

    to: Literal["failed", "landing"] | None = None
    type: ColumnType | None = None


@dataclass(frozen=True, kw_only=True)
class ActionRequest:
    """One action. Who carries it out has to see to it that each target belongs to the table: rights
    are rights on the table's DAG, so two spellings of a table that have one DAG are one.

    :param action_id: for the books.
    :param table: as the caller wrote it, or id of its DAG.
    :param targets: what it is done to: `replay`, `discard`: names of data files in failed, as the
        books have names (:func:`~airflow_landing_loader.safe_text.storable`); `unload`, `verify`:
        ids of loads; `promote`: names of columns, as senders have them.
    :param reason: why, in the words of who asked; may be empty.
    :param asked_by: name of the user, as Airflow has it.
    :param asked_at: ISO 8601 in UTC.
    """

    action_id: str
    action: ActionName
    table: str
    targets: tuple[str, ...]
    reason: str
    asked_by: str
    asked_at: str
    parameters: ActionParameters

    @property
    def run_id(self) -> str:
        """Id of the run that carries it out, and of no other."""
        return f"{self.action}__{self.table}__{self.action_id}"

    def as_conf(self) -> dict[str, Any]:
        """As the run's configuration has it, but for the ticket."""
        conf: dict[str, Any] = json.loads(to_json(self))
        return conf

    def digest(self) -> str:
        """SHA-256 of all of it, in hex."""
        return sha256(json.dumps(self.as_conf(), sort_keys=True).encode()).hexdigest()


def request(
    action: ActionName,
    table: str,
    targets: tuple[str, ...],
    *,
    asked_by: str,
    reason: str = "",
    parameters: ActionParameters | None = None,
) -> ActionRequest:
    """A request of now, with an id of its own; arguments as :class:`ActionRequest` has them."""
    return ActionRequest(
        action_id=uuid4().hex,
        action=action,
        table=table,
        targets=targets,
        reason=reason,
        asked_by=asked_by,
        asked_at=datetime.now(UTC).isoformat(),
        parameters=parameters or ActionParameters(),
    )


def targets_in(text: str) -> tuple[str, ...]:
    """The targets of an action of the books, a JSON list; nothing where a hand has altered it."""
    read = _read(text)
    return tuple(map(str, read)) if isinstance(read, list) else ()


def parameters_in(text: str | None) -> dict[str, Any] | None:
    """The parameters of an action of the books, a JSON object; ``None`` where there are none, or a
    hand has altered it."""
    read = _read(text) if text is not None else None
    return read if isinstance(read, dict) else None


def _read(text: str) -> Any:
    """What can be sent on as JSON in UTF-8: no number that is none, no half of a character."""
    try:
        read = json.loads(text)
        json.dumps(read, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):
        return None
    return read
