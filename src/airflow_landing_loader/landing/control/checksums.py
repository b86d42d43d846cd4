"""What a sender says of a data file's bytes as they were delivered: their number, their digest."""

from __future__ import annotations

import hashlib

from airflow_landing_loader.exceptions import ErrorCode, TerminalError, shown
from airflow_landing_loader.landing.model import (
    Algorithm,
    Delivery,
    GoFileContent,
    Inspection,
)
from airflow_landing_loader.safe_text import counted

ALGORITHMS: dict[int, Algorithm] = {32: "md5", 40: "sha1", 64: "sha256", 128: "sha512"}
"""What makes a digest, by its number of hexadecimal digits."""

_MENDING = (
    "Ask the sender to deliver the file again, whole and unchanged; or, where it is compressed, for"
    " a go file that speaks of the compressed one."
)


def promises_no_byte(go: GoFileContent) -> bool:
    """Whether a go file says that its data file is of no bytes: then that is no accident."""
    said = go.checksum
    of_none = said and hashlib.new(said.algorithm, usedforsecurity=False).hexdigest()
    return go.size == 0 or (said is not None and said.hexdigest == of_none)


def require_size(delivery: Delivery, go: GoFileContent) -> None:
    """Hold the size of a data file against the one that its go file promises, if it does.

    :raises TerminalError: ``SIZE_WRONG``.
    """
    size = delivery.data.size
    if go.size is not None and go.size != size:
        raise TerminalError(
            ErrorCode.SIZE_WRONG,
            f"{counted(size, 'byte')} delivered, {_by(delivery)} promises {go.size:,}",
            hint=_MENDING,
            file=delivery.data.name,
        )


def require_checksum(delivery: Delivery, go: GoFileContent, inspection: Inspection) -> None:
    """Hold the digest of a data file against the one that its go file promises, if it does.

    :param inspection: which took it by the same algorithm.
    :raises TerminalError: ``CHECKSUM_WRONG``.
    """
    if go.checksum is not None and go.checksum != inspection.checksum:
        raise TerminalError(
            ErrorCode.CHECKSUM_WRONG,
            f"the {go.checksum.algorithm} of the file is not the one that {_by(delivery)} promises",
            hint=_MENDING,
            file=delivery.data.name,
        )


def _by(delivery: Delivery) -> str:
    return f"the go file {shown(delivery.go.name)}" if delivery.go else "its sender"
