"""From nothing to a healthy Airflow, telling the person what is waited for."""

from __future__ import annotations

from airflow_api import AirflowApi
from airflow_home import PrivateAirflow
from waiting import Waiter


def start(airflow: PrivateAirflow, waiter: Waiter) -> AirflowApi:
    """Start Airflow and wait until all of it is healthy.

    :raises StartError: a part of it died.
    :raises TimeIsUpError: it did not become healthy in time.
    """
    airflow.begin_preparing()
    waiter.until("Airflow's database and dbt's manifest are made", airflow.preparing)
    airflow.start_servers()
    api = AirflowApi(airflow.url)
    waiter.until(f"Airflow's api server answers on {airflow.url}", api.silent)
    airflow.start_workers()
    waiter.until("All of Airflow is healthy", lambda: ", ".join(api.unhealthy()))
    return api
