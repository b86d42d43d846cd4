"""A dialect is detected in the table, not in what stands above and below it."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.exceptions import TerminalError
from airflow_landing_loader.landing.model import Delivery
from airflow_landing_loader.pipeline.validation import validate
from fuzzing.memory import MemoryZone

ROWS = "".join(f"{n};Ann, {n};2024-01-{n % 28 + 1:02};{n},5\n" for n in range(1, 30))
TABLE = "id;name;day;amount\n" + ROWS
TAGGED = {"row_count_column": 1, "tag": "T"}
BETWEEN = {"data_start": "START", "data_end": "END;"}
COUNT = r"\((?P<count>\d+) rows?"


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        (f'Re"port;\nSTART\n{TABLE}END;\n"x\n', {"csv": BETWEEN}),
        (f"{TABLE}\n(29 rows)\n", {"trailer": {"match": COUNT}}),
        (f"{TABLE}\n(29 rows)\n", {"csv": {"footer_rows": 2}}),
        (f"{TABLE}Total;;;1,5;\n", {"csv": {"data_end": {"match": "^Total"}}}),
        (f"{TABLE}T;29\n(end\n", {"csv": {"footer_rows": 1}, "trailer": TAGGED}),
        (f"{TABLE}T;29\n(end\n", {"csv": {"data_end": "(end"}, "trailer": TAGGED}),
        (f"# (29 rows)\n{TABLE}", {"header_record": {"match": COUNT}}),
        (f"a\n# (29 rows)\n{TABLE}", {"csv": {"skip_rows": 2}, "header_record": {"match": COUNT}}),
        (TABLE.replace("\n", "\n--;-----;--\n", 1), {"csv": {"skip_lines": {"match": "^--"}}}),
        (f"# 'x;\n# y\n{TABLE}", {"csv": {"skip_lines": {"match": "^#"}}}),
        (f"Report\n\n{TABLE}END\n", {"csv": {"data_end": "END"}}),
        (f"sep=;\n# (29 rows)\n{TABLE}", {"header_record": {"match": COUNT}}),
        (f"sep=;\nGO\n{TABLE}", {"csv": {"data_start": "GO"}}),
        (f"# a, 'b'\n--\n{TABLE}# c,\n", {"csv": {"comments": "#", "skip_lines": "--"}}),
    ],
)  # fmt: skip
def test_it_is_found(text: str, keys: dict[str, Any]) -> None:
    rules = {"pattern": "*", "table": "t", **keys, "csv": {"auto": True, **keys.get("csv", {})}}
    for content in (text.encode(), text.replace(ROWS, ROWS * 600).replace("29", "17400").encode()):
        zone = MemoryZone({"a.csv": content.replace(b"2024-01-17400", b"2024-01-29")})
        delivery = Delivery(mapping=TableMapping.model_validate(rules), data=zone.file("a.csv"))
        found = validate(zone, delivery, now=1e12)
        assert found.inspection.columns == ("id", "name", "day", "amount")
        assert found.inspection.records in (29, 17_400)
        again = TableMapping.model_validate_json(found.delivery.mapping.model_dump_json())
        assert again == found.delivery.mapping


def test_delimiters_below_the_data_and_in_comments_are_none() -> None:
    csv = {"auto": True, "comments": "#", "data_end": "END"}
    mapping = TableMapping.model_validate({"pattern": "*", "table": "t", "csv": csv})
    zone = MemoryZone({"a.csv": b"# by, us\nid;a\n1;2\nEND\nx,|y\n"})
    found = validate(zone, Delivery(mapping=mapping, data=zone.file("a.csv")), now=1e12)
    assert found.delivery.mapping.csv.delimiter == ";"


def test_a_file_of_two_readings_names_the_keys_of_lines() -> None:
    csv = {"auto": True, "data_end": {"match": "^END"}, "skip_lines": "--"}
    mapping = TableMapping.model_validate({"pattern": "*", "table": "t", "csv": csv})
    zone = MemoryZone({"a.csv": b"id;a,b\n1;2,5\nEND\n"})
    with pytest.raises(TerminalError, match=r'data_end: {"match": "\^END"}'):
        validate(zone, Delivery(mapping=mapping, data=zone.file("a.csv")), now=1e12)
