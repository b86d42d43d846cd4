"""Settings that are made of environment variables, with the four that must be set."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_landing_loader.exceptions import ConfigurationError
from airflow_landing_loader.settings import Settings, from_environment

SEEDS = {
    "LANDING_PATH": "landing",
    "ARCHIVE_PATH": "archive",
    "FAILED_PATH": "failed",
    "TABLE_CONFIG_PATH": "tables",
}
"""The required options by their short variables, each a folder beside the others."""


def build(base: Path, **environ: str) -> Settings:
    """Settings from :data:`SEEDS` and more variables.

    :param base: the folder that relative paths start from.
    :raises ConfigurationError: when a variable is refused.
    """
    return from_environment(SEEDS | environ, base=base)


def refused(base: Path, **environ: str) -> ConfigurationError:
    """Why :func:`build` refuses these variables; the test fails if it does not."""
    with pytest.raises(ConfigurationError) as caught:
        build(base, **environ)
    return caught.value
