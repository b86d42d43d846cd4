"""Listings: only what is needed, in pages, in bounded memory."""

from __future__ import annotations

import copy
import time
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from azure.storage.blob import BlobProperties
from urllib3.connectionpool import HTTPConnectionPool

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.landing.discovery.discover import discover
from airflow_landing_loader.storage.objects.azure import AzureStore
from airflow_landing_loader.storage.objects.gcs import GcsStore
from airflow_landing_loader.storage.objects.s3 import S3Store
from airflow_landing_loader.storage.objects.zone import ObjectZone

MIB = 1024 * 1024


def test_a_page_of_a_thousand_is_one_request(
    cloud: Any, zones: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: cloud.deliver(f"a_{n:04}.csv", "id\n1\n"), range(1_500)))
    asked: list[str] = []

    def noted(pool: Any, method: str, url: str, *arguments: Any, **keys: Any) -> Any:
        asked.append(f"{method} {url}")
        return send(pool, method, url, *arguments, **keys)

    send = HTTPConnectionPool.urlopen  # by which the clients of all three talk
    monkeypatch.setattr(HTTPConnectionPool, "urlopen", noted)
    assert len(zones.landing.list()) == 1_500
    assert len(asked) == 2, asked


def test_a_poll_lists_what_begins_like_the_patterns(cloud: Any, zones: Any) -> None:
    cloud.deliver("trades_us_1.csv", "id\n1\n")
    cloud.deliver("trades_eu_1.csv", "id\n1\n")
    cloud.deliver("orders_1.csv", "id\n1\n")
    mappings = [
        TableMapping(pattern="trades_us_*.csv", table="us", settle_seconds=0),
        TableMapping(pattern="trades_eu_*.csv", table="eu", settle_seconds=0),
    ]
    narrow = discover(zones.landing, mappings, now=time.time(), only_matching=True)
    wide = discover(zones.landing, mappings, now=time.time())
    assert [d.data.name for d in narrow.ready] == ["trades_eu_1.csv", "trades_us_1.csv"]
    assert narrow.ready == wide.ready
    assert narrow.unmatched == ()
    assert list(wide.unmatched) == ["orders_1.csv"]


@dataclass(frozen=True)
class FakeBlob:
    """What the store reads of a listed object."""

    name: str
    size: int = 10
    updated: datetime = datetime(2024, 1, 15, tzinfo=UTC)
    generation: int = 1
    crc32c: str = "AAAAAA=="
    metadata: None = None


class FakeListing:
    """Pages of as many objects as no emulator holds."""

    def __init__(self, count: int, page_size: int) -> None:
        self.pages: Iterator[list[FakeBlob]] = (
            [FakeBlob(f"in/other_{n:06}.csv") for n in range(at, min(at + page_size, count))]
            for at in range(0, count, page_size)
        )


class FakeGoogle:
    """A client that lists a hundred thousand objects."""

    def storage(self) -> Any:
        return self

    def list_blobs(self, _: str, *, page_size: int, **__: Any) -> FakeListing:
        self.size = page_size
        return FakeListing(100_000, page_size)


class FakeAws:
    """A client that lists a hundred thousand objects."""

    def s3(self) -> Any:
        return self

    def get_paginator(self, _: str) -> Any:
        return self

    def paginate(self, *, PaginationConfig: dict[str, int], **_: Any) -> Any:  # noqa: N803
        self.size = PaginationConfig["PageSize"]
        return (
            {"Contents": [self.entry(number) for number in range(at, at + self.size)]}
            for at in range(0, 100_000, self.size)
        )

    def entry(self, number: int) -> dict[str, Any]:
        key, written = f"in/other_{number:06}.csv", datetime(2024, 1, 15, tzinfo=UTC)
        return {"Key": key, "Size": 10, "ETag": f'"{number:032x}"', "LastModified": written}


class FakeAzure:
    """A client that lists a hundred thousand objects."""

    any = BlobProperties(
        **{"Content-Length": 10, "Last-Modified": datetime(2024, 1, 15, tzinfo=UTC)}
    )

    def azure(self) -> Any:
        return self

    def get_container_client(self, _: str) -> Any:
        return self

    def walk_blobs(self, *, results_per_page: int, **_: Any) -> Any:
        self.size = results_per_page
        return self

    def by_page(self) -> Any:
        return (
            [self.entry(number) for number in range(at, at + self.size)]
            for at in range(0, 100_000, self.size)
        )

    def entry(self, number: int) -> BlobProperties:
        blob = copy.copy(self.any)
        blob.name, blob.etag = f"in/other_{number:06}.csv", f"0x{number:X}"
        return blob


@pytest.mark.parametrize(
    ("kind", "client"),
    [(GcsStore, FakeGoogle()), (S3Store, FakeAws()), (AzureStore, FakeAzure())],
    ids=["gcs", "s3", "azure"],
)
def test_a_hundred_thousand_objects_of_others(kind: Any, client: Any) -> None:
    zone = ObjectZone(kind("bucket", client), "in")
    mapping = TableMapping(pattern="mine_*.csv", table="mine")
    tracemalloc.start()
    found = discover(zone, [mapping], now=time.time())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(found.unmatched) == 100_000
    assert client.size == 1_000
    assert peak < 150 * MIB
