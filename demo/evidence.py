"""What became of the samples, read from the zones, the warehouse and Airflow, and whether it is
what had to become of them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb

from airflow_api import AirflowApi
from airflow_home import Playground
from airflow_landing_loader.landing.moves.sidecar import ENDING, Sidecar, read_sidecar
from airflow_landing_loader.storage.local.folder import LocalFolder
from deliveries import Sample

DBT_PREFIX = "dbt"
# Models by the raw table that decides how many rows each must have.
MODELS = {
    "stg_instruments": "raw_instruments",
    "stg_eod_prices": "raw_eod_prices",
    "stg_positions": "raw_positions",
    "stg_trades": "raw_trades",
    "position_values": "raw_positions",
}

_DBT_LINE = re.compile(r"\b\d+ of \d+ (?P<word>OK|PASS|WARN|FAIL|ERROR|SKIP)\b(?P<what>[^\[]*)\[")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True, kw_only=True)
class FileFinding:
    """What became of one sample.

    :param fate: as in :class:`deliveries.Expectation`; ``nothing`` if it is nowhere.
    :param why: code and place of a refusal, or what is worth knowing of a load.
    :param where: path of the data file now.
    :param problems: in what it differs from what had to become of it.
    """

    sample: Sample
    fate: str
    rows: int | None = None
    why: str = ""
    where: Path | None = None
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class TableFinding:
    """One raw table at the end.

    :param drift: columns that wait in ``_extra``.
    """

    name: str
    rows: int
    loads: int
    drift: tuple[str, ...]
    problems: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class DbtFinding:
    """One dbt model or test.

    :param result: dbt's word for the last time it ran.
    :param rows: of a model.
    """

    name: str
    kind: str
    result: str
    rows: int | None
    problems: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Everything that the summary shows.

    :param other_problems: what is wrong beside single files, tables and models.
    """

    files: tuple[FileFinding, ...]
    tables: tuple[TableFinding, ...]
    dbt: tuple[DbtFinding, ...]
    other_problems: tuple[str, ...]

    @property
    def problems(self) -> list[str]:
        """In what the run differs from what it had to be, one line each."""
        files = [problem for finding in self.files for problem in finding.problems]
        tables = [problem for finding in self.tables for problem in finding.problems]
        dbt = [problem for finding in self.dbt for problem in finding.problems]
        return [*files, *tables, *dbt, *self.other_problems]


@dataclass(frozen=True, kw_only=True)
class DbtLine:
    """What dbt said of one node in a task's log."""

    name: str
    kind: str
    result: str


def gather(
    playground: Playground,
    samples: Sequence[Sample],
    dbt_lines: Sequence[DbtLine],
    other_problems: Sequence[str],
) -> Evidence:
    """Read zones and warehouse. Nothing may be writing any more.

    :param dbt_lines: from :func:`read_dbt_lines`, oldest first.
    :param other_problems: what was seen before.
    """
    failed = LocalFolder(str(playground.failed))
    sidecars = [read_sidecar(failed, name) for name in failed.names() if name.endswith(ENDING)]
    with duckdb.connect(str(playground.database), read_only=True) as warehouse:
        files = tuple(_file(sample, playground, sidecars, warehouse) for sample in samples)
        tables = tuple(_table(name, samples, warehouse) for name in tables_of(samples))
        dbt = tuple(_dbt(dbt_lines, samples, warehouse))
    strays = [f"{p} belongs to no sample" for p in _strays(playground, samples)]
    return Evidence(files=files, tables=tables, dbt=dbt, other_problems=(*other_problems, *strays))


def read_dbt_lines(api: AirflowApi, dag_ids: Iterable[str]) -> tuple[list[DbtLine], list[str]]:
    """What dbt said in the logs of all its tasks, and which of these tasks failed."""
    lines: list[DbtLine] = []
    failed: list[str] = []
    for dag_id in dag_ids:
        for run in api.runs(dag_id):
            for task in api.tasks(run):
                if not task.task_id.startswith(DBT_PREFIX) or task.state in (None, "skipped"):
                    continue
                if task.state == "success":
                    lines += parse_dbt_log(api.log(task))
                elif task.state == "failed":
                    failed.append(f"{dag_id}: {task.task_id} failed in run {run.run_id}")
    return lines, failed


