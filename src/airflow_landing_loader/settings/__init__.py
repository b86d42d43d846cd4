"""Frozen settings; the one place that knows names, defaults and meaning of every setting.

Built by :func:`from_environment` for the command line and by :func:`from_airflow_conf` for the
Airflow side (module ``settings.airflow``). Nothing else reads environment variables.
"""

from __future__ import annotations

from airflow_landing_loader.settings.airflow_cfg import (
    airflow_cfg_path,
    airflow_home,
    set_by_somebody,
)
from airflow_landing_loader.settings.backends import BACKENDS, BackendName, Capabilities
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
    "BACKENDS",
    "DBT_PER_TABLE_LIMIT",
    "PREFIX",
    "SECTION",
    "BackendName",
    "Capabilities",
    "Option",
    "SettingRow",
    "Settings",
    "airflow_cfg_path",
    "airflow_home",
    "from_airflow_conf",
    "from_environment",
    "is_object_uri",
    "options",
    "set_by_somebody",
]
