"""A whole Airflow in a folder of its own: zones, database, logs, and its four components.

Nothing of it is shared with another Airflow of the person: environment variables that configure
Airflow, dbt or the loader are not handed on.
"""

from __future__ import annotations

import base64
import contextlib
import fcntl
import json
import os
import re
import secrets
import shlex
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from processes import Processes, raise_if_interrupted, undisturbed

REPOSITORY = Path(__file__).resolve().parents[1]
HOST = "127.0.0.1"
# Tasks talk to the api server: nothing may be scheduled before it answers.
SERVERS = {"api-server": ("api-server",), "dag-processor": ("dag-processor",)}
# Logs are read from disk: no log servers, which would listen on every interface.
WORKERS = {
    "scheduler": ("scheduler", "--skip-serve-logs"),
    "triggerer": ("triggerer", "--skip-serve-logs"),
}

_AIRFLOW = (sys.executable, "-m", "airflow")
_FOREIGN = re.compile(
    "AIRFLOW_|DBT_|(LANDING|ARCHIVE|FAILED|TABLE_CONFIG|DUCKDB)_PATH$|LOADER_|GCP_PROJECT$"
    "|BQ_DATASET$|STAGING_BUCKET$"
)


class StartError(Exception):
    """Airflow did not start; the text says which part and where its log lies."""


class StillRunningError(Exception):
    """Something could not be stopped; the text says which processes."""


@dataclass(frozen=True)
class Playground:
    """The folders of one private Airflow.

    :param root: absolute; everything lies below it.
    """

    root: Path

    @property
    def landing(self) -> Path:
        """Where files arrive."""
        return self.root / "landing"

    @property
    def archive(self) -> Path:
        """Where loaded files are kept."""
        return self.root / "archive"

    @property
    def failed(self) -> Path:
        """Where refused files are kept."""
        return self.root / "failed"

    @property
    def database(self) -> Path:
        """The DuckDB database."""
        return self.root / "warehouse.duckdb"

    @property
    def dbt(self) -> Path:
        """A copy of the dbt project: dbt writes into its project's folder."""
        return self.root / "dbt"

    @property
    def home(self) -> Path:
        """``AIRFLOW_HOME``."""
        return self.root / "airflow"

    @property
    def logs(self) -> Path:
        """Logs of the components; Airflow's task logs lie in ``home/logs``."""
        return self.root / "logs"

    @property
    def wrapper(self) -> Path:
        """``with landing-loader status`` runs that program on these folders; so for ``airflow``."""
        return self.root / "with"

    @property
    def _reservation(self) -> Path:
        return self.root / "reserved.lock"

    @contextlib.contextmanager
    def reserved(self) -> Iterator[None]:
        """Keep others away from these folders.

        :raises BlockingIOError: another one has reserved them.
        :raises StartError: the folder holds something, and it is not from an earlier start.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        if not self._reservation.exists() and any(self.root.iterdir()):
            raise StartError(f"{self.root} is not empty; its files might be somebody's own.")
        with self._reservation.open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield

    def create(self, *, wipe: bool) -> None:
        """Make the folders and the copy of the dbt project.

        :param wipe: remove first what an earlier run left.
        """
        if wipe:
            for path in self.root.glob("*"):
                if path.is_dir():
                    shutil.rmtree(path)
                elif path != self._reservation:
                    path.unlink()
        for folder in (self.landing, self.archive, self.failed, self.home, self.logs):
            folder.mkdir(parents=True, exist_ok=True)
        shutil.copytree(
            REPOSITORY / "include" / "dbt",
            self.dbt,
            dirs_exist_ok=True,
            ignore=shutil.ignore_patterns("target", "logs", ".user.yml"),
        )

    def configuration(self) -> dict[str, str]:
        """The loader's settings as environment variables."""
        return {
            "AIRFLOW_HOME": str(self.home),
            "AIRFLOW__LANDING_LOADER__LANDING_PATH": str(self.landing),
            "AIRFLOW__LANDING_LOADER__ARCHIVE_PATH": str(self.archive),
            "AIRFLOW__LANDING_LOADER__FAILED_PATH": str(self.failed),
            "AIRFLOW__LANDING_LOADER__DUCKDB_PATH": str(self.database),
            "AIRFLOW__LANDING_LOADER__TABLE_CONFIG_PATH": str(
                REPOSITORY / "include" / "config" / "tables"
            ),
            "AIRFLOW__LANDING_LOADER__DBT_PROJECT_PATH": str(self.dbt),
            "AIRFLOW__LANDING_LOADER__POLL_INTERVAL": "1",
            "DUCKDB_PATH": str(self.database),
        }


