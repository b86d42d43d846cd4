"""No regular expression of ours hangs on a text made for it, and none comes from outside."""

from __future__ import annotations

import importlib
import pkgutil
import re
import subprocess
import sys

import pytest

import airflow_landing_loader
from airflow_landing_loader.config.mapping import rules
from airflow_landing_loader.config.mapping.patterns.pattern import Pattern

CPU_SECONDS = 60
"""An expression that backtracks exponentially takes longer than the universe lasts."""

LENGTH = 1000
PARTS = [
    *("a", "0", "_", ".", "-", ",", "*", "/", " ", "=", "?", "@", ":", "\n", "\r", '"', "{", "}"),
    *("0.", "a.", "1,", "1-1,", "*/1,", "a/", "{table}", "://", "a@", "?a=", "::", "é", "((", "e1"),
]
SKIPPED = ("airflow_landing_loader.cli.__main__", "airflow_landing_loader.main")

ATTACK = f"""
import resource, sys
resource.setrlimit(resource.RLIMIT_CPU, ({CPU_SECONDS}, {CPU_SECONDS}))
from pathlib import Path
sys.path.insert(0, {str(__file__).rpartition("/")[0]!r})
import test_patterns
print(test_patterns.attack())
"""


def expressions() -> dict[str, re.Pattern[str] | re.Pattern[bytes]]:
    """Every regular expression of the package's modules, and those of the mapping's rules."""
    found: dict[str, re.Pattern[str] | re.Pattern[bytes]] = {}
    for module in pkgutil.walk_packages(airflow_landing_loader.__path__, "airflow_landing_loader."):
        if module.name not in SKIPPED:
            for name, value in vars(importlib.import_module(module.name)).items():
                if isinstance(value, re.Pattern):
                    found[f"{module.name}.{name}"] = value
    for name, text in vars(rules).items():
        if name.endswith("_PATTERN"):
            found[f"rules.{name}"] = re.compile(text)
    return found


def attack() -> int:
    """Search every expression in texts that repeat a part and end unlike it; return their number.

    Also a pattern of many stars in a name that fails at its end.
    """
    ends = [(start, end) for start in ("", "a") for end in "!\n"]
    texts = [f"{start}{part * LENGTH}{end}" for part in PARTS for start, end in ends]
    assert Pattern.parse("a*" * 127).match("a" * 250 + "b") is not None
    assert Pattern.parse("*a" * 127).match("a" * 250 + "b") is None
    found = expressions()
    for expression in found.values():
        for text in texts:
            match = expression.search  # fullmatch and match look at less
            match(text if isinstance(expression.pattern, str) else text.encode())  # type: ignore[arg-type]
    return len(found)


def test_no_expression_hangs() -> None:
    done = subprocess.run(
        [sys.executable, "-c", ATTACK], capture_output=True, text=True, check=False, timeout=500
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert int(done.stdout.splitlines()[-1]) > 20


@pytest.mark.parametrize("text", ["(a+)+$", "[a-", "a{9999999}", "(?R)", "\\", "x?^|"])
def test_a_pattern_of_a_mapping_is_no_expression(text: str) -> None:
    pattern = Pattern.parse(f"{text}*")
    assert pattern.match(f"{text}aaa") == ("aaa",)
    assert pattern.match("a" * 50) is None
