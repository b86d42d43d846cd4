"""The page on security and the tests that it names speak of the same threats."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests"
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
THREATS = {
    title: text
    for title, _, text in (
        part.partition("\n") for part in re.split(r"^### ", PAGE, flags=re.MULTILINE)[1:]
    )
}
PARTS = ("Attack", "Defence", "Left to you", "Shown by")
_NAMED = re.compile(r"`([a-z0-9_/]+\.py)`: ((?:`test_\w+`(?:, )?)+)")


def named(text: str) -> set[tuple[str, str]]:
    """The tests that a part of the page names, as (file, test)."""
    return {
        (file, test)
        for file, tests in _NAMED.findall(text)
        for test in re.findall(r"test_\w+", tests)
    }


def defined_in(file: str) -> set[str]:
    """The tests that a file has."""
    return set(re.findall(r"def (test_\w+)", (TESTS / file).read_text(encoding="utf-8")))


@pytest.mark.parametrize("title", THREATS)
def test_each_threat_says_everything_and_names_tests_that_exist(title: str) -> None:
    text = THREATS[title]
    assert re.findall(r"^- \*\*([A-Za-z ]+)\*\*", text, flags=re.MULTILINE) == list(PARTS)
    shown_by = text.partition("**Shown by**")[2]
    tests = named(shown_by)
    assert tests
    # nothing that looks like a test is written in a form that is not looked at
    written = re.findall(r"`(test_\w+)`", text)
    assert sorted(written) == sorted(test for _, test in tests)
    assert {test for file, test in tests if test not in defined_in(file)} == set()


def test_each_attack_in_the_folder_of_attacks_is_on_the_page() -> None:
    attacks = {
        (f"security/{path.name}", test)
        for path in (TESTS / "security").glob("test_*.py")
        for test in defined_in(f"security/{path.name}")
    }
    helpers = {
        ("security/test_paths.py", "test_the_note_of_another_landing_zone_is_left_to_its_loader"),
        ("security/test_output.py", "test_details_are_cut_again_when_they_are_changed"),
        ("security/test_sql.py", "test_a_manifest_of_a_loader_is_read"),
        ("security/test_sql.py", "test_what_is_no_json_is_no_manifest"),
    }
    assert helpers <= attacks
    assert attacks - named(PAGE) == helpers


def test_the_policy_leads_to_the_page() -> None:
    assert "(docs/security.md)" in (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    assert "SECURITY.md" in PAGE
