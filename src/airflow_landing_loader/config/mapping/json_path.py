"""Where a value stands in a JSON document: a small part of JSONPath (RFC 9535).

``$`` is the document, ``.name``, ``['name']`` and ``["name"]`` a member of an object, ``[n]`` an
element of an array from 0, and ``[*]`` every element or member. No filters, no slices, no escapes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from airflow_landing_loader.config.yaml.values import matches, pattern_schema

_NAME = r"[A-Za-z_\u0080-\uffff][A-Za-z0-9_\u0080-\uffff-]*"
_STEPS = "|".join(
    (
        rf"\.{_NAME}",
        r"\['[^'\\\u0000-\u001f]+'\]",
        r'\["[^"\\\u0000-\u001f]+"\]',
        r"\[(?:0|[1-9][0-9]{0,5})\]",
        r"\[\*\]",
    )
)
PATH_PATTERN = rf"^\x24(?:{_STEPS})*$"
PATH_SCHEMA: dict[str, Any] = {
    "type": "string",
    "maxLength": 255,
    **pattern_schema(
        PATH_PATTERN, "A path such as $.rows, $['row count'], $.files[0].rows, $.files[*].rows."
    ),
}


@dataclass(frozen=True)
class Every:
    """The step ``[*]``: every element of an array, every member of an object."""


Step = str | int | Every


def is_json_path(text: str) -> bool:
    """Whether a text is a path of this kind."""
    return len(text) <= PATH_SCHEMA["maxLength"] and matches(PATH_PATTERN, text)


def steps_of(path: str) -> Iterator[Step]:
    """The steps from the document down: names, positions from 0, and :class:`Every`.

    :param path: one that :func:`is_json_path`.
    """
    for step in re.findall(_STEPS, path):
        if step.startswith("."):
            yield step[1:]
        elif step == "[*]":
            yield Every()
        else:
            yield step[2:-2] if step[1] in "'\"" else int(step[1:-1])