def parse_dbt_log(log: str) -> list[DbtLine]:
    """The results in a dbt log, from lines such as ``2 of 3 PASS unique_x ... [PASS in 1s]``."""
    found = _DBT_LINE.finditer(_COLOUR.sub("", log))
    results = []
    for match in found:
        words = match["what"].rstrip(" .").split()
        kind = "model" if "model" in words else "test"
        if words:
            name = words[-1].rpartition(".")[2]
            results.append(DbtLine(name=name, kind=kind, result=match["word"]))
    return results


def tables_of(samples: Sequence[Sample]) -> list[str]:
    """The raw tables that samples feed, by name."""
    return sorted({sample.table for sample in samples if sample.table})


def expected_rows(table: str, samples: Sequence[Sample], *, newest: bool = False) -> int:
    """Rows that a raw table must have.

    :param newest: without those that a later delivery of the same name restates.
    """
    rows = {
        (sample.name, 0 if newest else number): sample.expect.rows
        for number, sample in enumerate(samples)
        if sample.table == table
    }
    return sum(rows.values())


def _file(
    sample: Sample, playground: Playground, sidecars: Sequence[Sidecar], warehouse: Any
) -> FileFinding:
    if sample.content is None or (playground.landing / sample.name).exists():
        finding = _still_in_landing(sample, playground)
    else:
        digest = hashlib.sha256(sample.content).hexdigest()
        refused = [s for s in sidecars if s.data_name == sample.name and s.sha256 in (digest, None)]
        finding = _loaded(sample, digest, playground, warehouse) or (
            _refused(sample, refused[0], playground)
            if refused
            else FileFinding(sample=sample, fate="nothing")
        )
    wanted = sample.expect.fate
    if finding.fate == wanted:
        return finding
    problem = f"{sample.name}: {finding.fate} instead of {wanted} {finding.why}".rstrip()
    return replace(finding, problems=(problem,))


def _still_in_landing(sample: Sample, playground: Playground) -> FileFinding:
    shown = next(iter(sample.files()))
    changed = [
        f"{name} was changed or moved"
        for name, content in sample.files().items()
        if _content(playground.landing / name) != content
    ]
    return FileFinding(
        sample=sample,
        fate="stays",
        why=sample.story,
        where=playground.landing / shown,
        problems=tuple(changed),
    )


def _loaded(
    sample: Sample, digest: str, playground: Playground, warehouse: Any
) -> FileFinding | None:
    loads = warehouse.execute(
        "SELECT load_id, row_count, drift_columns, restates_load_id, archive_uri"
        " FROM load_metadata WHERE filename = ? AND sha256 = ? ORDER BY sequence",
        [sample.name, digest],
    ).fetchall()
    if not loads:
        return None
    load_id, rows, drift, restates, archive_uri = loads[0]
    in_table = warehouse.execute(
        f"SELECT count(*) FROM {sample.table} WHERE _load_id = ?", [load_id]
    ).fetchall()[0][0]
    expect, where = sample.expect, Path(archive_uri)
    checks = {
        f"loaded {len(loads)} times": len(loads) == 1,
        f"{rows} rows instead of {expect.rows}": rows == expect.rows,
        f"{in_table} rows in the table instead of {rows}": in_table == rows,
        f"drift {drift} instead of {expect.drift}": tuple(drift) == expect.drift,
        f"restates {restates}": (restates is not None) == expect.restates,
        f"{where} is not what was delivered": _content(where) == sample.content,
        "its go file is not in the archive": _has_go_file(sample, playground.archive),
    }
    notes = [f"new column {', '.join(drift)} kept in _extra"] if drift else []
    notes += [f"restates load {restates[:8]}"] if restates else []
    return FileFinding(
        sample=sample,
        fate="loaded",
        rows=rows,
        why="; ".join(notes),
        where=where,
        problems=tuple(f"{sample.name}: {text}" for text, good in checks.items() if not good),
    )


