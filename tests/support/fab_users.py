"""Makes users of the configured Airflow's FAB auth manager: `python fab_users.py LOGINS ROLES`.

LOGINS is a list of name, password and role; ROLES maps roles to pairs of action and resource, which
are made where they are missing. Both as JSON.
"""

from __future__ import annotations

import json
import sys

from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder

if __name__ == "__main__":
    with get_application_builder() as builder:
        manager = builder.sm
        for name, permissions in json.loads(sys.argv[2]).items():
            role = manager.add_role(name)
            for action, resource in permissions:
                manager.add_permission_to_role(role, manager.create_permission(action, resource))
        for name, password, role in json.loads(sys.argv[1]):
            person = {"first_name": name, "last_name": name, "email": f"{name}@example.com"}
            made = manager.add_user(name, **person, role=manager.find_role(role), password=password)
            assert made, f"user {name} was not made"