class PrivateAirflow:
    """Airflow's scheduler, triggerer, dag processor and api server on one playground.

    :param playground: its folders; :meth:`Playground.create` has been called.
    :param port: of the api server on 127.0.0.1.
    :param prefix: path that all addresses of the api server begin with, such as ``/team-a``.
    :param options: more environment variables, such as ``AIRFLOW__SCHEDULER__...``.
    """

    def __init__(
        self,
        playground: Playground,
        *,
        port: int,
        prefix: str = "",
        options: Mapping[str, str] | None = None,
    ) -> None:
        self.playground = playground
        self.url = f"http://{HOST}:{port}{prefix}"
        self.processes = Processes()
        self._preparation: list[str] = []
        self._environment = {
            **_own_environment(),
            **playground.configuration(),
            **_airflow_options(playground, port, self.url),
            **(options or {}),
        }

    def begin_preparing(self, *, dbt: bool = True) -> None:
        """Start making Airflow's database and dbt's manifest, both at once.

        :param dbt: whether a manifest is needed.
        """
        self._write_wrapper()
        self._prepare("database", _AIRFLOW, "db", "migrate")
        if dbt:
            # Profile and target are named as Cosmos names them, or its first dbt command of each
            # table could not go on from this parse.
            parse = [_program("dbt"), "parse", "--profile", "landing", "--target", "duckdb"]
            folder = str(self.playground.dbt)
            self._prepare("dbt-parse", parse, "--project-dir", folder, "--profiles-dir", folder)

    def preparing(self) -> str:
        """What of :meth:`begin_preparing` is going on still.

        :raises StartError: one part of it failed.
        """
        ended = self.processes.ended()
        for name in self._preparation:
            if ended.get(name):
                raise StartError(_died(name, ended[name], self.playground.logs))
        return ", ".join(name for name in self._preparation if name not in ended)

    def start_servers(self, names: Sequence[str] = tuple(SERVERS)) -> None:
        """Start the api server and the dag processor; they are not ready yet.

        :param names: which of :data:`SERVERS`.
        """
        for name in names:
            self._start(name, _AIRFLOW, *SERVERS[name])

    def start_workers(self) -> None:
        """Start the scheduler and the triggerer; they are not ready yet."""
        for name, arguments in WORKERS.items():
            self._start(name, _AIRFLOW, *arguments)

    def check(self) -> None:
        """See that all components live, and that nobody has asked to stop.

        :raises Interrupted: a signal came.
        :raises StartError: one has ended.
        """
        raise_if_interrupted()
        for name, code in self.processes.ended().items():
            if name in SERVERS or name in WORKERS:
                raise StartError(_died(name, code, self.playground.logs))

    def stop(self) -> None:
        """Stop everything that was started, and whatever that has started.

        :raises StillRunningError: not everything could be stopped.
        """
        with undisturbed():
            left = self.processes.stop()
        if left:
            raise StillRunningError(f"These processes could not be stopped: {left}")

    def run(self, *arguments: str, timeout: float = 60.0) -> subprocess.CompletedProcess[str]:
        """Run a program of the virtual environment with this Airflow's configuration.

        :param arguments: its name, such as ``landing-loader``, and its arguments.
        :param timeout: seconds.
        """
        return subprocess.run(
            [_program(arguments[0]), *arguments[1:]],
            env=self._environment,
            cwd=self.playground.root,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def _write_wrapper(self) -> None:
        names = sorted(n for n in self._environment if n.startswith(("AIRFLOW_", "DUCKDB_")))
        exports = [f"export {name}={shlex.quote(self._environment[name])}" for name in names]
        programs = shlex.quote(str(Path(sys.executable).parent))
        lines = ["#!/bin/sh", *exports, f'PATH={programs}:"$PATH" exec "$@"']
        wrapper = self.playground.wrapper
        _write_private(wrapper, "\n".join([*lines, ""]))
        wrapper.chmod(0o700)

    def _prepare(self, name: str, program: Sequence[str], *arguments: str) -> None:
        self._preparation.append(name)
        self._start(name, program, *arguments)

    def _start(self, name: str, program: Sequence[str], *arguments: str) -> None:
        self.processes.start(
            name,
            [*program, *arguments],
            environment=self._environment,
            log=self.playground.logs / f"{name}.log",
            folder=self.playground.root,
        )


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def is_free(port: int) -> bool:
    """Whether somebody could listen on this port of 127.0.0.1 now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def _program(name: str) -> str:
    """A program of the virtual environment that runs us."""
    return str(Path(sys.executable).with_name(name))


def _own_environment() -> dict[str, str]:
    """The person's environment without what configures another Airflow, dbt or loader."""
    kept = {key: value for key, value in os.environ.items() if not _FOREIGN.match(key)}
    # The components talk to each other over 127.0.0.1, never through a proxy.
    for name in ("no_proxy", "NO_PROXY"):
        kept[name] = ",".join(filter(None, [kept.get(name), HOST, "localhost"]))
    kept["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), kept.get("PATH", "")])
    return kept


def _airflow_options(playground: Playground, port: int, url: str) -> dict[str, str]:
    keys = _secrets(playground.home / "secrets.json")
    return {
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{playground.home / 'airflow.db'}",
        "AIRFLOW__CORE__DAGS_FOLDER": str(REPOSITORY / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        # Importing Cosmos takes a second or two, and many times that on a busy machine.
        "AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT": "120",
        "AIRFLOW__DAG_PROCESSOR__DAG_FILE_PROCESSOR_TIMEOUT": "150",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
        "AIRFLOW__CORE__FERNET_KEY": keys["fernet_key"],
        "AIRFLOW__API__HOST": HOST,
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__BASE_URL": url,
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API__SECRET_KEY": keys["secret_key"],
        "AIRFLOW__API_AUTH__JWT_SECRET": keys["jwt_secret"],
        # A finished task holds its slot until the next heartbeat; the default is 5 s.
        "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(playground.home / "logs"),
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "AIRFLOW__COSMOS__ENABLE_TELEMETRY": "False",
        "AIRFLOW__COSMOS__CACHE_DIR": str(playground.home / "cosmos"),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "False",
        "DO_NOT_TRACK": "1",
    }


def _secrets(path: Path) -> dict[str, str]:
    """What the components share; kept, so that a kept Airflow can read its own database."""
    if path.exists():
        kept: dict[str, str] = json.loads(path.read_text())
        return kept
    made = {
        "fernet_key": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "secret_key": secrets.token_hex(32),
        "jwt_secret": secrets.token_hex(32),
    }
    _write_private(path, json.dumps(made))
    return made


def _write_private(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text)


def _died(name: str, code: int, logs: Path) -> str:
    log = logs / f"{name}.log"
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    tail = "\n".join(f"    {line}" for line in lines[-15:])
    return f"{name} ended with code {code}. The end of {log}:\n{tail}"
