"""Channels as Airflow reaches them: by its connections, hooks and notifiers."""
