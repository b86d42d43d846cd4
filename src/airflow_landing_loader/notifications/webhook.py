"""Messages and events as JSON by POST, signed."""

from __future__ import annotations

import time
from collections.abc import Sequence

from airflow_landing_loader.config.channels.model import WebhookChannel
from airflow_landing_loader.events.publishing import NotSentError, one_by_one
from airflow_landing_loader.events.signing import signature_headers
from airflow_landing_loader.loading.operations import EventRecord
from airflow_landing_loader.notifications.trouble import as_not_sent


class WebhookTarget:
    """An address of an Airflow connection of type ``http``.

    Taken is what is answered with 2xx. A redirect is not followed: it would carry credentials and
    signature to another host.
    """

    def __init__(self, channel: WebhookChannel) -> None:
        self._channel = channel
        self._secret: str | None = None

    def send(self, records: Sequence[EventRecord]) -> None:
        """Post each by itself, in order."""
        one_by_one(records, self._send)

    def _send(self, record: EventRecord) -> None:
        with as_not_sent("apache-airflow-providers-http"):
            from airflow.providers.http.hooks.http import HttpHook

            body = record.body.encode()
            response = HttpHook(method="POST", http_conn_id=self._channel.connection).run(
                endpoint=self._channel.path,
                data=body,  # type: ignore[arg-type]
                headers={
                    "Content-Type": "application/json",
                    "Idempotency-Key": record.event_id,
                    "X-Landing-Event": record.event_type,
                    **self._signature(body),
                },
                extra_options={
                    "check_response": False,
                    "allow_redirects": False,
                    "timeout": self._channel.timeout,
                },
            )
            if not 200 <= response.status_code < 300:
                raise NotSentError(f"it answered with status {response.status_code}")

    def _signature(self, body: bytes) -> dict[str, str]:
        name = self._channel.secret_variable
        if name is None:
            return {}
        if self._secret is None:
            from airflow.providers.common.compat.sdk import Variable

            self._secret = str(Variable.get(name, default=""))
        if not self._secret:
            raise NotSentError(f"Airflow has no variable {name!r}, or nothing is in it")
        return signature_headers(body, self._secret, int(time.time()))
