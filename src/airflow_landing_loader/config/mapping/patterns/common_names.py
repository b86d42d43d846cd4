"""Whether there is a name that two patterns match, where dates, numbers or ignored case forbid the
short answer: a search over both at once, which ends with the shortest such name.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from airflow_landing_loader.config.mapping.patterns.ignored import (
    IGNORED_PREFIX,
    IGNORED_SUFFIXES,
)
from airflow_landing_loader.config.mapping.patterns.places import Place


class _State(NamedTuple):
    """How far a beginning of a name has come.

    :param one: the place of the first pattern that comes next; behind the last: it is matched.
    :param two: of the second pattern.
    :param begun: whether it has a character.
    :param ending: the longest end of it that is the beginning of an ignored ending.
    :param but: characters that cannot come next: a number has taken all digits.
    """

    one: int
    two: int
    begun: bool = False
    ending: str = ""
    but: str = ""


def common_name(one: Sequence[Place], two: Sequence[Place]) -> str | None:
    """A shortest name that both patterns match and that is not ignored; ``None``: there is none.

    :param one: the places of the first pattern.
    :param two: of the second one.
    """
    reached = {_State(0, 0): ""}
    queue = deque(reached)
    while queue:
        state = queue.popleft()
        name = reached[state]
        matched = state[:3] == (len(one), len(two), True)
        if matched and state.ending not in IGNORED_SUFFIXES:
            return name
        for following, char in _steps(state, one, two):
            longer = name + char
            if following not in reached and not longer.startswith(IGNORED_PREFIX):
                reached[following] = longer
                # One that is as long as this is looked at before any longer one.
                (queue.append if char else queue.appendleft)(following)
    return None


def _steps(
    state: _State, one: Sequence[Place], two: Sequence[Place]
) -> Iterator[tuple[_State, str]]:
    mine = one[state.one] if state.one < len(one) else None
    others = two[state.two] if state.two < len(two) else None
    if mine is not None and mine.many:
        yield state._replace(one=state.one + 1, but=mine.chars or state.but), ""
    if others is not None and others.many:
        yield state._replace(two=state.two + 1, but=others.chars or state.but), ""
    if mine is None or others is None:
        return
    char = mine.common(others, state.but)
    if char is not None:
        after = _State(
            state.one + (not mine.many),
            state.two + (not others.many),
            True,
            _ending(state.ending + char),
        )
        yield after, char


def _ending(text: str) -> str:
    """The longest end of a text that an ignored ending begins with."""
    return next(
        (
            text[at:]
            for at in range(len(text))
            if any(suffix.startswith(text[at:]) for suffix in IGNORED_SUFFIXES)
        ),
        "",
    )
