"""Events in a topic of Google Pub/Sub."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow_landing_loader.config.channels.model import PubsubChannel
from airflow_landing_loader.events.publishing import NotSentError
from airflow_landing_loader.loading.operations import EventRecord
from airflow_landing_loader.notifications.trouble import as_not_sent

_WAIT = 30.0  # seconds


class PubsubTarget:
    """A topic of an Airflow connection of type ``google_cloud_platform``; the table is the ordering
    key."""

    def __init__(self, channel: PubsubChannel) -> None:
        self._channel = channel
        self._client: Any = None
        self._topic = ""

    def send(self, records: Sequence[EventRecord]) -> None:
        """Publish all and wait for the id of each."""
        with as_not_sent("apache-airflow-providers-google"):
            client = self._made()
            waiting = [
                client.publish(
                    self._topic,
                    record.body.encode(),
                    ordering_key=record.table_name,
                    event_id=record.event_id,
                    event_type=record.event_type,
                )
                for record in records
            ]
            for number, (record, future) in enumerate(zip(records, waiting, strict=True)):
                try:
                    future.result(timeout=_WAIT)
                except Exception as error:
                    # Or the client refuses all that comes after it for the same table.
                    client.resume_publish(self._topic, record.table_name)
                    raise NotSentError(type(error).__name__, number) from error

    def _made(self) -> Any:
        if self._client is None:
            from airflow.providers.google.cloud.hooks.pubsub import PubSubHook

            hook = PubSubHook(gcp_conn_id=self._channel.connection, enable_message_ordering=True)
            self._client = hook.get_conn()
            project = self._channel.project or hook.project_id
            self._topic = f"projects/{project}/topics/{self._channel.topic}"
        return self._client
