"""Whose go file it is that lies beside ``a_1.csv``, by the names that stand in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TypeVar

from airflow_landing_loader.exceptions import ErrorCode

FITS = re.compile(r"a_.*\.(?:csv|go)", re.DOTALL)
CSV = re.compile(r".*\.csv", re.DOTALL)
OWN = "a_1.csv"
_FILE_KEYS = ("file", "filename", "datafile", "datafilename", "name")
_Content = TypeVar("_Content")
Find = Callable[[str | int, ErrorCode, ErrorCode], str]
"""What stands in a place, by the codes where nothing does, and where two things contradict."""


class UnfitError(Exception):
    """It says nothing that can be used."""

    def __init__(self, code: ErrorCode) -> None:
        self.code = code


def of_file(key: str) -> bool:
    """Whether a key of this name holds a file name."""
    return re.sub(r"[\W\d_]", "", key).casefold() in _FILE_KEYS


def names(texts: Iterable[str]) -> list[str]:
    """Texts as names: without folder, quotes, case and ``.gz``."""
    plain = [re.split(r"[/\\]", text.strip(" \t\"'`"))[-1].casefold() for text in texts]
    return [re.sub(r"\.gz\Z", "", name) for name in plain]


def other(texts: Iterable[str], form: re.Pattern[str]) -> bool:
    """Whether one names another file than ``a_1.csv`` and ``a_1.go``."""
    return any(form.fullmatch(name) and name not in (OWN, "a_1.go") for name in names(texts))


def own(entries: list[tuple[list[str], _Content]], wrong: ErrorCode) -> _Content:
    """What is said of ``a_1.csv``.

    :param entries: texts of which one may be a name, and what is said.
    :param wrong: code for two of them that contradict each other.
    """
    naming = [said for texts, said in entries if OWN in texts]
    naming = naming or [said for texts, said in entries if OWN in names(texts)]
    if any(said != naming[0] for said in naming):
        raise UnfitError(wrong)
    if naming:
        return naming[0]
    if len(entries) != 1:
        raise UnfitError(ErrorCode.GO_FILE_NO_LINE)
    texts, said = entries[0]
    if other(texts, FITS) or other(texts, CSV):
        raise UnfitError(ErrorCode.GO_FILE_OTHER_FILE)
    return said
