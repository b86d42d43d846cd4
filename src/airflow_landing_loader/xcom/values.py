"""Values of the core as JSON-able dicts and back, for XCom and ``--json``.

Airflow's XCom takes JSON; a ``kind`` key tells the types apart. Cell values never pass: an error's
``value`` is blanked unless asked for.
"""

from __future__ import annotations

from functools import cache
from typing import Any, get_args

from pydantic import TypeAdapter

from airflow_landing_loader.codec import received
from airflow_landing_loader.dbt.results import DbtTaskRun
from airflow_landing_loader.exceptions import ErrorDetail
from airflow_landing_loader.landing.model import Validated
from airflow_landing_loader.loading.model import ArrivalRecord, DbtDue, Duplicate, Loaded, Refused
from airflow_landing_loader.pipeline.outcome import Outcome

Value = (
    Validated
    | Refused
    | Loaded
    | Duplicate
    | Outcome
    | ErrorDetail
    | DbtDue
    | DbtTaskRun
    | ArrivalRecord
)
_KINDS: dict[str, type[Any]] = {kind.__name__: kind for kind in get_args(Value)}


@cache
def _adapter(kind: str) -> TypeAdapter[Any]:
    return TypeAdapter(_KINDS[kind])


def dump(value: Value, *, show_values: bool = False) -> dict[str, Any]:
    """Turn a value into a JSON-able dict with its ``kind``.

    :param show_values: keep the offending text of errors (``[landing_loader] show_values``).
    """
    kind = type(value).__name__
    fields: dict[str, Any] = _adapter(kind).dump_python(value, mode="json")
    if not show_values:
        _blank_values(fields, value)
    return {"kind": kind, **fields}


def load(fields: dict[str, Any]) -> Value:
    """Rebuild the value that :func:`dump` wrote.

    :raises KeyError: the dict has no known ``kind``.
    """
    rest = dict(fields)
    value: Value = _adapter(rest.pop("kind")).validate_python(rest)
    return value


def errors_in(pushed: dict[str, Any] | None) -> list[ErrorDetail]:
    """Why a task failed, as it has said under the key for that; nothing if it has not."""
    errors = map(load, received(pushed["errors"])) if pushed else ()
    return [error for error in errors if isinstance(error, ErrorDetail)]


def _blank_values(fields: dict[str, Any], value: Value) -> None:
    if isinstance(value, ErrorDetail):
        fields["value"] = None
    elif isinstance(value, Refused | Outcome) and value.error is not None:
        fields["error"]["value"] = None
