"""Mappings that say any of what can be said, as hypothesis draws them."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from pydantic import ValidationError

from airflow_landing_loader.config.mapping.model import TableMapping

_COUNT = r"(?P<count>\d+)"
_SUM = r"(?P<sum>[0-9.,'()\u2019-]*)"
_HASH = r"(?P<hash>\d+)"
_HASHED = {"hash_total_at": "hash", "width": 3}
_PATTERNS = (
    ("a_*.csv", "a_*.go"),
    ("a_{rows:0d}_*.csv", "a_{rows:0d}_*.go"),
    ("a_{business_date:%Y%m%d}.csv", "a_{business_date:%d-%b-%Y}.go"),
    ("a_{business_date:%Y%m%d}*.csv", "{business_date:%Y%m%d}-*.go"),
    ("{region}-a-{number:04d}.csv", "a-{number:0d}-{region}.go"),
    ("a_{month:%Y-%m}_{region}.csv", "a_{region}_{month:%m%Y}.go"),
)
_ENDINGS = ("", "", "", ".gz", ".zst", ".bz2", ".xz", ".zip")
_GO_FILES: tuple[dict[str, Any], ...] = (
    {"format": "presence"},
    {"format": "checksum"},
    {"format": "properties", "row_count_key": "record count"},
    {"format": "properties", "row_count": "n", "status": "s", "status_ok": ["OK"], "size": "b"},
    {"format": "properties", "checksum": "sum", "business_date": "day"},
    {"format": "csv", "row_count_column": 2},
    {"format": "csv", "row_count": "rows", "checksum": "sha", "delimiter": "|"},
    {"format": "csv", "row_count": 3, "status": 1, "size": 2, "header": True},
    {"format": "json", "row_count": "$.files[*].rows", "size": "$.files[*].bytes"},
    {"format": "csv", "row_count": 2, "sequence_number": 3},
    {"format": "json", "sequence_number": "$.batch", "size": "$.bytes"},
    {"format": "json", "row_count": "$['a b'].n", "status": "$.state", "checksum": "$.x[1].y"},
)
_GO_TOTALS: tuple[dict[str, Any], ...] = (
    {"format": "properties", "row_count": "n", "totals": {"fee": {"sum_at": "sum fee"}}},
    {"format": "properties", "totals": {"fee": "fees", "second": {"distinct_at": "texts"}}},
    {"format": "csv", "row_count": 2, "totals": {"fee": {"min_at": 5, "max_at": 4}}},
    {"format": "csv", "totals": {"first": {"sum_at": "all", "hash_total_at": "hash", "width": 5}}},
    {
        "format": "json",
        "row_count": "$.n",
        "totals": {"fee": "$.sum", "second": {"min_at": "$.at[0]", "max_at": "$.at[1]"}},
    },
)
_SETS: tuple[dict[str, Any], ...] = (
    {"format": "checksum", "lists_files": True},
    {"format": "csv", "lists_files": 2, "row_count": 3, "size": 1},
    {"format": "csv", "lists_files": "file", "checksum": "sha", "delimiter": ";"},
    {"format": "csv", "lists_files": 1, "totals": {"fee": {"sum_at": 2, "distinct_at": 3}}},
    {
        "format": "json",
        "lists_files": "$.files[*].name",
        "row_count": "$.files[*].rows",
        "status": "$.state",
        "totals": {"first": {"hash_total_at": "$.files[*].sums.first"}},
    },
    {"format": "json", "lists_files": "$.file", "size": "$.bytes"},
)
_SET_PATTERNS = ("all_*.ctl", "day-{business_date:%Y%m%d}.ctl", "all_{day:%d%m%Y}_*.ctl")
_NUMBERS: tuple[dict[str, Any], ...] = (
    {},
    {"decimal": ",", "group": ".", "negative": "trailing_minus"},
    {"group": ",", "negative": "parentheses"},
    {"group": "\u2019"},
)
_INCLUDES = st.sampled_from(([], [], ["header"], ["trailer"], ["header", "trailer"]))
_TRAILERS: tuple[dict[str, Any], ...] = (
    {"row_count_column": 1, "tag": "TRL"},
    {"row_count_column": 3, "tag": "T"},
    {"row_count_column": 1},
    {"row_count_column": 1, "tag": False},
    {"match": f"^TOTAL {_COUNT} rows?$"},
    {"match": rf"^\({_COUNT}\s+of [a-z]+\)"},
)
_TRAILER_TOTALS: tuple[dict[str, Any], ...] = (
    {"row_count_column": 2, "tag": "TRL", "totals": {"fee": {"sum_at": 1, "min_at": 4}}},
    {"row_count_column": 1, "totals": {"second": {"hash_total_at": 2, "distinct_at": 3}}},
    {"match": f"^TRL {_COUNT} sum={_SUM}$", "totals": {"first": "sum"}},
    {"match": rf"^Total: {_COUNT}/(?P<whole>\d+)$", "totals": {"fee": "whole"}},
)
_HEADER_RECORDS = ({"match": f"^HDR[|;]{_COUNT}[|;]"}, {"match": f"^Records: {_COUNT}$"})
_HEADER_TOTALS: tuple[dict[str, Any], ...] = (
    {"match": f"^HDR {_COUNT} {_SUM};{_HASH}$", "totals": {"fee": "sum", "second": _HASHED}},
)
_ENDS: tuple[dict[str, Any], ...] = (
    {},
    {},
    {"skip_rows": 2},
    {"data_start": "START-OF-DATA", "data_end": "END-OF-DATA"},
    {"data_end": {"match": "^Total"}},
    {"footer_rows": 2},
    {"skip_lines": {"match": "^[-,;|]+$"}},
)
_DIALECTS: tuple[dict[str, Any], ...] = (
    {},
    {},
    {"delimiter": ";"},
    {"delimiter": "\t", "quote": ""},
    {"delimiter": "||", "quote": "'"},
    {"escape": "\\"},
    {"trailing_delimiter": "ignore"},
    {"blank_around_quotes": True, "delimiter": ";"},
    {"excel_formulas": True},
    {"comments": "#", "mixed_line_ends": True},
    {"escape_sequences": "mysql"},
    {"escape_sequences": "postgres", "quote": "", "delimiter": "\t"},
    {"escape_sequences": "spark"},
    {"null_values": ["NULL", "-"], "row_number": True},
    {"repeated_header": "skip"},
    {"auto": True, "header": True},
)
_NAMES: tuple[dict[str, Any], ...] = (
    {},
    {},
    {"header": False, "columns": ["first", "second", "third", "fee"]},
    {"columns": ["first", "second", "fee"]},
    {"rename": {"px": "fee", "Id": "key"}},
)
_ENCODINGS = st.sampled_from(
    ["utf-8"] * 6 + ["utf-16", "utf-16-le", "latin-1", "windows-1252", "shift_jis", "cp037"]
)
_PROOFS: dict[str, tuple[tuple[dict[str, Any], ...], ...]] = {
    "go_file": (_GO_FILES, _GO_FILES, _GO_TOTALS, _SETS),
    "trailer": (_TRAILERS, _TRAILER_TOTALS),
    "header_record": (_HEADER_RECORDS, _HEADER_TOTALS),
}
_POLICIES: tuple[dict[str, Any], ...] = (
    {},
    {"on_bad_row": "reject"},
    {"on_bad_row": "reject", "max_rejected": 0.4},
    {"on_duplicate": "fail", "on_redelivery": "fail"},
    {"on_duplicate": "load", "on_redelivery": "replace"},
    {"identity": "content"},
)


def _rules(draw: st.DrawFn) -> dict[str, Any]:
    """Rules of quality, which right deliveries keep, and types of columns."""
    rules = {
        "required": draw(st.sampled_from(([], ["price", "ref"], ["second"]))),
        "types": draw(st.sampled_from(({}, {"price": "DECIMAL(2,2)", "on_day": "DATE"}))),
        "unique": draw(st.sampled_from(([], ["ref"], [["ref", "name"], "no"]))),
        "fail_below": 100,
    }
    types = draw(st.sampled_from(({}, {"price": "DECIMAL(2,2)"}, {"sent_at": "TIMESTAMP"})))
    return {"quality": rules, "types": types}


def _of_parts(draw: st.DrawFn, pattern: str) -> dict[str, Any]:
    """Keys that speak of the parts of a name."""
    keys: dict[str, Any] = {}
    if "{rows" in pattern:
        keys["name_count"] = {"part": "rows", "count_includes": draw(_INCLUDES)}
    if "{region}" in pattern and draw(st.booleans()):
        keys["add_columns"] = {"region": "{region}", "feed": "a"}
    if "{business_date" in pattern and draw(st.booleans()):
        keys["identity"] = {"key": ["business_date"]}
    return keys


@st.composite
def _keys(draw: st.DrawFn) -> dict[str, Any]:
    pattern, go_pattern = draw(st.sampled_from(_PATTERNS))
    csv = {
        **draw(st.sampled_from(_DIALECTS)),
        **draw(st.sampled_from(_ENDS)),
        **draw(st.sampled_from(_NAMES)),
        "encoding": draw(_ENCODINGS),
    }
    keys: dict[str, Any] = {
        "pattern": pattern + draw(st.sampled_from(_ENDINGS)),
        "table": "raw_a",
        "csv": csv,
        **draw(st.sampled_from(_POLICIES)),
    }
    for key, choices in _PROOFS.items():
        if draw(st.booleans()):
            keys[key] = dict(draw(st.sampled_from(draw(st.sampled_from(choices)))))
            keys[key] |= {"count_includes": draw(_INCLUDES)}
    if "go_file" in keys:
        lists = "lists_files" in keys["go_file"]
        keys["go_file"]["pattern"] = draw(st.sampled_from(_SET_PATTERNS)) if lists else go_pattern
        if not any("row_count" in key for key in keys["go_file"]):
            del keys["go_file"]["count_includes"]
    if "sequence_number" in keys.get("go_file", {}):
        keys["sequence"] = draw(st.sampled_from(({}, {"on_gap": "report"}, {"start": 3})))
    if any("totals" in keys.get(key, {}) for key in _PROOFS):
        keys["numbers"] = draw(st.sampled_from(_NUMBERS))
    if "columns" not in csv and draw(st.booleans()):
        keys |= _rules(draw)
    return keys | _of_parts(draw, pattern)


def _mapping(keys: dict[str, Any]) -> TableMapping | None:
    try:
        return TableMapping.model_validate(keys)
    except ValidationError:
        return None


def mappings() -> st.SearchStrategy[TableMapping]:
    """Mappings without a contradiction."""
    return _keys().map(_mapping).filter(lambda one: one is not None)  # type: ignore[return-value]
