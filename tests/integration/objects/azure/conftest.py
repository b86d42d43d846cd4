"""A container, as the loader reaches it."""

from __future__ import annotations

import pytest
from tests.support.emulators.buckets import AzureBucket

from airflow_landing_loader.clients import DefaultClients
from airflow_landing_loader.storage.objects.azure import AzureStore


@pytest.fixture
def store(azure_bucket: AzureBucket) -> AzureStore:
    """The store of ``azure_bucket``."""
    return AzureStore(azure_bucket.container.container_name, DefaultClients())
