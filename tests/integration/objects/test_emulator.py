"""What our emulator adds to the one it starts: without it the other tests here prove nothing."""

from __future__ import annotations

from typing import Any

import pytest
from google.api_core.exceptions import NotFound, PreconditionFailed


def test_a_create_only_write_does_not_replace(cloud: Any) -> None:
    blob = cloud.bucket.blob("a")
    blob.upload_from_string(b"1", if_generation_match=0)
    with pytest.raises(PreconditionFailed):
        cloud.bucket.blob("a").upload_from_string(b"2", if_generation_match=0)
    assert cloud.bucket.blob("a").download_as_bytes() == b"1"


def test_copies_and_deletes_keep_to_generations(cloud: Any) -> None:
    first = cloud.bucket.blob("a")
    first.upload_from_string(b"1")
    old = first.generation
    cloud.bucket.blob("a").upload_from_string(b"2")
    with pytest.raises(PreconditionFailed):
        cloud.bucket.blob("b").rewrite(cloud.bucket.blob("a"), if_source_generation_match=old)
    with pytest.raises(NotFound):
        cloud.bucket.blob("b").rewrite(cloud.bucket.blob("a", generation=old))
    with pytest.raises(NotFound):
        cloud.bucket.blob("a", generation=old).download_as_bytes()
    with pytest.raises(PreconditionFailed):
        cloud.bucket.blob("a").delete(if_generation_match=old)
    cloud.bucket.blob("b").rewrite(cloud.bucket.blob("a"), if_generation_match=0)
    with pytest.raises(PreconditionFailed):
        cloud.bucket.blob("b").rewrite(cloud.bucket.blob("a"), if_generation_match=0)


def test_listings_come_in_pages(cloud: Any) -> None:
    for number in range(5):
        cloud.bucket.blob(f"n{number}").upload_from_string(b"")
    pages = list(cloud.bucket.list_blobs(page_size=2).pages)
    assert [[blob.name for blob in page] for page in pages] == [["n0", "n1"], ["n2", "n3"], ["n4"]]


def test_a_rewrite_takes_its_metadata(cloud: Any) -> None:
    source = cloud.bucket.blob("a")
    source.metadata = {"from": "source"}
    source.upload_from_string(b"1")
    target = cloud.bucket.blob("b")
    target.metadata = {"from": "rewrite"}
    target.rewrite(source)
    assert cloud.bucket.get_blob("b").metadata == {"from": "rewrite"}
