"""The layers of an execution: what each came to, and how long it took beside the others."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from markupsafe import Markup

from airflow_landing_loader.loading.operations import ExecutionRecord
from airflow_landing_loader.plugins.pages import words
from airflow_landing_loader.runs.executions import models_of
from airflow_landing_loader.safe_text import counted, escaped

LayerName = Literal["bronze", "silver", "gold"]
LAYERS: tuple[LayerName, ...] = ("bronze", "silver", "gold")
_WIDTH, _HEIGHT = 160, 14
_LEAST = 3.0
_FILES = {
    "loaded": "loaded",
    "duplicate": "duplicate",
    "failed": "refused",
    "left": "left in landing",
    "waiting": "for the next run",
}
_NAMED = 20


@dataclass(frozen=True, kw_only=True)
class Layer:
    """What one layer came to.

    :param took: ``None``: not known.
    :param figures: rows and files in words; may be empty.
    :param models: that were built; ``others``: how many more.
    :param error: why it failed.
    """

    name: LayerName
    status: str
    took: timedelta | None
    figures: tuple[str, ...]
    models: tuple[str, ...]
    others: int
    error: str


def layers_of(records: Sequence[ExecutionRecord]) -> tuple[Layer, ...]:
    """The layers that a run has worked on, bronze first."""
    found = {record.layer: record for record in records}
    return tuple(_layer(name, found[name]) for name in LAYERS if name in found)


def drawn(layers: Sequence[Layer], longest: timedelta) -> Markup:
    """The layers one behind the other, as long as each took.

    :param longest: what fills the width.
    """
    scale = _WIDTH / max(longest.total_seconds(), 0.001)
    parts, at = [], 0.0
    for layer in layers:
        if layer.took is None:
            continue
        width = max(layer.took.total_seconds() * scale, _LEAST)
        kind = f"{layer.name} failed" if layer.status == "failed" else layer.name
        parts.append(
            Markup(
                '<rect class="{}" x="{:.1f}" y="0" width="{:.1f}" height="{}" rx="2">'
                "<title>{}</title></rect>"
            ).format(kind, at, max(width - 1, 2), _HEIGHT, _words(layer))
        )
        at += width
    label = ", ".join(_words(layer) for layer in layers) or "no layer"
    return Markup(
        '<svg class="chart layers" viewBox="0 0 {} {}" width="{}" height="{}" role="img"'
        ' aria-label="{}">{}</svg>'
    ).format(_WIDTH + 12, _HEIGHT, _WIDTH + 12, _HEIGHT, escaped(label), Markup("").join(parts))


def _words(layer: Layer) -> str:
    took = "" if layer.took is None else f" in {words.duration(layer.took)}"
    return f"{layer.name} {layer.status}{took}"


def _layer(name: LayerName, record: ExecutionRecord) -> Layer:
    told = _told(record.result)
    models = models_of(record)
    took = record.duration_ms
    return Layer(
        name=name,
        status=record.status,
        took=None if took is None else timedelta(milliseconds=took),
        figures=tuple(_figures(name, record, told)),
        models=models[:_NAMED],
        others=max(len(models) - _NAMED, 0),
        error=record.error or "",
    )


def _figures(name: LayerName, record: ExecutionRecord, told: Mapping[str, Any]) -> Iterator[str]:
    files = [
        f"{told[key]:,} {word}"
        for key, word in _FILES.items()
        if isinstance(told.get(key), int) and told[key]
    ]
    if files:
        yield f"files: {', '.join(files)}"
    if record.records_processed is not None:
        yield counted(record.records_processed, "row")
    if record.records_failed:
        yield f"{record.records_failed:,} {'rejected' if name == 'bronze' else 'left out'}"
    if record.size_bytes:
        yield words.size(record.size_bytes)
    if count := len(models_of(record)):
        yield counted(count, "model")


def _told(result: str | None) -> Mapping[str, Any]:
    """The record's JSON object, which anybody with the right to the database may have altered."""
    try:
        read = json.loads(result or "{}")
    except (ValueError, RecursionError):
        return {}
    return read if isinstance(read, dict) else {}
