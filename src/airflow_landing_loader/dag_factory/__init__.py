"""From YAML to DAGs; what is imported here is loaded when it is used.

:func:`~airflow_landing_loader.dag_factory.factory.build_landing_dags`,
:func:`~airflow_landing_loader.dag_factory.dbt.build_shared_dbt_dag`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow_landing_loader.dag_factory.dbt import build_shared_dbt_dag
    from airflow_landing_loader.dag_factory.factory import build_landing_dags

_HOMES = {"build_landing_dags": "factory", "build_shared_dbt_dag": "dbt"}

__all__ = ["build_landing_dags", "build_shared_dbt_dag"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
