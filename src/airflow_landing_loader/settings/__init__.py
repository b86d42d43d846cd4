"""Frozen settings; the one place that knows names, defaults and meaning of every setting.

Built by :func:`from_environment` for the command line and by :func:`from_airflow_conf` for the
Airflow side (module ``airflow_settings``). Nothing else reads environment variables.
"""

from __future__ import annotations

from airflow_landing_loader.settings.model import (
    DBT_PER_TABLE_LIMIT,
    PREFIX,
    SECTION,
    Option,
    SettingRow,
    Settings,
    options,
)
from airflow_landing_loader.settings.reading import (
    from_airflow_conf,
    from_environment,
    is_object_uri,
)

__all__ = [
    "DBT_PER_TABLE_LIMIT",
    "PREFIX",
    "SECTION",
    "Option",
    "SettingRow",
    "Settings",
    "from_airflow_conf",
    "from_environment",
    "is_object_uri",
    "options",
]
