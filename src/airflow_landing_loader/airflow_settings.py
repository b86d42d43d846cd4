"""Settings as Airflow has them; the only module that reads Airflow's configuration for us."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from airflow.providers.common.compat.sdk import conf

from airflow_landing_loader.settings import (
    PREFIX,
    SECTION,
    Settings,
    from_airflow_conf,
    options,
)


def airflow_settings(overrides: Mapping[str, str] | None = None) -> Settings:
    """Build settings from section ``[landing_loader]`` and the bare variables below it.

    Relative paths start from ``AIRFLOW_HOME``. Reads the file and the environment only: no
    connection, no variable, no metadata database, so it is safe while a DAG is parsed.

    :param overrides: options, by name, that win over everything: a task's own paths.
    :raises ConfigurationError: as :func:`airflow_landing_loader.settings.from_airflow_conf`.
    """
    # Only what somebody has set. conf.get() of any option would also answer with the default from
    # the provider metadata, where those are loaded, and so hide the bare variables; and the
    # airflow.cfg that Airflow writes by itself spells out every default.
    by_variable = {
        name.removeprefix(PREFIX).lower() for name in os.environ if name.startswith(PREFIX)
    }
    in_file = set(conf.options(SECTION)) if conf.has_section(SECTION) else set()
    defaults = {option.name: str(option.default) for option in options()}
    section = {
        name: text
        for name in sorted(by_variable | in_file)
        for text in [conf.get(SECTION, name, fallback="")]
        if name in by_variable or text != defaults.get(name)
    }
    return from_airflow_conf(section, os.environ, base=airflow_home(), overrides=overrides)


def airflow_home() -> Path:
    """The folder that Airflow's relative paths start from, found as Airflow finds it."""
    home = os.path.expandvars(os.environ.get("AIRFLOW_HOME", "~/airflow"))
    return Path(home).expanduser().absolute()
