"""What our emulator adds to the one it starts: without it the other tests here prove nothing."""

from __future__ import annotations

import pytest
from google.api_core.exceptions import NotFound, PreconditionFailed
from tests.support.emulators.buckets import GcsBucket


def test_a_create_only_write_does_not_replace(gcs_bucket: GcsBucket) -> None:
    blob = gcs_bucket.bucket.blob("a")
    blob.upload_from_string(b"1", if_generation_match=0)
    with pytest.raises(PreconditionFailed):
        gcs_bucket.bucket.blob("a").upload_from_string(b"2", if_generation_match=0)
    assert gcs_bucket.bucket.blob("a").download_as_bytes() == b"1"


def test_copies_and_deletes_keep_to_generations(gcs_bucket: GcsBucket) -> None:
    first = gcs_bucket.bucket.blob("a")
    first.upload_from_string(b"1")
    old = first.generation
    gcs_bucket.bucket.blob("a").upload_from_string(b"2")
    with pytest.raises(PreconditionFailed):
        gcs_bucket.bucket.blob("b").rewrite(
            gcs_bucket.bucket.blob("a"), if_source_generation_match=old
        )
    with pytest.raises(NotFound):
        gcs_bucket.bucket.blob("b").rewrite(gcs_bucket.bucket.blob("a", generation=old))
    with pytest.raises(NotFound):
        gcs_bucket.bucket.blob("a", generation=old).download_as_bytes()
    with pytest.raises(PreconditionFailed):
        gcs_bucket.bucket.blob("a").delete(if_generation_match=old)
    gcs_bucket.bucket.blob("b").rewrite(gcs_bucket.bucket.blob("a"), if_generation_match=0)
    with pytest.raises(PreconditionFailed):
        gcs_bucket.bucket.blob("b").rewrite(gcs_bucket.bucket.blob("a"), if_generation_match=0)


def test_listings_come_in_pages(gcs_bucket: GcsBucket) -> None:
    for number in range(5):
        gcs_bucket.bucket.blob(f"n{number}").upload_from_string(b"")
    pages = list(gcs_bucket.bucket.list_blobs(page_size=2).pages)
    assert [[blob.name for blob in page] for page in pages] == [["n0", "n1"], ["n2", "n3"], ["n4"]]


def test_a_rewrite_takes_its_metadata(gcs_bucket: GcsBucket) -> None:
    source = gcs_bucket.bucket.blob("a")
    source.metadata = {"from": "source"}
    source.upload_from_string(b"1")
    target = gcs_bucket.bucket.blob("b")
    target.metadata = {"from": "rewrite"}
    target.rewrite(source)
    assert gcs_bucket.bucket.get_blob("b").metadata == {"from": "rewrite"}
