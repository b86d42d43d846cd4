"""Several verdicts as one JSON-able value, for XCom.

Every verdict holds its delivery and every delivery its mapping; in a batch of hundreds of files the
same few mappings would be written hundreds of times, so they are written once.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from airflow_landing_loader.codec import received, sendable
from airflow_landing_loader.landing.model import Validated
from airflow_landing_loader.loading.model import Duplicate, Loaded, Refused
from airflow_landing_loader.xcom import values as serde

Step = Validated | Refused | Loaded | Duplicate


def dump_batch(values: Iterable[Step], *, show_values: bool = False) -> dict[str, Any]:
    """Turn what a step says of its files into one dict: ``mappings`` and ``files``.

    :param show_values: keep the offending text of errors.
    """
    mappings: list[Any] = []
    files = []
    for value in values:
        fields = sendable(serde.dump(value, show_values=show_values))
        mapping = fields["delivery"].pop("mapping")
        if mapping not in mappings:
            mappings.append(mapping)
        fields["mapping"] = mappings.index(mapping)
        files.append(fields)
    return {"mappings": mappings, "files": files}


def load_batch(batch: dict[str, Any]) -> tuple[Step, ...]:
    """Rebuild what :func:`dump_batch` wrote, in its order."""
    mappings = batch["mappings"]
    return tuple(_load(dict(fields), mappings) for fields in batch["files"])


def batch_names(batch: dict[str, Any]) -> tuple[str, ...]:
    """Names of the data files of a dumped batch."""
    return tuple(received(fields["delivery"]["data"]["name"]) for fields in batch["files"])


def _load(fields: dict[str, Any], mappings: list[Any]) -> Step:
    mapping = mappings[fields.pop("mapping")]
    delivery = {**fields["delivery"], "mapping": mapping}
    value = serde.load(received({**fields, "delivery": delivery}))
    if not isinstance(value, Step):
        raise TypeError(f"a batch holds no {type(value).__name__}")
    return value
