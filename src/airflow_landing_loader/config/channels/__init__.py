"""Channels: where messages for people and events for programs go."""
