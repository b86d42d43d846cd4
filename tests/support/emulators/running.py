"""Emulators as processes of a test session: started on free ports, stopped by their own id."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ENVIRONMENT = HERE.parents[2] / ".venv-emulators"
_START_SECONDS = 60.0


@dataclass(frozen=True)
class Gcs:
    """A running GCS emulator: its address, and the folder of its objects."""

    url: str
    root: Path


@dataclass(frozen=True)
class BigQuery:
    """A running BigQuery emulator; its load jobs read what the GCS emulator stores."""

    url: str
    project: str
    gcs: Gcs


@contextmanager
def gcs(folder: Path) -> Iterator[Gcs]:
    """Run the GCS emulator; its files lie in ``folder``."""
    port = _free_port()
    command = ["gcs.py", "-d", str(folder), "start", "--host", "127.0.0.1", "--port", str(port)]
    with _running(command, port, folder / "gcs.log", {}):
        yield Gcs(url=f"http://127.0.0.1:{port}", root=folder / ".cloudstorage")


@dataclass(frozen=True)
class S3:
    """A running S3 emulator: its address."""

    url: str

    @property
    def environ(self) -> dict[str, str]:
        """Variables by which ``boto3`` finds it, and nothing of this machine's own settings."""
        return {
            "AWS_ENDPOINT_URL_S3": self.url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }


@contextmanager
def s3(folder: Path, *ignoring: str) -> Iterator[S3]:
    """Run the S3 emulator.

    :param folder: where its log lies.
    :param ignoring: conditions that it shall ignore, as other servers of the protocol do; see
        ``s3.py``.
    """
    port = _free_port()
    with _running(["s3.py", str(port), *ignoring], port, folder / "s3.log", {}):
        yield S3(url=f"http://127.0.0.1:{port}")


# The account and the key that every instance of the emulator has, as its documentation gives them.
_ACCOUNT = "devstoreaccount1"
_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


@dataclass(frozen=True)
class Azure:
    """A running emulator of Azure Blob Storage: its address."""

    url: str

    @property
    def connection_string(self) -> str:
        """What the official client reaches its one account by."""
        return (
            f"DefaultEndpointsProtocol=http;AccountName={_ACCOUNT};AccountKey={_KEY};"
            f"BlobEndpoint={self.url}/{_ACCOUNT};"
        )

    @property
    def environ(self) -> dict[str, str]:
        """Variables by which the command line finds it."""
        return {"AZURE_STORAGE_CONNECTION_STRING": self.connection_string}


@contextmanager
def azure(folder: Path) -> Iterator[Azure]:
    """Run the emulator of Azure Blob Storage; its log lies in ``folder``."""
    port = _free_port()
    with _running(["azurite.py", str(port)], port, folder / "azure.log", {}):
        yield Azure(url=f"http://127.0.0.1:{port}")


@contextmanager
def bigquery(folder: Path, storage: Gcs, *, lake: bool = False) -> Iterator[BigQuery]:
    """Run the BigQuery emulator; its files lie in ``folder``.

    :param lake: whether two transactions at once meet as in the service; slower.
    """
    port, grpc, project = _free_port(), _free_port(), "test-project"
    command = [
        *("bigquery.py", str(ENVIRONMENT / "extensions"), "lake" if lake else "plain"),
        *("--host", "127.0.0.1", "--port", str(port), "--grpc-port", str(grpc)),
        *("--data-dir", str(folder / "bigquery"), "--project", project, "serve"),
    ]
    environ = {"GCS_LOCAL_ROOT": str(storage.root)}
    with _running(command, port, folder / "bigquery.log", environ):
        yield BigQuery(url=f"http://127.0.0.1:{port}", project=project, gcs=storage)


@contextmanager
def _running(
    command: list[str], port: int, log: Path, environ: Mapping[str, str]
) -> Iterator[None]:
    python = ENVIRONMENT / "bin" / "python"
    if not python.exists():
        pytest.fail("the emulators are not installed: run `make .venv-emulators/.ready`")
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as output:
        process = subprocess.Popen(
            [str(python), str(HERE / command[0]), *command[1:]],
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **environ},
            cwd=log.parent,
        )
    try:
        _wait(process, port, log)
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"{sys.argv[0]}: the emulator did not start:\n{log.read_text()[-2000:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
