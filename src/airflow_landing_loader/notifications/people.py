"""Messages by Airflow's notifiers: mail, Slack, PagerDuty.

``notify`` is called and not the notifier itself, which would take what stands in a message for a
template: a file's name may hold one.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

from airflow_landing_loader.config.channels.model import (
    EmailChannel,
    PagerdutyChannel,
    SlackChannel,
)
from airflow_landing_loader.events.message import MAX_TITLE, Message, message_in
from airflow_landing_loader.events.publishing import one_by_one
from airflow_landing_loader.loading.operations import EventRecord
from airflow_landing_loader.notifications.trouble import as_not_sent
from airflow_landing_loader.safe_text import printable

_PROVIDER = "apache-airflow-providers-{}"
_CONTEXT: Any = {}  # nothing is taken from it


class EmailTarget:
    """Mail by Airflow's SMTP connection; a repeated one has the same ``Message-ID``."""

    def __init__(self, channel: EmailChannel) -> None:
        self._channel = channel

    def send(self, records: Sequence[EventRecord]) -> None:
        """Send each as one mail."""
        one_by_one(records, self._send)

    def _send(self, record: EventRecord) -> None:
        with as_not_sent(_PROVIDER.format("smtp")):
            from airflow.providers.smtp.notifications.smtp import SmtpNotifier

            message = message_in(record)
            SmtpNotifier(
                to=list(self._channel.to),
                from_email=self._channel.sender,
                subject=printable(message.title, MAX_TITLE),
                html_content=_as_html(message),
                smtp_conn_id=self._channel.connection,
                custom_headers={"Message-ID": f"<{record.event_id}@landing-loader>"},
            ).notify(_CONTEXT)


class SlackTarget:
    """A message in Slack, by its API or by an incoming webhook."""

    def __init__(self, channel: SlackChannel) -> None:
        self._channel = channel

    def send(self, records: Sequence[EventRecord]) -> None:
        """Send each as one message."""
        one_by_one(records, self._send)

    def _send(self, record: EventRecord) -> None:
        with as_not_sent(_PROVIDER.format("slack")):
            text = _for_slack(message_in(record))
            if self._channel.channel is None:
                from airflow.providers.slack.notifications.slack_webhook import (
                    SlackWebhookNotifier,
                )

                SlackWebhookNotifier(slack_webhook_conn_id=self._channel.conn_id, text=text).notify(
                    _CONTEXT
                )
                return
            from airflow.providers.slack.notifications.slack import SlackNotifier

            SlackNotifier(
                slack_conn_id=self._channel.conn_id, text=text, channel=self._channel.channel
            ).notify(_CONTEXT)


class PagerdutyTarget:
    """An incident in PagerDuty; a repeated one is the same incident."""

    def __init__(self, channel: PagerdutyChannel) -> None:
        self._channel = channel

    def send(self, records: Sequence[EventRecord]) -> None:
        """Trigger one incident for each."""
        one_by_one(records, self._send)

    def _send(self, record: EventRecord) -> None:
        with as_not_sent(_PROVIDER.format("pagerduty")):
            from airflow.providers.pagerduty.notifications.pagerduty import PagerdutyNotifier

            message = message_in(record)
            PagerdutyNotifier(
                summary=printable(message.title, MAX_TITLE),
                severity=self._channel.severity,
                source="landing-loader",
                dedup_key=record.event_id,
                component=record.table_name,
                custom_details=message.text(),
                links=[{"href": link.url, "text": link.text} for link in message.links],
                pagerduty_events_conn_id=self._channel.connection,
            ).notify(_CONTEXT)


def _as_html(message: Message) -> str:
    parts = [f"<h3>{html.escape(message.title)}</h3>"]
    for section in message.sections:
        lines = "".join(f"<li>{html.escape(line)}</li>" for line in section.lines)
        parts.append(f"<p>{html.escape(section.heading)}:</p><ul>{lines}</ul>")
    parts += (
        f'<p><a href="{html.escape(link.url)}">{html.escape(link.text)}</a></p>'
        for link in message.links
    )
    return "\n".join(parts)


def _for_slack(message: Message) -> str:
    """The message as Slack reads it: what has a meaning there is escaped, a mention too."""
    text = f"{message.title}\n\n{message.text()}"
    return html.escape(text, quote=False)
