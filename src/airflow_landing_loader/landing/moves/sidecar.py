"""``<name>.error.json``: why a file lies in the failed zone, and how it gets back.

The sidecar is written before its data file moves, so that no file lies there unexplained.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import NoneType
from typing import Any

from airflow_landing_loader.exceptions import (
    ErrorCode,
    ErrorDetail,
    TerminalError,
    shown,
)
from airflow_landing_loader.landing.model import Delivery
from airflow_landing_loader.storage.folder import Folder
from airflow_landing_loader.storage.local import names as local_names

ENDING = ".error.json"
_LIMIT = 1024 * 1024

_TEXT = (str,)
_TEXT_OR_NONE = (str, NoneType)
_NUMBER_OR_NONE = (int, NoneType)
# Names, order and types in the file; what a person looks for first stands first.
_ERROR_FIELDS: dict[str, tuple[type, ...]] = {
    "code": _TEXT,
    "message": _TEXT,
    "hint": _TEXT_OR_NONE,
    "file": _TEXT_OR_NONE,
    "line": _NUMBER_OR_NONE,
    "record": _NUMBER_OR_NONE,
    "column": (str, int, NoneType),
    "key_path": _TEXT_OR_NONE,
    "value": _TEXT_OR_NONE,
}
_OWN_FIELDS: dict[str, tuple[type, ...]] = {
    "data_name": _TEXT,
    "go_name": _TEXT_OR_NONE,
    "stored_data": _TEXT_OR_NONE,
    "stored_go": _TEXT_OR_NONE,
    "time": _TEXT,
    "table": _TEXT,
    "mapping": _TEXT,
    "dag_id": _TEXT_OR_NONE,
    "run_id": _TEXT_OR_NONE,
    "sha256": _TEXT_OR_NONE,
    "data_token": _TEXT,
    "go_token": _TEXT_OR_NONE,
    "discarded_at": _TEXT_OR_NONE,
    "discarded_by": _TEXT_OR_NONE,
    "discard_reason": _TEXT_OR_NONE,
    "replayed_at": _TEXT_OR_NONE,
}


@dataclass(frozen=True, kw_only=True)
class Sidecar:
    """What is known of a refused delivery.

    :param error: code, message, hint and place; its ``value`` is shown here, unlike in logs.
    :param data_name: name of the data file as delivered.
    :param data_token: its arrival.
    :param go_name: name of its go file as delivered.
    :param go_token: where its go file names several data files, the arrival of that: all of them
        go back together.
    :param stored_data: name of the data file in the failed zone; set when it is moved.
    :param stored_go: name of the go file there; of several data files one has it.
    :param sha256: hex digest of the data file, if the inspection came so far.
    :param table: the mapping's table.
    :param mapping: where the mapping is written, ``file:line``.
    :param time: when it was refused, ISO 8601 in UTC.
    :param dag_id: Airflow DAG, ``None`` on the command line.
    :param run_id: its run.
    :param discarded_at: when a person said that the delivery is not wanted, as ``time``; the files
        lie in the archive then.
    :param discarded_by: who.
    :param discard_reason: why, in their words.
    :param replayed_at: when its data file went back to landing, as ``time``; what is left of it is
        to be told, and the sidecar to go.
    """

    error: ErrorDetail
    data_name: str
    data_token: str
    go_name: str | None = None
    go_token: str | None = None
    stored_data: str | None = None
    stored_go: str | None = None
    sha256: str | None = None
    table: str
    mapping: str
    time: str
    dag_id: str | None = None
    run_id: str | None = None
    discarded_at: str | None = None
    discarded_by: str | None = None
    discard_reason: str | None = None
    replayed_at: str | None = None

    def stored_as(self, names: Sequence[str]) -> Sidecar:
        """The same, with the names in the failed zone: data file, then go file if it moves too."""
        stored_go = names[1] if len(names) > 1 else self.stored_go
        return replace(self, stored_data=names[0], stored_go=stored_go)


def sidecar_of(
    delivery: Delivery,
    error: ErrorDetail,
    *,
    when: datetime,
    sha256: str | None = None,
    dag_id: str | None = None,
    run_id: str | None = None,
) -> Sidecar:
    """The sidecar of a delivery that is refused.

    :param when: an aware time.
    :param sha256: of the data file, if known.
    """
    return Sidecar(
        error=error,
        data_name=delivery.data.name,
        data_token=delivery.data.token,
        go_name=delivery.go.name if delivery.go else None,
        go_token=delivery.go.token if delivery.go and delivery.members else None,
        sha256=sha256,
        table=delivery.mapping.table,
        mapping=delivery.mapping.origin,
        time=when.astimezone(UTC).isoformat(timespec="milliseconds"),
        dag_id=dag_id,
        run_id=run_id,
    )


def sidecar_name(data_name: str, folder: str) -> str:
    """``<data name>.error.json``; for a name too long for that, its beginning and a hash of it.

    :param data_name: name of the data file in the failed zone.
    :param folder: the failed zone, whose file system sets the limit.
    """
    return local_names.derived_name(data_name, ENDING, folder)


def write_sidecar(folder: Folder, name: str, sidecar: Sidecar, *, tag: str) -> str:
    """Write the sidecar of the data file ``name`` of a failed zone; there at once or not at all.

    One that an earlier try of the same delivery has left stays as it is. One of an earlier delivery
    of the same files is replaced: the newest reason is the one to act on.

    :param folder: the failed zone.
    :param name: name that the data file has, or is about to get, there.
    :param tag: names the temporary files of this delivery.
    :returns: path of the sidecar.
    :raises FileExistsError: the name is taken by something else.
    :raises TransientError: ``ZONE_UNWRITABLE``, ``LANDING_UNREADABLE``.
    """
    beside = sidecar_name(name, folder.path)
    found = find_sidecar(folder, beside)
    if found is not None and is_same_delivery(found, sidecar):
        folder.tidy(beside, tag=tag)
    else:
        replaces = found is not None and is_same_delivery(found, sidecar, same_arrival=False)
        folder.write(beside, sidecar_bytes(sidecar), replace=replaces, tag=tag)
    return f"{folder.path}/{beside}"


def is_same_delivery(found: Sidecar, sidecar: Sidecar, *, same_arrival: bool = True) -> bool:
    """Whether two sidecars are of the same delivery.

    :param same_arrival: ``False``: other arrivals under the same names count too.
    """
    same_names = (found.data_name, found.go_name) == (sidecar.data_name, sidecar.go_name)
    return same_names and (found.data_token == sidecar.data_token or not same_arrival)


def read_sidecar(folder: Folder, name: str) -> Sidecar:
    """Read the sidecar of this name.

    :raises TerminalError: ``REPLAY_NO_SIDECAR``, there is none or it is not one of ours;
        ``LANDING_NOT_A_FILE``.
    :raises TransientError: ``LANDING_UNREADABLE``, ``ZONE_UNAVAILABLE``.
    """
    content = folder.read(name, _LIMIT + 1)
    if content is None:
        folder.stat(name)  # says what it is, if it is no file
        raise _no_sidecar(name, "does not exist")
    return parse_sidecar(content, name=name)


def find_sidecar(folder: Folder, name: str) -> Sidecar | None:
    """The sidecar of this name; ``None`` if there is none, or something else."""
    content = folder.read(name, _LIMIT + 1)
    with suppress(TerminalError):
        return None if content is None else parse_sidecar(content, name=name)
    return None


def parse_sidecar(content: bytes, *, name: str) -> Sidecar:
    """The sidecar that a file of this content is.

    :raises TerminalError: ``REPLAY_NO_SIDECAR``, it is not one of ours.
    """
    if len(content) > _LIMIT:
        raise _no_sidecar(name, "is too large to be one")
    # RecursionError: brackets nested thousands deep.
    with suppress(ValueError, RecursionError):
        return from_json(json.loads(content))
    raise _no_sidecar(name, "does not hold the fields of one")


def sidecar_bytes(sidecar: Sidecar) -> bytes:
    """The content of its file."""
    return (json.dumps(to_json(sidecar), indent=2) + "\n").encode()


def to_json(sidecar: Sidecar) -> dict[str, Any]:
    """All fields as JSON-able values, the error's and the delivery's side by side."""
    return {
        **{name: getattr(sidecar.error, name) for name in _ERROR_FIELDS},
        **{name: getattr(sidecar, name) for name in _OWN_FIELDS},
    }


def from_json(values: object) -> Sidecar:
    """The reverse of :func:`to_json`. Fields that are not known are passed over.

    :raises ValueError: not an object with these fields and types.
    """
    if not isinstance(values, dict):
        raise ValueError("not an object")
    error = {name: _checked(values, name, _ERROR_FIELDS[name]) for name in _ERROR_FIELDS}
    own = {name: _checked(values, name, _OWN_FIELDS[name]) for name in _OWN_FIELDS}
    return Sidecar(error=ErrorDetail(**error), **own)


def _checked(values: dict[str, Any], name: str, allowed: tuple[type, ...]) -> Any:
    value = values.get(name)
    if type(value) not in allowed:
        raise ValueError(f"field {name}")
    return value


def _no_sidecar(name: str, why: str) -> TerminalError:
    return TerminalError(
        ErrorCode.REPLAY_NO_SIDECAR,
        f"The sidecar {shown(name)} {why}.",
        hint="Without it the original names are unknown: move the files to the landing zone by "
        "hand, the data file first.",
        file=name,
    )
