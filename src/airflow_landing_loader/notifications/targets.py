"""The target of each channel; its connection is read when something is sent."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from airflow_landing_loader.config.channels.channel_set import ChannelSet
from airflow_landing_loader.config.channels.model import Channel
from airflow_landing_loader.events.publishing import NotSentError, Target

# Imported when something is sent: each type needs a provider of its own, which may not be there.
_TARGETS = {
    "email": ("people", "EmailTarget"),
    "slack": ("people", "SlackTarget"),
    "pagerduty": ("people", "PagerdutyTarget"),
    "webhook": ("webhook", "WebhookTarget"),
    "kafka": ("kafka", "KafkaTarget"),
    "pubsub": ("pubsub", "PubsubTarget"),
    "log": ("log", "LogTarget"),
}


def target_of(channels: ChannelSet) -> Callable[[str], Target]:
    """What makes a channel's target of its name.

    What it makes raises :class:`~airflow_landing_loader.events.publishing.NotSentError` if there is
    no such channel, or its document is broken or lacks something.
    """

    def found(name: str) -> Target:
        channel = channels.get(name)
        if name in channels.broken:
            raise NotSentError("its document is broken: see `landing-loader validate`")
        if channel is None:
            raise NotSentError("there is no channel of this name any more")
        if channel.lacks:
            raise NotSentError(channel.lacks)
        return _made(channel)

    return found


def _made(channel: Channel) -> Target:
    module, name = _TARGETS[channel.type]
    made: Callable[[Any], Target] = getattr(import_module(f"{__package__}.{module}"), name)
    return made(channel)
