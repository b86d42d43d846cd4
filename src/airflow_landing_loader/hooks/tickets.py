"""Tickets: the proof that who asked for an action was allowed to.

The API server checks the rights and makes the ticket, a worker checks the ticket; both have
Airflow's Fernet key, and nobody else has it. Whoever may start the actions' DAG by hand can write
any configuration into the form, but no ticket.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from airflow_landing_loader.codec import adapter_of
from airflow_landing_loader.exceptions import ConfigurationError, ErrorCode, TerminalError
from airflow_landing_loader.runs.actions import ActionRequest

if TYPE_CHECKING:
    from airflow.models.crypto import FernetProtocol

_KEY = "ticket"
# The same key encrypts connections: what was encrypted for something else is no ticket.
_PURPOSE = "landing_loader.action"
_VALID_SECONDS = 24 * 3600


def with_ticket(request: ActionRequest) -> dict[str, Any]:
    """The configuration for the run that carries the action out.

    :raises ConfigurationError: ``settings.missing``, Airflow has no Fernet key.
    """
    content = {"for": _PURPOSE, "run_id": request.run_id, "digest": request.digest()}
    ticket = _fernet().encrypt(json.dumps(content).encode())
    return {**request.as_conf(), _KEY: ticket.decode("ascii")}


def checked(conf: Mapping[str, Any], run_id: str) -> ActionRequest:
    """The action of a run whose ticket is good: not older than a day, for this run, and for exactly
    what stands in its configuration.

    :param run_id: of the run itself; a configuration that is used a second time has another one.
    :raises TerminalError: ``action.no_ticket``.
    :raises ConfigurationError: ``settings.missing``, Airflow has no Fernet key.
    """
    request = _request(conf)
    if request is None or request.run_id != run_id:
        raise _refused()
    promised = {"for": _PURPOSE, "run_id": run_id, "digest": request.digest()}
    if not _same(_content(conf.get(_KEY)), promised):
        raise _refused()
    return request


def _request(conf: Mapping[str, Any]) -> ActionRequest | None:
    """What the configuration says; ``None`` if it says anything else, too."""
    said = {key: value for key, value in conf.items() if key != _KEY}
    try:
        request: ActionRequest = adapter_of(ActionRequest).validate_python(said)
    except ValueError:
        return None
    return request if request.as_conf() == said else None


def _content(ticket: Any) -> Any:
    from cryptography.fernet import InvalidToken

    if not isinstance(ticket, str):
        return None
    try:
        return json.loads(_fernet().decrypt(ticket.encode(), _VALID_SECONDS))
    except (InvalidToken, ValueError):
        return None


def _same(one: Any, other: dict[str, str]) -> bool:
    texts = (json.dumps(value, sort_keys=True).encode() for value in (one, other))
    return hmac.compare_digest(*texts)


def _refused() -> TerminalError:
    return TerminalError(
        ErrorCode.ACTION_NO_TICKET,
        "This run has no valid ticket: it was not asked for in the landing zone's page or API, was "
        "asked for more than a day ago, or is a copy of another run.",
        hint="Ask for the action there: rights are those on the table's DAG.",
    )


def _fernet() -> FernetProtocol:
    # Imported here: only actions need it.
    from airflow.models.crypto import get_fernet

    fernet: FernetProtocol = get_fernet()
    if not fernet.is_encrypted:
        raise ConfigurationError(
            ErrorCode.SETTINGS_MISSING,
            "Airflow has no Fernet key, which tickets of actions are made with.",
            hint="Set [core] fernet_key, the same for API server and workers.",
        )
    return fernet
