"""Names below a zone: which folder a path stands for."""

from __future__ import annotations

from airflow_landing_loader.exceptions import ConfigurationError, ErrorCode, shown


def subfolder_parts(subfolder: str) -> list[str]:
    """The folders of a path below a zone, none for an empty one.

    :raises ConfigurationError: ``MAPPING_BAD_VALUE``, it leaves the zone or is hidden.
    """
    parts = subfolder.split("/") if subfolder else []
    if any(not part or part.startswith(".") or "\0" in part for part in parts):
        raise bad_subfolder(subfolder, "has an empty or hidden folder, or leaves the zone")
    if any(brace in subfolder for brace in "{}"):
        raise bad_subfolder(subfolder, "has a brace without its partner")
    return parts


def bad_subfolder(text: str, why: str) -> ConfigurationError:
    """The error for an ``archive_layout`` that stands for no folder below a zone.

    :param why: what it has or does, after its text.
    """
    return ConfigurationError(
        ErrorCode.MAPPING_BAD_VALUE,
        f"The archive layout {shown(text)!r} {why}.",
        hint="Use folder names, {table}, {yyyy}, {mm} and {dd}, such as {table}/{yyyy}/{mm}/{dd}.",
        key_path="archive_layout",
    )


WORK_FOLDER = ".landing-loader"
"""Hidden folder in the root of a target zone: its lock and the notes of moves under way."""


HELD_FOLDER = "held"
"""Below it, in a landing zone: second names of the files that are being loaded, see `holding`."""
