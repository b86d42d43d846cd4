"""What every replay ends in, and what it refuses, wherever the zones lie."""

from __future__ import annotations

from dataclasses import dataclass

from airflow_landing_loader.exceptions import ErrorCode, TerminalError, shown
from airflow_landing_loader.storage.zone import Zone


@dataclass(frozen=True, kw_only=True)
class Replayed:
    """A delivery that is in the landing zone again.

    :param data: absolute path of its data file there.
    :param go: absolute path of its go file there; ``None`` if there is none.
    :param stored: name that the data file had in the failed zone.
    :param code: why it had been refused.
    """

    data: str
    go: str | None
    stored: str
    code: str

    @property
    def name(self) -> str:
        """Name of its data file in landing."""
        return self.data.rpartition("/")[2]


def not_there(name: str, failed: Zone) -> TerminalError:
    """The failed zone has no such delivery."""
    return TerminalError(
        ErrorCode.REPLAY_NO_SIDECAR,
        f"There is no {shown(name)} in the failed zone {shown(failed.path)}.",
        hint="`landing-loader status` lists the open failures and their names.",
        file=name,
    )


def elsewhere(name: str, failed: Zone) -> TerminalError:
    """The path leads out of the failed zone."""
    return TerminalError(
        ErrorCode.LANDING_UNKNOWN_FILE,
        f"{shown(name)} does not lie in the failed zone {shown(failed.path)}.",
        hint="Give the name of a file in the failed zone.",
        file=name,
    )


def in_neither(stored: str, sidecar_path: str) -> TerminalError:
    """There is a sidecar, and no data file anywhere."""
    return TerminalError(
        ErrorCode.LANDING_UNKNOWN_FILE,
        f"{shown(stored)} is neither in the failed nor in the landing zone: it was removed by "
        "hand, a discard of it was interrupted, or an earlier replay after the file had been "
        "loaded.",
        hint="`landing-loader discard` again finishes one that was interrupted; else look it up "
        f"with `landing-loader status`, then delete {shown(sidecar_path)}.",
        file=stored,
    )


def name_taken(name: str, stored: str) -> TerminalError:
    """Another delivery has the name in landing."""
    return TerminalError(
        ErrorCode.REPLAY_NAME_TAKEN,
        f"Another {shown(name)} lies in the landing zone; it is not overwritten.",
        hint="Let it be loaded first; or, if it is meant to replace the failed one, delete "
        f"{shown(stored)} from the failed zone and replay again.",
        file=name,
    )


def wanted_twice(name: str, stored: str, other: str) -> TerminalError:
    """Two files of one call would get one name in landing."""
    return TerminalError(
        ErrorCode.REPLAY_NAME_TAKEN,
        f"{shown(stored)} and {shown(other)} both go back as {shown(name)}.",
        hint="Replay one of them and let it be loaded, then the other.",
        file=name,
    )
