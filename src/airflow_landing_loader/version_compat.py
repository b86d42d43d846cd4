"""The only file that looks at Airflow's version.

A feature of a newer Airflow is guarded by the constant of the release that brought it, so that
dropping a release is one search for its constant.
"""

from __future__ import annotations

from airflow import __version__
from packaging.version import Version

AIRFLOW_VERSION: tuple[int, ...] = Version(__version__).release[:2]

AIRFLOW_V_3_2_PLUS: bool = AIRFLOW_VERSION >= (3, 2)
AIRFLOW_V_3_3_PLUS: bool = AIRFLOW_VERSION >= (3, 3)
