"""Marks of a version at the end of a name: `_v2`, `-corrected`, ` (1)`."""

from __future__ import annotations

from airflow_landing_loader.onboarding.names.tokens import DIGITS, Key

_JOINTS = frozenset("-_. ")
_WORDS_TEXT = """
v ver version rev revision r corr corrected correction amended amendment restated
restatement resend resent rerun final update updated new copy
"""
_WORDS = frozenset(_WORDS_TEXT.split())
_BRACKETS = (("(", ")"), ("[", "]"))


def version_of(key: Key) -> int | None:
    """Index of the token with which the mark of a version begins; ``None``: there is none."""
    texts = [text.casefold() for _, text in key.tokens]
    digits = [kind == DIGITS for kind, _ in key.tokens]
    end = len(texts)
    if end >= 4 and (texts[-3], texts[-1]) in _BRACKETS and digits[-2]:
        return end - 4 if texts[-4] in _JOINTS else end - 3
    if end and digits[-1]:
        end -= 1
        if end and texts[end - 1] in _JOINTS and end > 1 and texts[end - 2] in _WORDS:
            end -= 1
    if end < 2 or texts[end - 1] not in _WORDS or texts[end - 2] not in _JOINTS:
        return None
    return end - 2