def _refused(sample: Sample, sidecar: Sidecar, playground: Playground) -> FileFinding:
    expect, error = sample.expect, sidecar.error
    where = playground.failed / (sidecar.stored_data or sample.name)
    checks = {
        f"code {error.code} instead of {expect.code}": error.code == expect.code,
        f"line {error.line} instead of {expect.line}": expect.line in (None, error.line),
        f"{where} is not what was delivered": _content(where) == sample.content,
        "its go file is not in the failed zone": _has_go_file(sample, playground.failed),
    }
    line = f" line {error.line}" if error.line else ""
    return FileFinding(
        sample=sample,
        fate="failed",
        rows=0,
        why=f"{error.code}{line}: {error.message}",
        where=where,
        problems=tuple(f"{sample.name}: {text}" for text, good in checks.items() if not good),
    )


def _table(name: str, samples: Sequence[Sample], warehouse: Any) -> TableFinding:
    if not _exists(name, warehouse):
        return TableFinding(
            name=name, rows=0, loads=0, drift=(), problems=(f"there is no table {name}",)
        )
    rows, loads = warehouse.execute(
        f"SELECT count(*), count(DISTINCT _load_id) FROM {name}"
    ).fetchall()[0]
    drift = warehouse.execute(
        f"SELECT DISTINCT unnest(json_keys(_extra)) AS key FROM {name} ORDER BY key"
    ).fetchall()
    wanted = expected_rows(name, samples)
    problems = () if rows == wanted else (f"{name} has {rows} rows instead of {wanted}",)
    return TableFinding(
        name=name,
        rows=rows,
        loads=loads,
        drift=tuple(row[0] for row in drift),
        problems=problems,
    )


def _dbt(
    lines: Sequence[DbtLine], samples: Sequence[Sample], warehouse: Any
) -> Iterable[DbtFinding]:
    newest = {line.name: line for line in lines}
    for name in MODELS:
        newest.setdefault(name, DbtLine(name=name, kind="model", result="never run"))
    for line in sorted(newest.values(), key=lambda each: (each.kind, each.name)):
        problems = []
        if line.result not in ("OK", "PASS"):
            problems.append(f"dbt {line.kind} {line.name}: {line.result}")
        rows = None
        if line.name in MODELS and _exists(line.name, warehouse):
            rows = warehouse.execute(f"SELECT count(*) FROM {line.name}").fetchall()[0][0]
            wanted = expected_rows(MODELS[line.name], samples, newest=True)
            if rows != wanted:
                problems.append(f"{line.name} has {rows} rows instead of {wanted}")
        yield DbtFinding(
            name=line.name, kind=line.kind, result=line.result, rows=rows, problems=tuple(problems)
        )


def _exists(name: str, warehouse: Any) -> bool:
    found = warehouse.execute(
        "SELECT count(*) FROM information_schema.tables WHERE table_name = ?", [name]
    ).fetchall()
    return bool(found[0][0])


def _has_go_file(sample: Sample, zone: Path) -> bool:
    """Whether its go file lies there; under a suffix if the name was taken."""
    if sample.go_name is None:
        return True
    stem = Path(sample.go_name).stem
    found = [path for path in zone.iterdir() if path.name.startswith(stem)]
    return any(_content(path) == sample.go_content for path in found)


def _strays(playground: Playground, samples: Sequence[Sample]) -> list[Path]:
    """Files in the zones whose content nobody delivered, and half-done moves."""
    contents = {content for sample in samples for content in sample.files().values()}
    zones = (playground.landing, playground.archive, playground.failed)
    files = [path for zone in zones for path in sorted(zone.rglob("*")) if path.is_file()]
    return [
        path
        for path in files
        if not path.name.endswith(".error.json")
        # The loader's own work folder in a zone, with its lock file.
        and ".landing-loader" not in path.parts
        and (path.name.startswith(".") or _content(path) not in contents)
    ]


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None
