"""A table mapping that says something of every key."""

from __future__ import annotations

from typing import Any

EVERY_KEY: dict[str, Any] = {
    "table": "staging.raw_x",
    "ignore_case": True,
    "go_file": {
        "pattern": "x_*.go",
        "format": "csv",
        "row_count_column": "rows",
        "status_column": 3,
        "status_ok": ["OK", "0"],
        "totals": {
            "a": {
                "sum_at": "sum",
                "min_at": 5,
                "max_at": 6,
                "distinct_at": 7,
                "hash_total_at": 8,
                "width": 10,
            }
        },
        "count_includes": ["header", "trailer"],
    },
    "trailer": {
        "row_count_column": 1,
        "tag": "TRL",
        "totals": {"b": 2},
        "count_includes": ["trailer"],
    },
    "header_record": {
        "match": r"^H(?P<count>\d+) (?P<total>.*)$",
        "totals": {"a": "total"},
        "count_includes": ["header"],
    },
    "numbers": {"decimal": ",", "group": ".", "negative": "parentheses"},
    "exclude": ["x_test_*", "*.bak.csv"],
    "csv": {
        "delimiter": "\t",
        "quote": "'",
        "escape": "\\",
        "encoding": "windows-1252",
        "header": False,
        "columns": ["a", "b"],
        "skip_rows": 1,
        "skip_lines": {"match": "^#"},
        "data_end": "END",
        "null_values": ["NA", "-"],
        "row_number": True,
    },
    "add_columns": {"feed": "{{x}}"},
    "types": {"a": "DECIMAL(18,4)"},
    "compression": "zip",
    "on_bad_row": "reject",
    "max_rejected": 0.5,
    "quality": {
        "required": ["a"],
        "types": {"b": "DATE"},
        "unique": ["a", ["a", "b"]],
        "fail_below": 99.5,
    },
    "on_duplicate": "fail",
    "on_redelivery": "replace",
    "identity": {"content": True},
    "settle_seconds": 5,
    "grace_seconds": 0.5,
    "max_record_bytes": 1000,
    "max_record_lines": 1,
    "max_expansion": 50,
    "free_expansion_bytes": 1000,
    "archive_layout": "{table}/{yyyy}",
    "schedule": "0 6 * * MON-FRI",
    "workers": 4,
    "on_failed_file": "continue",
    "dbt": False,
    "dag": {
        "owner": "me",
        "tags": ["t"],
        "retries": 0,
        "description": "d",
        "paused_at_creation": True,
    },
    "bigquery": {
        "partition_by": "day",
        "cluster_by": ["a"],
        "location": "EU",
        "commit": "load_job",
        "labels": {"team": "t"},
    },
}
