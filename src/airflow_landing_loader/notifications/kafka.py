"""Events in a topic of Kafka, each known to be there before it counts as sent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from airflow_landing_loader.config.channels.model import KafkaChannel
from airflow_landing_loader.events.publishing import NotSentError
from airflow_landing_loader.loading.operations import EventRecord
from airflow_landing_loader.notifications.trouble import as_not_sent

_FLUSH = 30.0  # seconds


class KafkaTarget:
    """A topic of an Airflow connection of type ``kafka``; the table is the key, so that what is
    told of one table keeps its order."""

    def __init__(self, channel: KafkaChannel) -> None:
        self._channel = channel
        self._producer: Any = None

    def send(self, records: Sequence[EventRecord]) -> None:
        """Produce all and wait for what the broker says of each."""
        with as_not_sent("apache-airflow-providers-apache-kafka"):
            taken = [False] * len(records)
            producer = self._made()
            for number, record in enumerate(records):
                producer.produce(
                    self._channel.topic,
                    key=record.table_name.encode(),
                    value=record.body.encode(),
                    headers={"event_id": record.event_id, "event_type": record.event_type},
                    on_delivery=_noting(taken, number),
                )
            producer.flush(_FLUSH)
            if not all(taken):
                # Else the producer would go on to send what is to be sent anew.
                producer.purge()
                raise NotSentError("the broker did not take it", taken.index(False))

    def _made(self) -> Any:
        if self._producer is None:
            from airflow.providers.apache.kafka.hooks.produce import KafkaProducerHook

            self._producer = KafkaProducerHook(
                kafka_config_id=self._channel.connection
            ).get_producer()
        return self._producer


def _noting(taken: list[bool], number: int) -> Callable[[Any, Any], None]:
    def note(error: Any, message: Any) -> None:
        del message
        taken[number] = error is None

    return note
