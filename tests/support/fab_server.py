"""An API server of its own, with FAB and below a prefix; a program that tells where it is.

``python -m tests.support.fab_server HOME``. Needs ``HOME/dags``; its first line of output is JSON:
the address, and a token by name of a user. It serves until it is ended.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from pathlib import Path

PREFIX = "/team-a"

# What a role of one table's editors needs beside its DAG, as docs/api.md says.
_EDITOR = (
    ("can_read", "DAG Runs"),
    ("can_create", "DAG Runs"),
    ("can_read", "Task Instances"),
    ("can_read", "Task Logs"),
)
USERS = {
    "ada": "Admin",
    "vic": "Viewer",
    "uma": "User",
    "eda": "Editor of raw_a",
    "una": "Editor of raw_a without actions",
    "nil": "Nothing",
}


def main(home: Path) -> None:
    """Make the home ready, say where, serve."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen()
    base_url = f"http://127.0.0.1:{listening.getsockname()[1]}{PREFIX}"
    os.environ["AIRFLOW__API__BASE_URL"] = base_url
    # All of Airflow is imported now, when its environment is as it should be.
    from airflow.utils.db import initdb

    from tests.support.api import read_dag_files

    initdb()
    read_dag_files()
    from airflow.api_fastapi.app import create_app

    app = create_app(apps="core")
    tokens = _tokens()
    print(json.dumps({"base_url": base_url, "tokens": tokens}), flush=True)
    import uvicorn

    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
    server.run(sockets=[listening])


def _tokens() -> dict[str, str]:
    from airflow.api_fastapi.app import get_auth_manager
    from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder

    with get_application_builder() as builder:
        roles = builder.sm
        roles.sync_roles()
        for name in ("Editor of raw_a", "Editor of raw_a without actions"):
            role = roles.add_role(name)
            for action, resource in _EDITOR:
                roles.add_permission_to_role(role, roles.create_permission(action, resource))
        roles.add_role("Nothing")
        dag_rights = {"can_read", "can_edit"}
        editors = {"Editor of raw_a": dag_rights}
        roles.sync_perm_for_dag(
            "landing__raw_a", {**editors, "Editor of raw_a without actions": dag_rights}
        )
        roles.sync_perm_for_dag("landing_actions", editors)
        users = {
            name: roles.add_user(name, name, "x", f"{name}@example.org", roles.find_role(role), "x")
            for name, role in USERS.items()
        }
        return {name: get_auth_manager().generate_jwt(user) for name, user in users.items()}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
