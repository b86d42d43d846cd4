"""The one installation that this process shows, opened by whoever asks first."""

from __future__ import annotations

import threading
from collections.abc import Callable

from airflow_landing_loader.hooks.connections import ConnectionClients
from airflow_landing_loader.monitoring.monitor import Monitor
from airflow_landing_loader.settings.airflow import airflow_settings

OpenMonitor = Callable[[], Monitor]


def airflow_monitor() -> Monitor:
    """What Airflow's settings and connections say is to be seen.

    :raises ConfigurationError: they say it wrong, or not at all.
    """
    settings = airflow_settings()
    return Monitor(settings, ConnectionClients.of(settings))


class Installation:
    """A monitor that is opened once; where it cannot be, each who asks tries again.

    :param open_monitor: opens it.
    """

    def __init__(self, open_monitor: OpenMonitor = airflow_monitor) -> None:
        self._open = open_monitor
        self._lock = threading.Lock()
        self._opened: Monitor | None = None

    def monitor(self) -> Monitor:
        """The monitor; opening it takes as long as a cloud does, so not in the event loop.

        :raises LandingError: settings are missing or wrong.
        """
        with self._lock:
            if self._opened is None:
                self._opened = self._open()
            return self._opened
