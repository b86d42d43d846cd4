"""Settings as Airflow has them; the only module that reads Airflow's configuration for us."""

from __future__ import annotations

import os
from collections.abc import Mapping

from airflow.providers.common.compat.sdk import conf

from airflow_landing_loader.settings import (
    PREFIX,
    SECTION,
    Settings,
    airflow_home,
    from_airflow_conf,
    set_by_somebody,
)


def airflow_settings(overrides: Mapping[str, str] | None = None) -> Settings:
    """Build settings from section ``[landing_loader]`` and the bare variables below it.

    Relative paths start from ``AIRFLOW_HOME``. Reads the file and the environment only: no
    connection, no variable, no metadata database, so it is safe while a DAG is parsed.

    :param overrides: options, by name, that win over everything: a task's own paths.
    :raises ConfigurationError: as :func:`airflow_landing_loader.settings.from_airflow_conf`.
    """
    # Only what somebody has set. conf.get() of any option would also answer with the default from
    # the provider metadata, where those are loaded, and so hide the bare variables.
    by_variable = {
        name.removeprefix(PREFIX).lower() for name in os.environ if name.startswith(PREFIX)
    }
    in_file = set(conf.options(SECTION)) if conf.has_section(SECTION) else set()
    texts = {name: conf.get(SECTION, name, fallback="") for name in sorted(by_variable | in_file)}
    section = set_by_somebody(texts) | {name: texts[name] for name in by_variable}
    return from_airflow_conf(
        section, os.environ, base=airflow_home(os.environ), overrides=overrides
    )


def airflow_base_url() -> str | None:
    """The address of Airflow's pages, for links; ``None`` if nobody has said it."""
    return conf.get("api", "base_url", fallback="").strip().rstrip("/") or None
