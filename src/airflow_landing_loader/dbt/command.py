"""dbt after loads, for the command line: one dbt process for all tables that are due.

Free of Airflow. What the generated DAGs do with one Airflow task per dbt node happens here in one
``dbt build``; the same is selected, the same has to wait, the same lock is held.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from airflow_landing_loader.clients import Clients
from airflow_landing_loader.dbt.child import Request
from airflow_landing_loader.dbt.manifest import Relation, load_manifest, waiting_text
from airflow_landing_loader.dbt.project import DbtProject, how_to_mend, read_project
from airflow_landing_loader.dbt.results import DbtNodeResult, read_results
from airflow_landing_loader.exceptions import (
    ConfigurationError,
    ErrorCode,
    ErrorDetail,
    TransientError,
)
from airflow_landing_loader.loading.warehouses.duckdb.lock import DatabaseLock
from airflow_landing_loader.loading.warehouses.opening import open_warehouse
from airflow_landing_loader.settings import Settings
from airflow_landing_loader.storage.opening import open_zones

OnLine = Callable[[str], None]

_LOCKED = re.compile(r"Could not set lock on file|Conflicting lock is held")
_REQUEST = "request.json"
_PARTIAL_PARSE = "partial_parse.msgpack"
_SECONDS_TO_END = 10.0
_LINES_KEPT = 8
_NAMES_SHOWN = 10


@dataclass(frozen=True, kw_only=True)
class DbtResult:
    """What became of one dbt run.

    :param nodes: in the order dbt finished them, then those that wait.
    :param error: ``DBT_FAILED`` and what failed; ``None`` if nothing did.
    """

    nodes: tuple[DbtNodeResult, ...]
    error: ErrorDetail | None = None

    @property
    def ok(self) -> bool:
        """Whether nothing failed. What waits has not failed."""
        return self.error is None


def run_dbt(
    settings: Settings, tables: Sequence[str], *, on_line: OnLine | None = None
) -> DbtResult:
    """Build and test everything below these raw tables, holding the database alone meanwhile.

    If it is left by an exception, of a signal handler for instance, dbt is ended first. If this
    process is killed, the database stays locked until dbt has ended.

    :param tables: raw tables as the mappings name them, ``table`` or ``schema.table``.
    :param on_line: told each line that dbt prints, and whom it waits for.
    :return: what became of each node; a failure of dbt is in it, not raised.
    :raises ConfigurationError: ``DBT_NOT_INSTALLED``; ``SETTINGS_MISSING`` or
        ``SETTINGS_BAD_VALUE`` if there is no usable project.
    :raises TransientError: ``WAREHOUSE_LOCKED`` if the database was held longer than
        ``lock_timeout``; ``WAREHOUSE_UNAVAILABLE`` if it cannot be used; ``DBT_FAILED`` if nothing
        can be written for dbt.
    """
    require_dbt()
    project = read_project(settings)
    existing = relations(settings, on_wait=on_line)
    purpose = f"dbt for {', '.join(tables)}"
    with (
        _scratch_with(
            lambda folder: _request(project, folder, tables, settings.dbt_source, existing)
        ) as (folder, request),
        turn(settings, purpose, on_wait=on_line) as keep_open,
    ):
        command = ["-m", "airflow_landing_loader.dbt.child", str(folder / _REQUEST)]
        ended = _run(command, settings, project, keep_open=keep_open, on_line=on_line)
        return _result(folder, request, ended, lambda n: how_to_mend(settings, project, n))


@contextmanager
def _scratch_with(make: Callable[[Path], Request]) -> Iterator[tuple[Path, Request]]:
    """A temporary folder in which a request is written."""
    with ExitStack() as stack:
        try:
            made = tempfile.TemporaryDirectory(prefix="landing-loader-dbt-")
            folder = Path(stack.enter_context(made))
            request = make(folder)
            request.write(folder / _REQUEST)
        except OSError as error:
            raise TransientError(
                ErrorCode.DBT_FAILED,
                f"no temporary folder can be written for dbt: {error.strerror}",
                hint="Free space in the folder for temporary files, or set TMPDIR to another one;"
                " the loads are not concerned, and dbt is tried again.",
            ) from error
        yield folder, request


def write_manifest(settings: Settings, *, on_line: OnLine | None = None) -> Path:
    """Write the manifest that the generated DAGs are made from, as ``dbt parse`` does.

    It takes the place of the earlier one in one step, so that nobody reads half of it.

    :param on_line: told each line that dbt prints.
    :return: where it lies.
    :raises ConfigurationError: as :func:`run_dbt`; ``DBT_FAILED`` if dbt refuses the project.
    """
    require_dbt()
    project = read_project(settings)
    folder = project.manifest_path.parent
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".parse-", dir=folder) as scratch:
        command = ["-m", "dbt.cli.main", "parse", *_arguments(project, Path(scratch))]
        ended = _run(command, settings, project, on_line=on_line)
        if ended.code != 0:
            raise ConfigurationError(
                ErrorCode.DBT_FAILED,
                f"dbt does not accept the project {project.path}: {ended.tail}",
                hint="Mend the project until `dbt parse` accepts it.",
            )
        for name in (_PARTIAL_PARSE, "manifest.json"):
            Path(scratch, name).replace(folder / name)
    return project.manifest_path


def require_dbt() -> None:
    """Say so if dbt is not installed.

    :raises ConfigurationError: ``DBT_NOT_INSTALLED``.
    """
    with suppress(ModuleNotFoundError):
        if importlib.util.find_spec("dbt.cli") is not None:
            return
    raise ConfigurationError(
        ErrorCode.DBT_NOT_INSTALLED,
        f"dbt is not installed for {sys.executable}",
        hint="`pip install 'airflow-provider-landing-loader[dbt]'`, or set dbt_mode = off.",
    )


@contextmanager
def turn(
    settings: Settings, purpose: str, *, on_wait: OnLine | None = None
) -> Iterator[tuple[int, ...]]:
    """Hold the warehouse for dbt, where it takes one writer only.

    :param purpose: shown to whoever waits meanwhile.
    :return: file descriptors that a child process has to inherit, so that it keeps its turn.
    :raises TransientError: ``WAREHOUSE_LOCKED``, the database was held longer than
        ``lock_timeout``.
    """
    if not settings.capabilities.single_writer:
        yield ()
        return
    lock = DatabaseLock(Path(settings.duckdb_path))
    with lock.exclusive(purpose, timeout=settings.lock_timeout, on_wait=on_wait) as descriptor:
        yield (descriptor,)


def relations(
    settings: Settings, *, clients: Clients | None = None, on_wait: OnLine | None = None
) -> frozenset[Relation]:
    """Tables and views of the warehouse, as (schema, name), case-folded; none without a database.

    :param clients: for BigQuery; application default credentials unless given.
    :raises TransientError: a writer held the database longer than ``lock_timeout``.
    """
    zones = open_zones(settings, clients)
    return open_warehouse(settings, zones, clients=clients, on_wait=on_wait).relations()


def lock_conflict(text: str) -> TransientError | None:
    """The transient error for dbt's words, if they say that somebody else has the database open."""
    if not _LOCKED.search(text):
        return None
    return TransientError(
        ErrorCode.WAREHOUSE_LOCKED,
        "dbt could not open the database, because another program has it open",
        hint="Close it there, for instance in the DuckDB command line; dbt is tried again.",
    )


