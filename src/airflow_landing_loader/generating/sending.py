"""Deliveries written into a folder as a good sender does it: each file whole, go files last."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from airflow_landing_loader.exceptions import ConfigurationError, ErrorCode
from airflow_landing_loader.generating.draft import Parcel
from airflow_landing_loader.storage.local.files import write_whole

SECOND_TURN = ".second"
"""Folder of what is sent once the first turn is taken; hidden, so that no zone looks at it."""


_MODE = 0o666


def expected_name(table: str) -> str:
    """Name of the file that says what has to become of the deliveries of a table."""
    return f".expected.{table}.json"


def send(parcels: Sequence[Parcel], into: Path, *, table: str) -> None:
    """Write deliveries, and what has to become of them beside them.

    :param table: that they are for.
    :param into: a folder, made if need be; no file in it is overwritten.
    :raises ConfigurationError: ``CONFIG_UNREADABLE``: a file is there already, or the folder cannot
        be written.
    """
    try:
        into.mkdir(parents=True, exist_ok=True)
        later = [one for one in parcels if one.turn != 1]
        if later:
            (into / SECOND_TURN).mkdir(exist_ok=True)
            write(later, into / SECOND_TURN)
        document = json.dumps({"deliveries": [_entry(one) for one in parcels]}, indent=1)
        _write(into / expected_name(table), document.encode())
        write([one for one in parcels if one.turn == 1], into)
    except OSError as error:
        raise ConfigurationError(
            ErrorCode.CONFIG_UNREADABLE,
            f"It cannot be written there: {error.strerror or error}.",
            hint="Give --into an empty folder that may be written.",
            file=str(error.filename2 or error.filename or into),
        ) from error


def write(parcels: Iterable[Parcel], into: Path) -> None:
    """Write the files of deliveries.

    :raises OSError: one is there already, or the folder cannot be written.
    """
    for one in parcels:
        if one.data is not None:
            _write(into / one.name, one.data)
        if one.go is not None and one.go_name is not None:
            _write(into / one.go_name, one.go)


def _write(path: Path, content: bytes) -> None:
    write_whole(str(path), content, mode=_MODE, tag="generate", durable=False)


def _entry(one: Parcel) -> dict[str, Any]:
    expected = one.expected
    return {
        "name": one.name,
        "go_file": one.go_name,
        "kind": one.kind,
        "turn": one.turn,
        "status": expected.status,
        "code": expected.code,
        "rows": len(expected.rows),
        "rejected": expected.rejected,
        "columns": list(one.columns),
        "cells": [list(row) for row in expected.rows],
    }
