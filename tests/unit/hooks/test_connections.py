"""Which connections a task works with: one value, by the names of the settings."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict

import pytest

from airflow_landing_loader.hooks.connections import ConnectionClients, Connections
from airflow_landing_loader.settings import Settings

NAMED = {
    "gcp_conn_id": "g",
    "gcp_impersonation_chain": "a@x, b@x",
    "aws_conn_id": "s",
    "azure_conn_id": "z",
}


def test_the_settings_name_them(settings: Callable[..., Settings]) -> None:
    connections = Connections.of(settings(**NAMED))
    assert connections == Connections(**json.loads(json.dumps(asdict(connections))))
    assert asdict(connections) == NAMED
    assert Connections.of(settings()) == Connections()
    project = settings(gcp_project="p")
    assert ConnectionClients.of(project) == ConnectionClients(Connections(), "p")


@pytest.mark.parametrize(
    ("chain", "accounts"),
    [
        (None, None),
        ("", None),
        (" , ", None),
        ("a@x", ["a@x"]),
        (" a@x ,b@x,", ["a@x", "b@x"]),
    ],
)
def test_accounts_to_impersonate(chain: str | None, accounts: list[str] | None) -> None:
    assert Connections(gcp_impersonation_chain=chain).impersonated == accounts
