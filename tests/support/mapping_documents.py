"""Mapping documents that use every key, and values at and behind the edges of each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from airflow_landing_loader.config.mapping.explain import NOT_WRITTEN
from airflow_landing_loader.config.mapping.model import RESERVED_KEYS, TableMapping
from airflow_landing_loader.config.yaml.nodes import plain
from airflow_landing_loader.config.yaml.parser import parse
from tests.support.mappings import EVERY_KEY

INCLUDE = Path(__file__).parents[2] / "include/config"
EXAMPLES = sorted((INCLUDE / "tables").rglob("*.yaml"))

MORE: dict[str, dict[str, Any]] = {
    "names of a header": {
        "x_*.csv": {
            "table": "raw_x",
            "csv": {
                "repeated_header": "skip",
                "rename": {"": "filler", "#3": "c"},
                "columns": ["a", "filler", "c"],
            },
        },
    },
    "named parts": {
        "x_{day:%Y%m%d}_{region}-{n:0d}.csv": {
            "table": "raw_x",
            "identity": {"key": ["day", "region", "n"]},
            "add_columns": {"day": "{day}", "where from": "{region}"},
            "archive_layout": "{table}/{day}/{region}",
            "sequence": {"part": "n", "on_gap": "report", "by": ["region"], "start": 1},
            "expect": {
                "by": "23:00",
                "calendar": "US-NY",
                "files": {"region": ["EU", "US"]},
                "date_part": "day",
                "due": "next_day",
            },
        }
    },
    "partitions by a named part": {
        "x_{day:%Y%m%d}.csv": {
            "table": "raw_x",
            "add_columns": {"day": "{day}"},
            "types": {"day": "DATE"},
            "bigquery": {"partition_by": "month", "partition_column": "day"},
        }
    },
    "by content": {"x_{n:0d}.csv": {"table": "raw_x", "identity": "content"}},
    "lines above and below": {
        "x_*.csv": {
            "table": "raw_x",
            "csv": {
                "data_start": {"line": "START"},
                "data_end": {"match": "^END$"},
                "skip_lines": "--",
            },
            "trailer": {
                "match": r"^T\|(?P<count>\d+)\|(?P<sum>.*)$",
                "totals": {"amount": {"sum_at": "sum"}},
                "count_includes": ["header"],
            },
        },
        "y_*.csv": {"table": "raw_y", "csv": {"footer_rows": 2}, "on_bad_row": "fail"},
    },
    "every key, csv go file": {"x_*.csv": EVERY_KEY},
    "what an export for Excel holds": {
        "x_*.csv": {
            "table": "raw_x",
            "csv": {
                "delimiter": ";",
                "quote": '"',
                "trailing_delimiter": "ignore",
                "blank_around_quotes": True,
                "excel_formulas": True,
                "comments": "#",
                "mixed_line_ends": True,
            },
        },
    },
    "a dump of Postgres": {
        "x_*.tsv": {
            "table": "raw_x",
            "csv": {"delimiter": "\t", "quote": "", "escape_sequences": "postgres"},
        },
    },
    "a file of Spark": {"x_*.csv": {"table": "raw_x", "csv": {"escape_sequences": "spark"}}},
    "a detected dialect": {"x_*.csv": {"table": "raw_x", "csv": "auto"}},
    "a dialect detected in part": {
        "x_*.csv": {"table": "raw_x", "csv": {"auto": True, "quote": "'", "header": True}}
    },
    "a count in the name": {
        "x_{rows:06d}_*.csv": {
            "table": "raw_x",
            "name_count": {"part": "rows", "count_includes": ["header"]},
            "csv": {"footer_rows": 1},
            "on_bad_row": "reject",
        }
    },
    "a number in the go file": {
        "x_{region}_*.csv": {
            "table": "raw_x",
            "go_file": {
                "pattern": "x_{region}_*.go",
                "format": "csv",
                "row_count": 2,
                "sequence_number": "batch",
            },
            "sequence": {"by": ["region"], "on_gap": "report"},
            "identity": {"key": ["region", "sequence_number"]},
        }
    },
    "properties with a status, tag off": {
        "y_*.csv": {
            "table": "raw_y",
            "go_file": {
                "pattern": "y_*.go",
                "format": "properties",
                "row_count_key": "n",
                "status_key": "s",
                "status_ok": ["SUCCESS"],
            },
            "trailer": {"row_count_column": 2, "tag": False},
            "csv": {"quote": "", "delimiter": "|", "header": True, "encoding": "UTF8"},
            "schedule": "@hourly",
        }
    },
}

GO_FILES: dict[str, dict[str, Any]] = {
    "presence": {},
    "properties": {"row_count": "n", "status": "s", "status_ok": ["0"], "checksum": "md5"},
    "csv": {
        "encoding": "UTF16",
        "delimiter": "|",
        "header": True,
        "checksum": "hash",
        "size": 3,
        "business_date": "day",
    },
    "csv, nothing but a status": {"header": False, "status": 2},
    "json": {
        "encoding": "ascii",
        "row_count": "$.files[*].rows",
        "status": "$['state of it'][0]",
        "size": '$["bytes"]',
        "business_date": "$",
        "count_includes": ["header"],
    },
    "checksum": {"encoding": "latin-1"},
    "csv, names by position": {"header": False, "lists_files": 1},
    "csv, names by their kind": {"lists_files": {"column": "file"}, "row_count": "rows"},
    "json, names": {"lists_files": "$.files[*].name"},
    "json, names by their kind": {"lists_files": {"path": "$[*]"}},
    "checksum, names": {"lists_files": True},
}
MORE |= {
    f"go file: {name}": {
        "z_*.csv": {
            "table": "raw_z",
            "go_file": {"pattern": "z_*.go", "format": name.partition(",")[0], **keys},
        }
    }
    for name, keys in GO_FILES.items()
}

TYPES: list[Any] = [None, True, False, 0, 1, 1.0, 1.5, "", "a", [], ["a"], [1], {}, {"a": 1}]

VALUES: dict[str, list[Any]] = {
    "table": [
        "a b",
        "1a",
        "a.b",
        "a.b.c",
        "raw\n",
        "LOAD_metadata",
        "x.load_rejects",
        "Temp.x",
        "_a",
        "a" * 128,
        "a" * 129,
    ],
    "pattern": ["x_*.tmp", ".x_*", "..", "a/b", "/x_*.go", "x_*_*.go", "x_*.g?[o]", "x" * 256],
    "exclude": [["*.tmp"], [".."], ["a/b"], ["x_*.csv"], ["a", "a"]],
    "format": ["csv", "properties", "CSV", "presence", "json", "checksum"],
    "row_count": ["$", "$.a[*]", "$..a", "$.a[01]", "$['a\\']", 'a"b', "$.ä-1", "x" * 256],
    "row_count_column": [0, -1, 2.0, 10_000, 10_001, "x" * 255, "x" * 256],
    "status_column": [0, 3.0, "x" * 256],
    "row_count_key": ["x" * 256],
    "status_ok": [["SUCCESS"], ["OK", ""], ["x" * 256]],
    "count_includes": [["header"], ["trailer"], ["header", "header"], ["footer"]],
    "tag": ["no", "x" * 256],
    "delimiter": [
        "=",
        "\\",
        '"',
        "'",
        ",",
        "\\t",
        "\n",
        "||||",
        "|||||",
        "¬",
        "¬¬",
        "|¬",
        "\x7f",
        "\u2028",
    ],
    "quote": ["'", "''", " ", "«", "|"],
    "escape": ["\\", "'", "|", " ", "«", "''"],
    "encoding": ["utf-8", "UTF-16LE", "iso8859_15", "Latin9", "utf-7", "utf-8\n", "cp-1252"],
    "header": ["true"],
    "columns": [["a", "A"], ["_a"], [" _a"], [" "], ["a", None]],
    "skip_rows": [-1, 10_000, 10_001],
    "footer_rows": [0, 1, 100, 101],
    "data_end": ["x" * 255, "x" * 256],
    "line": ["x" * 255, "x" * 256],
    "match": ["x", "(?P<count>x)", "(a", "(?=a)", r"\A", "x" * 1000, "x" * 1001],
    "trailing_delimiter": ["refuse", "allow"],
    "comments": ["--", ",", '"', "\\", "x" * 10, "x" * 11, "a\n", "\x1a"],
    "escape_sequences": ["mysql", "postgres", "spark", "MySQL"],
    "null_values": [["", "a"], ["x" * 256]],
    "max_rejected": [0.999, -0.1],
    "settle_seconds": [86_400, 86_401, -1],
    "grace_seconds": [604_800, 604_801],
    "max_record_bytes": [1024**3, 1024**3 + 1, 10**30],
    "max_record_lines": [1_000_000, 1_000_001],
    "max_expansion": [1, 0.5, 1_000_000, 1_000_001],
    "free_expansion_bytes": [0, -1, 1024**4, 1024**4 + 1],
    "archive_layout": ["{table}/{mm}", "{tabel}", "a/../b", "/a", "a/", "a//b", "x" * 256, "é\n"],
    "schedule": [
        "@daily",
        "continuous",
        "@yearly",
        "60 * * * *",
        "0 0 30 2 *",
        "* * * * *\n",
        "*/5 1,2 l jan-FEB sun",
        "* " * 60,
    ],
    "workers": [256, 257, 2.0],
    "retries": [100, 101, -1],
    "tags": [["x" * 100], ["x" * 101]],
    "owner": ["x" * 255, "x" * 256],
    "description": ["x" * 1000, "x" * 1001],
    "compression": ["auto", "none", "bzip2", "bz2"],
    "on_bad_row": ["reject", "Fail"],
    "on_duplicate": ["load", "append"],
    "on_redelivery": ["append", "skip"],
    "identity": ["name", "hash"],
    "on_gap": ["wait", "hold"],
    "start": [0, -1, 10**18, 10**18 - 1],
    "by": ["00:00", "24:00", "7:00", "07:00\n"],
    "until": ["07:00", "23:59", "12:60"],
    "min": [0, -1, 11, 2.0],
    "timezone": ["UTC", "America/Argentina/Ushuaia", "../UTC", "x" * 101],
    "days": ["mon", "fri-mon", "mon, tue", "Mon", "mon-", "monday", ""],
    "calendar": ["GB", "gb", "GB-SCT", "G", [], ["2024-02-29"], ["2023-02-29x"], [1]],
    "files": [1, 0, -1, 2.0, "1", "1..", "2..4", "..4", {"a": ["x"]}, {}, {"region": []}],
    "change": ["50%", "50", "0.5%", "-1%"],
    "due": ["next_day", "tomorrow"],
    "date_part": ["day", ""],
    "on_failed_file": ["fail_run", "fail"],
    "partition_by": ["hour", "DAY", "week"],
    "partition_column": ["a", "_load_id", " "],
    "cluster_by": [["a", "_load_id"], ["a b"], ["1a"], ["a\n"], ["a", "b", "c", "d", "e"]],
    "location": ["europe-west3", "eu/west", "x" * 41],
    "commit": ["transaction", "none"],
    "labels": [{"a": ""}, {"A": "b"}, {"a": "B"}, {"a": 1}, {"1": "b"}, {"a": "x" * 64}],
}
"""Values at and behind the edges, by key; each key gets all of TYPES too."""

NAMES = ["tabel", "Table", "x", "", "origin", "pattern", "<<", ".x", "a/b", *RESERVED_KEYS]
NAMES += [name for name in TableMapping.model_fields if name not in NOT_WRITTEN]
FEW_NAMES = ["tabel", "Table", "origin", "format", "dag"]


def example(path: Path) -> Any:
    node = parse(path.read_text())
    assert node is not None
    return plain(node)


DOCUMENTS: dict[str, Any] = {path.stem: example(path) for path in EXAMPLES} | MORE