@dataclass(frozen=True, kw_only=True)
class _Ended:
    code: int
    tail: str


def _request(
    project: DbtProject,
    folder: Path,
    tables: Sequence[str],
    source: str,
    existing: frozenset[Relation],
) -> Request:
    with suppress(OSError):  # dbt checks whether it still fits; without it, it reads all files
        shutil.copy(project.manifest_path.with_name(_PARTIAL_PARSE), folder)
    return Request(
        arguments=_arguments(project, folder),
        manifest_path=str(folder / "manifest.json"),
        tables=tuple(tables),
        source=source,
        existing=tuple(sorted(existing)),
    )


def _arguments(project: DbtProject, folder: Path) -> tuple[str, ...]:
    """Target and log folders of its own: runs at the same time would mix up their files."""
    return (
        *("--project-dir", str(project.path)),
        *("--profiles-dir", str(project.profiles_path)),
        *("--profile", project.profile, "--target", project.target),
        *("--target-path", str(folder), "--log-path", str(folder)),
        *("--no-use-colors", "--log-format", "text"),
    )


def _run(
    command: Sequence[str],
    settings: Settings,
    project: DbtProject,
    *,
    keep_open: tuple[int, ...] = (),
    on_line: OnLine | None,
) -> _Ended:
    """Run Python with this command line; whatever happens, it has ended when this returns."""
    tail: deque[str] = deque(maxlen=_LINES_KEPT)
    process = subprocess.Popen(
        [sys.executable, *command],
        cwd=project.path,
        env={**os.environ, **settings.dbt_environment(), "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,  # Ctrl-C in a terminal is for us; we end dbt
        pass_fds=keep_open,
    )
    try:
        assert process.stdout is not None
        for line in process.stdout:
            text = line.rstrip()
            tail.append(text)
            if on_line is not None:
                on_line(text)
        code = process.wait()
    finally:
        _end(process)
    return _Ended(code=code, tail=" / ".join(line for line in tail if line))


def _end(process: subprocess.Popen[str]) -> None:
    if process.stdout is not None:
        process.stdout.close()
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is not None:
            return
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=_SECONDS_TO_END)


def _result(
    folder: Path, request: Request, ended: _Ended, hint: Callable[[Sequence[str]], str]
) -> DbtResult:
    ran = read_results(folder)
    nodes = (*ran, *_waiting(request))
    failed = [node for node in ran if node.status == "failed"]
    if ended.code == 0 and not failed:
        return DbtResult(nodes=nodes)
    conflict = lock_conflict("\n".join([ended.tail, *(node.message for node in failed)]))
    if conflict is not None:
        raise conflict
    names = [node.name for node in failed]
    return DbtResult(nodes=nodes, error=_failure(names, ended, hint(names)))


def _waiting(request: Request) -> tuple[DbtNodeResult, ...]:
    """What the child left out, worked out once more from the same facts."""
    path = Path(request.manifest_path)
    if not path.exists():
        return ()
    manifest = load_manifest(path)
    return tuple(
        DbtNodeResult(
            unique_id=unique_id,
            name=manifest.nodes[unique_id].name,
            kind=manifest.nodes[unique_id].kind,
            status="waiting",
            message=waiting_text(missing),
            seconds=0.0,
        )
        for unique_id, missing in request.waiting(manifest).items()
    )


def _failure(failed: Sequence[str], ended: _Ended, hint: str) -> ErrorDetail:
    if failed:
        names = ", ".join(failed[:_NAMES_SHOWN])
        more = f" and {len(failed) - _NAMES_SHOWN} more" if len(failed) > _NAMES_SHOWN else ""
        message = f"dbt failed in {names}{more}"
    elif ended.code < 0:
        message = f"dbt was ended by signal {-ended.code}"
    else:
        message = f"dbt built nothing: {ended.tail}"
    return ErrorDetail(
        code=ErrorCode.DBT_FAILED.value,
        message=message,
        hint=hint,
    )
