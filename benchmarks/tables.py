"""The figures of a report as Markdown tables, by name of the place that the page has for them."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence

from cases import BASELINES, OURS, OURS_AIRFLOW
from results import CaseResult, Report, TablesPoint

NAMES = {
    "duckdb": "bare DuckDB, rows in order",
    "duckdb-unordered": "bare DuckDB, order not kept",
    "polars": "bare Polars to DuckDB",
    "seed": "Polars to Arrow to DuckDB, file by file",
    "dlt": "dlt, fastest",
    "dlt-default": "dlt, `read_csv`",
    OURS: "**this project**",
    OURS_AIRFLOW: "**this project, in Airflow**",
    "duckdb-parquet": "bare DuckDB",
    "polars-parquet": "bare Polars",
    "landing-loader-parquet": "**this project**",
}
_MB = 1e6


def of(report: Report) -> dict[str, str]:
    """All tables for which something was measured."""
    made = {"machine": _machine(report)} if report.day else {}
    if report.cases:
        made["summary"] = _summary(report)
    made |= {name: _case(case) for name, case in report.cases.items()}
    if costs := _costs(report):
        made["costs"] = costs
    if report.parquet:
        made["parquet"] = _case(report.parquet, process=True)
    made |= {f"stages-{name}": _stages(found) for name, found in report.stages.items()}
    made |= {name: table(report) for name, table in _TABLES.items() if getattr(report, name)}
    if report.latency:
        made["latency"] = _latency(report.latency)
    return made


def _machine(report: Report) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in report.versions.items())
    return (
        f"Measured on {report.day}: {report.cores} cores, {report.memory_bytes / 2**30:.0f} GiB of"
        f" memory; {versions}."
    )


def _summary(report: Report) -> str:
    rows = []
    for case in report.cases.values():
        if OURS not in case.paths:
            continue
        ours = case.paths[OURS]
        beside_dlt = ours.speed_beside(case.paths["dlt"]) if "dlt" in case.paths else None
        rows.append(
            (
                case.title,
                f"{ours.median:.1f}",
                f"{case.size / _MB / ours.median:,.0f}",
                f"{case.files / ours.median:,.0f}" if case.files > 1 else "",
                f"**{case.speed(OURS):.2f}**",
                f"{beside_dlt:.1f}" if beside_dlt else "",
                f"{ours.peak / _MB:,.0f} MB",
            )
        )
    head = ("case", "seconds", "MB/s", "files/s", "bare DuckDB = 1", "dlt = 1", "peak memory")
    return _table(head, rows)


def _case(case: CaseResult, *, process: bool = False) -> str:
    what = f"{case.files:,} files" if case.files > 1 else "One file"
    intro = f"{what}, {case.size / 1e9:.2f} GB, {case.rows:,} rows, {case.columns} columns.\n\n"
    rows = []
    for path, found in case.paths.items():
        baseline = " (the baseline)" if path == case.baseline else ""
        row = [
            NAMES[path] + baseline,
            f"{found.median:.1f}",
            f"{min(found.seconds):.1f} to {max(found.seconds):.1f}",
            f"{case.size / _MB / found.median:,.0f}",
            f"{case.speed(path):.2f}",
            f"{found.peak / _MB:,.0f} MB",
        ]
        if process:
            row.insert(-1, f"{statistics.median(found.process_seconds):.1f}")
        rows.append(row)
    head = ["path", "seconds", "range", "MB/s", "speed ratio", "peak memory"]
    if process:
        head.insert(-1, "process, s")
    return intro + _table(head, rows)


def _costs(report: Report) -> str:
    rows = []
    for name in ("trailer", "totals", "drift", "quality"):
        for path in (OURS, *BASELINES):
            if (cost := report.cost(name, path)) is not None:
                rows.append((report.cases[name].title, NAMES[path], f"{cost:+.0%}"))
    return _table(("case", "path", "seconds beside the plain file"), rows) if rows else ""


def _broken(report: Report) -> str:
    paths = list(next(iter(report.broken.values())))
    rows = [(what, *(found[path] for path in paths)) for what, found in report.broken.items()]
    return _table(("input", *(NAMES[path] for path in paths)), rows)


def _overview(report: Report) -> str:
    rows = [(point.what, f"{point.seconds * 1000:,.0f}") for point in report.overview]
    return _table(("step", "milliseconds"), rows)


def _memory(report: Report) -> str:
    rows = [
        (f"{p.size / 1e9:.2f} GB", f"{p.seconds:.1f}", f"{p.peak_bytes / _MB:,.0f} MB")
        for p in report.memory
    ]
    return _table(("file", "seconds", "peak memory"), rows)


def _stages(seconds: dict[str, float]) -> str:
    whole = sum(seconds.values())
    rows = [
        (stage, f"{took:.2f}", f"{took / whole:.0%}")
        for stage, took in sorted(seconds.items(), key=lambda item: -item[1])
    ]
    return _table(("stage", "seconds", "share"), rows)


def _parse(report: Report) -> str:
    whats = {
        "all": "all DAGs",
        "one": "one DAG, as a worker does",
        "bare": "all DAGs, of Airflow's own operators",
    }
    rows = [
        (
            f"{point.mappings:,}",
            whats[point.what],
            f"{point.importing * 1000:,.0f}",
            f"{point.building * 1000:,.0f}",
            f"{point.cpu * 1000:,.0f}",
        )
        for point in report.parse
    ]
    head = ("mappings", "what", "importing this project, ms", "reading and building, ms", "CPU, ms")
    return _table(head, rows)


def _many_tables(report: Report) -> str:
    rows = [
        (
            f"{point.tables:,}{_kind(point)}",
            "first" if point.delivery == 1 else "second",
            f"{point.seconds:.1f}",
            f"{point.tables / point.seconds:,.0f}",
            f"{point.tables / point.bare_seconds:,.0f}",
            f"**{point.bare_seconds / point.seconds:.2f}**",
            f"{point.peak_bytes / _MB:,.0f} MB",
        )
        for point in report.tables
    ]
    return _table(
        (
            "tables",
            "delivery",
            "seconds",
            "files/s",
            "bare DuckDB's",
            "speed beside it",
            "peak memory",
        ),
        rows,
    )


def _kind(point: TablesPoint) -> str:
    if point.parts:
        return ", a day in each name"
    return ", a bad record in each file" if point.rejects else ""


def _sets(report: Report) -> str:
    plain = report.sets["none"]
    rows = [
        (
            kind,
            f"{found.files:,}",
            f"{statistics.median(found.seconds):.1f}",
            f"{found.files / statistics.median(found.seconds):,.0f}",
            f"{statistics.median(found.cpu_seconds):.1f}",
            f"**{_ratio(found.cpu_seconds, plain.cpu_seconds):.2f}**",
            f"{found.peak_bytes / _MB:,.0f} MB",
        )
        for kind, found in report.sets.items()
    ]
    head = ("go files", "files", "seconds", "files/s", "CPU, s", "CPU, none = 1", "peak memory")
    return _table(head, rows)


def _ratio(own: Sequence[float], others: Sequence[float]) -> float:
    """The median of the ratios by rounds."""
    return statistics.median(a / b for a, b in zip(own, others, strict=True))


def _strange(report: Report) -> str:
    rows = [
        (
            f"{point.files:,} {point.kind}" if point.files else "none",
            f"{point.seconds:.1f}",
            f"{point.peak_bytes / _MB:,.0f} MB",
        )
        for point in report.strange
    ]
    return _table(("strange files beside it", "seconds of the run", "peak memory"), rows)


def _latency(found: Mapping[str, Sequence[float]]) -> str:
    return _table(
        ("an idle scheduler sleeps", "files", "median, s", "fastest, s", "slowest, s"),
        [
            (
                sleep,
                len(seconds),
                f"{statistics.median(seconds):.1f}",
                f"{min(seconds):.1f}",
                f"{max(seconds):.1f}",
            )
            for sleep, seconds in found.items()
        ],
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table; the first column is text, the others are figures."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


_TABLES: dict[str, Callable[[Report], str]] = {
    "broken": _broken,
    "memory": _memory,
    "parse": _parse,
    "tables": _many_tables,
    "sets": _sets,
    "strange": _strange,
    "overview": _overview,
}
"""By the part of a report that they show."""
