"""The command `events`: what is in the outbox, and sending what is left there."""

from __future__ import annotations

from typing import Any

from airflow_landing_loader.cli import session
from airflow_landing_loader.cli.grid import Grid
from airflow_landing_loader.cli.terminal import Screen, when
from airflow_landing_loader.config.channels.channel_set import ChannelSet
from airflow_landing_loader.events.publishing import publish
from airflow_landing_loader.loading.ledger.events import instant
from airflow_landing_loader.loading.operations import EventRecord
from airflow_landing_loader.loading.warehouses.opening import open_warehouse
from airflow_landing_loader.safe_text import counted
from airflow_landing_loader.storage.opening import open_zones

_PATIENCE = 3600.0
"""Seconds; a person who asks for it waits."""


def show_events(out: Screen, *, limit: int, as_json: bool) -> bool:
    """Write what has not been sent; whether there is nothing.

    :param limit: of so many, the oldest.
    :raises LandingError: settings are wrong, or the warehouse cannot be asked.
    """
    settings = session.read_settings()
    channels = session.channels_of(settings)
    pending = open_warehouse(settings, open_zones(settings)).pending_events(None, (), limit)
    if as_json:
        out.json({"pending": [_fields(record, channels) for record in pending]})
        return not pending
    out.grid(
        Grid(
            title="Not sent yet",
            headers=("occurred (UTC)", "channel", "type", "table", "event", "why it may wait"),
            rows=tuple(
                (
                    when(record.occurred_at),
                    record.channel,
                    record.event_type,
                    record.table_name,
                    record.event_id,
                    _trouble(record.channel, channels),
                )
                for record in pending
            ),
            empty="everything has been sent",
        )
    )
    return not pending


def publish_events(out: Screen, *, as_json: bool) -> bool:
    """Send what is in the outbox, of all tables; whether every channel took what is for it.

    :raises LandingError: settings are wrong, or the warehouse cannot be asked.
    """
    # Imported here: the connections of the channels are Airflow's, which nothing else here needs.
    from airflow_landing_loader.notifications.targets import target_of

    settings = session.read_settings()
    warehouse = open_warehouse(settings, open_zones(settings))
    channels = session.channels_of(settings)
    published = publish(
        warehouse,
        target_of(channels),
        None,
        is_wanted=channels.is_wanted,
        patience=_PATIENCE,
    )
    if as_json:
        stuck = [{"channel": each.channel, "why": each.why} for each in published.stuck]
        out.json({"sent": published.sent, "stuck": stuck})
        return not published.stuck
    out.line(f"{counted(published.sent, 'message')} or events sent")
    for each in published.stuck:
        out.line(f"channel {each.channel} did not take all: {each.why}", "red")
    return not published.stuck


def _fields(record: EventRecord, channels: ChannelSet) -> dict[str, Any]:
    return {
        "event_id": record.event_id,
        "channel": record.channel,
        "event_type": record.event_type,
        "occurred_at": instant(record.occurred_at),
        "table_name": record.table_name,
        "load_id": record.load_id,
        "dag_id": record.dag_id,
        "run_id": record.run_id,
        "trouble": _trouble(record.channel, channels),
    }


def _trouble(name: str, channels: ChannelSet) -> str:
    """What keeps a channel from taking anything, as far as its document tells."""
    if name in channels.broken:
        return "its document is broken"
    channel = channels.get(name)
    if channel is None:
        return "there is no such channel"
    return channel.lacks or ""
