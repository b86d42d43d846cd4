"""Mappings that say any of what can be said, as hypothesis draws them."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from pydantic import ValidationError

from airflow_landing_loader.config.mapping.model import TableMapping

_COUNT = r"(?P<count>\d+)"
_PATTERNS = (
    ("a_*.csv", "a_*.go"),
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
    {"format": "json", "row_count": "$['a b'].n", "status": "$.state", "checksum": "$.x[1].y"},
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
_HEADER_RECORDS = ({"match": f"^HDR[|;]{_COUNT}[|;]"}, {"match": f"^Records: {_COUNT}$"})
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
    {"header": False, "columns": ["first", "second", "third", "fourth"]},
    {"columns": ["first", "second", "third"]},
    {"rename": {"px": "price", "Id": "key"}},
)
_ENCODINGS = st.sampled_from(
    ["utf-8"] * 6 + ["utf-16", "utf-16-le", "latin-1", "windows-1252", "shift_jis", "cp037"]
)
_POLICIES: tuple[dict[str, Any], ...] = (
    {},
    {"on_bad_row": "reject"},
    {"on_bad_row": "reject", "max_rejected": 0.4},
    {"on_duplicate": "fail", "on_redelivery": "fail"},
    {"on_duplicate": "load", "on_redelivery": "replace"},
    {"identity": "content"},
)


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
    proofs = (("go_file", _GO_FILES), ("trailer", _TRAILERS), ("header_record", _HEADER_RECORDS))
    for key, choices in proofs:
        if draw(st.booleans()):
            keys[key] = dict(draw(st.sampled_from(choices)))
            keys[key] |= {"count_includes": draw(_INCLUDES)}
    if "go_file" in keys:
        keys["go_file"]["pattern"] = go_pattern
        if not any("row_count" in key for key in keys["go_file"]):
            del keys["go_file"]["count_includes"]
    if "{region}" in pattern and draw(st.booleans()):
        keys["add_columns"] = {"region": "{region}", "feed": "a"}
    if "{business_date" in pattern and draw(st.booleans()):
        keys["identity"] = {"key": ["business_date"]}
    return keys


def _mapping(keys: dict[str, Any]) -> TableMapping | None:
    try:
        return TableMapping.model_validate(keys)
    except ValidationError:
        return None


def mappings() -> st.SearchStrategy[TableMapping]:
    """Mappings without a contradiction."""
    return _keys().map(_mapping).filter(lambda one: one is not None)  # type: ignore[return-value]
