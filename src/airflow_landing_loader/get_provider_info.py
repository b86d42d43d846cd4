"""Provider metadata for Airflow; imports nothing of ours, because Airflow reads it while it starts."""

from __future__ import annotations

from typing import Any


def get_provider_info() -> dict[str, Any]:
    """Return the provider's metadata as Airflow's provider schema asks for it."""
    return {
        "package-name": "airflow-provider-landing-loader",
        "name": "Landing Loader",
        "description": "Loads files that land in a folder or bucket, losing nothing.",
    }
