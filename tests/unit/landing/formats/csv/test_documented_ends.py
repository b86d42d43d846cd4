"""The table of docs/csv.md about lines above and below the data says what happens."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.support.inspecting import Landing

PAGE = (Path(__file__).parents[5] / "docs/csv.md").read_text()
ROW = re.compile(r"^\| (.+?) \| `(.+?)` \| (.+?) \|$", re.MULTILINE)
OF_MAPPING = ("trailer", "header_record")


def rows() -> list[tuple[str, str, str]]:
    part = PAGE.split("## Lines above and below the data")[1].split("\n## ")[0]
    found: list[tuple[str, str, str]] = []
    for keys, text, verdict in ROW.findall(part.replace("\\|", "\x00")):
        keys = found[-1][0] if keys == "same" else keys
        found.append((keys, text, verdict))
    return found


@pytest.mark.parametrize(("keys", "text", "verdict"), rows())
def test_it_is_so(landing: Landing, keys: str, text: str, verdict: str) -> None:
    said: dict[str, Any] = {}
    for key in re.findall(r"`(.+?)`", keys):
        said |= yaml.safe_load(key)
    rules = {key: value for key, value in said.items() if key in OF_MAPPING}
    rules["csv"] = {key: value for key, value in said.items() if key not in OF_MAPPING}
    data = text.replace("⏎", "\n").encode()
    code = re.match("`([a-z_]+\\.[a-z_]+)`", verdict)
    if code is not None:
        assert landing.code(data, **rules)[0] == code[1]
        return
    found = landing.inspect(data, **rules)
    assert found.records == (2 if "the records" in verdict else 1)
    if "count 1" in verdict:
        told = found.trailer or found.header_record
        assert told is not None
        assert told.expected_records == 1


def test_the_table_is_read() -> None:
    assert len(rows()) >= 12
