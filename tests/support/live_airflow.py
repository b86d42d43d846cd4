"""A live Airflow of a test's own, in which people have different rights."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import httpx
from rich.console import Console

from airflow_api import AirflowApi, Login
from airflow_home import SERVERS, Playground, PrivateAirflow, free_port
from waiting import Waiter

SECONDS = 600.0

# Their rights are those of the roles that either auth manager ships with.
ADMIN, EDITOR, VIEWER = "admin", "editor", "viewer"


class Users(Protocol):
    """The people of an Airflow, and the auth manager that knows them."""

    def options(self, home: Path) -> dict[str, str]:
        """Environment variables by which Airflow takes this auth manager.

        :param home: ``AIRFLOW_HOME``; exists.
        """
        ...

    def make(self, airflow: PrivateAirflow) -> None:
        """Write the people into Airflow's database, which is there, before it is started."""
        ...


def password_of(name: str) -> str:
    """Everybody's password."""
    return f"{name}'s password"


class SimpleUsers:
    """Airflow's SimpleAuthManager: one role of rising rights each."""

    def options(self, home: Path) -> dict[str, str]:
        roles = {ADMIN: "admin", EDITOR: "user", VIEWER: "viewer"}
        passwords = home / "passwords.json"
        passwords.write_text(json.dumps({name: password_of(name) for name in roles}))
        return {
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "False",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": ",".join(map(":".join, roles.items())),
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords),
        }

    def make(self, airflow: PrivateAirflow) -> None:
        pass


@dataclass(frozen=True)
class FabUsers:
    """The FAB provider's auth manager: roles are sets of permissions.

    :param roles: more roles, each with a user of its name: pairs such as
        ``("can_read", "DAG:landing__raw_trades")``; for a role that FAB knows they are added to it.
    """

    roles: Mapping[str, Sequence[tuple[str, str]]] = field(default_factory=dict)

    def options(self, home: Path) -> dict[str, str]:
        return {
            "AIRFLOW__CORE__AUTH_MANAGER": (
                "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"
            ),
            # Tests log in more often than people.
            "AIRFLOW__FAB__AUTH_RATE_LIMITED": "False",
            # Changed rights count at once, and not after half a minute.
            "AIRFLOW__FAB__CACHE_TTL": "0",
        }

    def make(self, airflow: PrivateAirflow) -> None:
        users = {ADMIN: "Admin", EDITOR: "User", VIEWER: "Viewer"} | {
            name: name for name in self.roles
        }
        logins = [(name, password_of(name), role) for name, role in users.items()]
        program = Path(__file__).with_name("fab_users.py")
        done = airflow.run("python", str(program), json.dumps(logins), json.dumps(self.roles))
        assert done.returncode == 0, done.stdout + done.stderr


@dataclass(frozen=True)
class LiveAirflow:
    """A running Airflow.

    :param airflow: its processes and its folders.
    :param waiter: waits for conditions as long as it lives.
    """

    airflow: PrivateAirflow
    waiter: Waiter

    @property
    def url(self) -> str:
        """Address of its api server with the prefix, without a slash at the end."""
        return self.airflow.url

    def api(self, user: str = ADMIN) -> AirflowApi:
        """Airflow's REST API as a person sees it."""
        return AirflowApi(self.url, login=Login(name=user, password=password_of(user)))

    def client(self, user: str | None = None) -> httpx.Client:
        """An HTTP client of any address below :attr:`url`, without cookies of earlier answers.

        :param user: who sends a token along; ``None`` for nobody.
        """
        headers = {} if user is None else {"Authorization": f"Bearer {self.api(user).token()}"}
        return httpx.Client(base_url=self.url, headers=headers, trust_env=False, timeout=60)


@contextmanager
def live_airflow(
    folder: Path,
    users: Users,
    *,
    prefix: str = "",
    api_only: bool = False,
    options: Mapping[str, str] | None = None,
) -> Iterator[LiveAirflow]:
    """Run an Airflow with the example DAGs, without dbt, on empty zones.

    :param folder: exists; everything of it lies below.
    :param users: its people.
    :param prefix: path that all addresses begin with, such as ``/team-a``.
    :param api_only: whether the api server alone is started: takes half the time and memory, has
        all DAGs, and runs none.
    :param options: more environment variables, such as ``AIRFLOW__LANDING_LOADER__...``.
    """
    playground = Playground(folder)
    playground.create(wipe=False)
    own = {"AIRFLOW__LANDING_LOADER__DBT_MODE": "off"}
    airflow = PrivateAirflow(
        playground,
        port=free_port(),
        prefix=prefix,
        options=own | users.options(playground.home) | dict(options or {}),
    )
    live = LiveAirflow(airflow, Waiter(Console(), seconds=SECONDS, check=airflow.check))
    try:
        _start(live, users, api_only=api_only)
        yield live
    finally:
        airflow.stop()


def _start(live: LiveAirflow, users: Users, *, api_only: bool) -> None:
    airflow, waiter = live.airflow, live.waiter
    airflow.begin_preparing(dbt=False)
    waiter.until("Airflow's database is made", airflow.preparing)
    users.make(airflow)
    airflow.start_servers(["api-server"] if api_only else list(SERVERS))
    if api_only:
        done = airflow.run("airflow", "dags", "reserialize")
        assert done.returncode == 0, done.stdout + done.stderr
    api = live.api()
    waiter.until(f"Airflow's api server answers on {live.url}", api.silent)
    if not api_only:
        airflow.start_workers()
        waiter.until("All of Airflow is healthy", lambda: ", ".join(api.unhealthy()))
