"""Buckets as senders and people use them: by the official clients, without the loader."""

from __future__ import annotations

import os
import time
from typing import Any, Protocol

import boto3
import pytest
from azure.storage.blob import BlobClient, BlobServiceClient
from google.cloud import storage
from google.cloud.storage import Blob
from google.cloud.storage.exceptions import DataCorruption

from airflow_landing_loader.loading.warehouses.duckdb.kept_summary import ARCHIVE_NAME
from airflow_landing_loader.storage.names import WORK_FOLDER
from airflow_landing_loader.storage.objects import s3 as s3_store
from airflow_landing_loader.storage.objects import s3_parts
from airflow_landing_loader.storage.objects.azure import AzureStore
from airflow_landing_loader.storage.objects.gcs import GcsStore
from airflow_landing_loader.storage.objects.s3 import S3Store


class Bucket(Protocol):
    """A bucket of some store.

    :ivar uri: ``scheme://name``.
    :ivar store: the class of ours that works with it.
    """

    uri: str
    store: type[GcsStore] | type[S3Store] | type[AzureStore]

    def can_be_called(self, name: str) -> bool:
        """Whether the store keeps an object of this name."""
        ...

    def put(self, key: str, content: bytes | str) -> None:
        """Write an object, over an earlier one if there is one."""
        ...

    def put_again(self, key: str, content: bytes | str) -> None:
        """Write an object so that it is another arrival than the one before, even if equal."""
        ...

    def get(self, key: str) -> bytes:
        """An object's bytes."""
        ...

    def keys(self, prefix: str = "") -> list[str]:
        """Keys of the objects, in order."""
        ...

    def clear(self) -> None:
        """Delete all objects."""
        ...

    def destroy(self) -> None:
        """Delete the bucket with everything in it."""
        ...

    def damage_uploads(self, patch: pytest.MonkeyPatch) -> None:
        """Let what is written from now on arrive with another checksum than it was sent with."""
        ...


def lasting(bucket: Bucket, prefix: str = "") -> list[str]:
    """Keys below a prefix, without the copy of the summary that every writer renews."""
    keys = bucket.keys(prefix)
    return [key for key in keys if not key.endswith(f"/{WORK_FOLDER}/{ARCHIVE_NAME}")]


class AnyName:
    """What any name may be given in."""

    def can_be_called(self, name: str) -> bool:
        return True


class GcsBucket(AnyName):
    """A bucket of the GCS emulator; the environment must name it."""

    store = GcsStore

    def __init__(self, name: str) -> None:
        self.uri = f"gs://{name}"
        self.bucket = storage.Client(project="p").create_bucket(name)

    def put(self, key: str, content: bytes | str) -> None:
        self.bucket.blob(key).upload_from_string(content)

    put_again = put

    def get(self, key: str) -> bytes:
        content: bytes = self.bucket.blob(key).download_as_bytes()
        return content

    def keys(self, prefix: str = "") -> list[str]:
        return sorted(blob.name for blob in self.bucket.list_blobs(prefix=prefix))

    def clear(self) -> None:
        for blob in self.bucket.list_blobs():
            blob.delete()

    def destroy(self) -> None:
        self.bucket.delete(force=True)

    def damage_uploads(self, patch: pytest.MonkeyPatch) -> None:
        def damaged(*_: Any, **__: Any) -> None:
            raise DataCorruption(None, "checksum")

        patch.setattr(Blob, "upload_from_file", damaged)


class S3Bucket(AnyName):
    """A bucket of the S3 emulator; the environment must name it."""

    store = S3Store

    def __init__(self, name: str) -> None:
        self.uri = f"s3://{name}"
        self.name = name
        self.client: Any = boto3.session.Session().client("s3")
        self.client.create_bucket(Bucket=name)
        self._written: dict[str, Any] = {}

    def put(self, key: str, content: bytes | str) -> None:
        body = content.encode() if isinstance(content, str) else content
        self.client.put_object(Bucket=self.name, Key=key, Body=body)
        head = self.client.head_object(Bucket=self.name, Key=key)
        self._written[key] = head["LastModified"]

    def put_again(self, key: str, content: bytes | str) -> None:
        before = self._written.get(key)
        self.put(key, content)
        while self._written[key] == before:
            time.sleep(0.05)
            self.put(key, content)

    def get(self, key: str) -> bytes:
        content: bytes = self.client.get_object(Bucket=self.name, Key=key)["Body"].read()
        return content

    def keys(self, prefix: str = "") -> list[str]:
        pages = self.client.get_paginator("list_objects_v2").paginate(
            Bucket=self.name, Prefix=prefix
        )
        return sorted(entry["Key"] for page in pages for entry in page.get("Contents", ()))

    def clear(self) -> None:
        for key in self.keys():
            self.client.delete_object(Bucket=self.name, Key=key)

    def destroy(self) -> None:
        self.clear()
        self.client.delete_bucket(Bucket=self.name)

    def damage_uploads(self, patch: pytest.MonkeyPatch) -> None:
        patch.setattr(s3_store, "sha256", lambda body: s3_parts.sha256(body + b"damage"))


class AzureBucket:
    """A container of the emulator of Azure; the environment must name it."""

    store = AzureStore

    def __init__(self, name: str) -> None:
        self.uri = f"az://{name}"
        service = BlobServiceClient.from_connection_string(
            os.environ["AZURE_STORAGE_CONNECTION_STRING"]
        )
        self.container = service.create_container(name)

    def can_be_called(self, name: str) -> bool:
        return name.isprintable()

    def put(self, key: str, content: bytes | str) -> None:
        self.container.upload_blob(key, content, overwrite=True)

    put_again = put

    def get(self, key: str) -> bytes:
        content: bytes = self.container.download_blob(key).readall()
        return content

    def keys(self, prefix: str = "") -> list[str]:
        return sorted(self.container.list_blob_names(name_starts_with=prefix))

    def clear(self) -> None:
        for key in self.keys():
            self.container.delete_blob(key)

    def destroy(self) -> None:
        self.container.delete_container()

    def damage_uploads(self, patch: pytest.MonkeyPatch) -> None:
        upload = BlobClient.upload_blob

        def damage(request: Any) -> None:
            request.http_request.set_bytes_body(b"x" * len(request.http_request.body))

        def damaged(client: BlobClient, *arguments: Any, **keys: Any) -> Any:
            # The hook runs when the checksum has been taken.
            return upload(client, *arguments, **keys, raw_request_hook=damage)

        patch.setattr(BlobClient, "upload_blob", damaged)
