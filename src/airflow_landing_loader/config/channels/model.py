"""What a document in ``channels/`` may say, as frozen pydantic models: one for each type.

No document holds a secret: it names an Airflow connection or variable, which the task that sends
resolves.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from airflow_landing_loader.config.mapping.fields import MappingModel, Number
from airflow_landing_loader.config.mapping.notify import ChannelName, Notify
from airflow_landing_loader.config.yaml.values import matches, pattern_schema, refusal
from airflow_landing_loader.exceptions import ErrorCode

EventType = Literal[
    "execution.started",
    "execution.completed",
    "execution.failed",
    "layer.completed",
    "quality.issue_detected",
    "file.late",
    "file.refused",
]
"""What programs are told of."""
EVENT_TYPES: tuple[EventType, ...] = get_args(EventType)

_MOST = 100
_ID = r"^[A-Za-z0-9_.-]{1,200}$"
_ADDRESS = r"^[^\s@<>,;\"]{1,64}@[^\s@<>,;\"]{1,190}$"
_PATH = r"^[!-~]{0,1000}$"
_TOPIC = r"^[A-Za-z0-9._-]{1,249}$"
_PROJECT = r"^[a-z][a-z0-9.:-]{4,99}$"


def _of_form(pattern: str, message: str, hint: str) -> tuple[AfterValidator, object]:
    def check(text: str) -> str:
        if not matches(pattern, text):
            raise refusal(ErrorCode.CONFIG_BAD_VALUE, message, hint=hint)
        return text

    return AfterValidator(check), Field(json_schema_extra=pattern_schema(pattern, message))


ConnectionId = Annotated[
    str,
    *_of_form(
        _ID,
        "It is no id of a connection or name of a variable.",
        "Secrets stand in Airflow; here stands what they are called there.",
    ),
]
Address = Annotated[
    str, *_of_form(_ADDRESS, "It is no mail address.", "For example data-team@example.com.")
]
Topic = Annotated[
    str,
    *_of_form(_TOPIC, "It is no name of a topic.", "Letters, digits, dots, - and _ alone."),
]
UrlPath = Annotated[
    str,
    *_of_form(_PATH, "It is no path of an address.", "For example hooks/landing, without blanks."),
]
ProjectId = Annotated[
    str, *_of_form(_PROJECT, "It is no id of a Google Cloud project.", "For example my-project.")
]
SlackPlace = Annotated[
    str,
    *_of_form(
        r"^[#@]?[^\s#@<>&]{1,80}$",
        "It is no channel of Slack.",
        'For example "#data", in quotes.',
    ),
]
Seconds = Annotated[Number, Field(gt=0, le=300)]


def _as_events(value: object) -> object:
    return EVENT_TYPES if value == "all" else value


_EVENTS_SCHEMA = {
    "anyOf": [
        {"const": "all"},
        {"type": "array", "items": {"enum": [*EVENT_TYPES]}, "maxItems": _MOST},
    ]
}
EventTypes = Annotated[
    tuple[EventType, ...],
    Field(max_length=_MOST),
    BeforeValidator(_as_events),
    WithJsonSchema(_EVENTS_SCHEMA),
]

_EVENTS = "Events that are sent here: all, or a list of their types."
_CONNECTION = "Airflow connection"


class Channel(MappingModel):
    """What all channels have."""

    name: ChannelName = Field(
        description="What mappings call it; without it the name of the file is taken."
    )
    type: str

    @property
    def wants(self) -> tuple[EventType, ...]:
        """The events that are sent here."""
        return getattr(self, "events", ())

    @property
    def for_people(self) -> bool:
        """Whether ``notify`` may name it."""
        return True

    @property
    def lacks(self) -> str | None:
        """What has to be written before anything can be sent; ``None``: nothing."""
        return None


class EmailChannel(Channel):
    """Mail, by SMTP."""

    type: Literal["email"]
    to: Annotated[tuple[Address, ...], Field(max_length=_MOST)] = Field(
        default=(), description="Who gets the mail."
    )
    sender: Address | None = Field(
        default=None, description="From whom it is. Default: what the connection says."
    )
    connection: ConnectionId = Field(
        default="smtp_default", description=f"{_CONNECTION} of type smtp."
    )

    @property
    def lacks(self) -> str | None:
        return None if self.to else "nobody to write to: its document lacks `to`"


class SlackChannel(Channel):
    """A channel of Slack, by its API or by an incoming webhook."""

    type: Literal["slack"]
    channel: SlackPlace | None = Field(
        default=None,
        description="Channel that is written to by Slack's API. Not set: an incoming webhook, "
        "which has its own.",
    )
    connection: ConnectionId | None = Field(
        default=None,
        description=f"{_CONNECTION}. Default: slack_api_default with channel, of type slack; else "
        "slack_default, of type slackwebhook.",
    )

    @property
    def conn_id(self) -> str:
        """The connection that is used."""
        return self.connection or ("slack_default" if self.channel is None else "slack_api_default")


class WebhookChannel(Channel):
    """An address of your own that takes JSON by POST."""

    type: Literal["webhook"]
    connection: ConnectionId = Field(
        default="http_default", description=f"{_CONNECTION} of type http: host and credentials."
    )
    path: UrlPath = Field(default="", description="What comes behind the connection's host.")
    secret_variable: ConnectionId | None = Field(
        default=None,
        description="Airflow variable with the secret that requests are signed with. Not set: "
        "they are not signed.",
    )
    timeout: Seconds = Field(default=10.0, description="Seconds that an answer may take.")
    events: EventTypes = Field(default=(), description=_EVENTS)


class PagerdutyChannel(Channel):
    """An incident in PagerDuty."""

    type: Literal["pagerduty"]
    connection: ConnectionId = Field(
        default="pagerduty_events_default",
        description=f"{_CONNECTION} of type pagerduty_events.",
    )
    severity: Literal["info", "warning", "error", "critical"] = Field(
        default="error", description="How grave it is."
    )


class LogChannel(Channel):
    """The log of the task that sends."""

    type: Literal["log"]
    events: EventTypes = Field(default=(), description=_EVENTS)


class KafkaChannel(Channel):
    """A topic of Kafka."""

    type: Literal["kafka"]
    topic: Topic = Field(description="Where events are written to.")
    connection: ConnectionId = Field(
        default="kafka_default", description=f"{_CONNECTION} of type kafka."
    )
    events: EventTypes = Field(default=EVENT_TYPES, description=_EVENTS)

    @property
    def for_people(self) -> bool:
        return False


class PubsubChannel(Channel):
    """A topic of Google Pub/Sub."""

    type: Literal["pubsub"]
    topic: Topic = Field(description="Where events are written to, without its project.")
    project: ProjectId | None = Field(
        default=None, description="Project of the topic. Default: that of the connection."
    )
    connection: ConnectionId = Field(
        default="google_cloud_default",
        description=f"{_CONNECTION} of type google_cloud_platform.",
    )
    events: EventTypes = Field(default=EVENT_TYPES, description=_EVENTS)

    @property
    def for_people(self) -> bool:
        return False


class ForAll(MappingModel):
    """What ``_all.yaml`` may say."""

    notify: Notify = Field(description="For all mappings that have no notify of their own.")


MODELS: Mapping[str, type[Channel]] = {
    "email": EmailChannel,
    "slack": SlackChannel,
    "webhook": WebhookChannel,
    "pagerduty": PagerdutyChannel,
    "log": LogChannel,
    "kafka": KafkaChannel,
    "pubsub": PubsubChannel,
}
"""The model of each type."""

BUILT_IN: tuple[Channel, ...] = tuple(
    MODELS[name].model_validate({"name": name, "type": name})
    for name in ("email", "slack", "webhook", "log")
)
"""Channels that are there without a document, with Airflow's default connections."""
