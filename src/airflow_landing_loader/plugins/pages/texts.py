"""Sentences of ours and of errors, as pages print them."""

from __future__ import annotations

from markupsafe import Markup, escape

from airflow_landing_loader.error_guide import Explanation, explanation_of
from airflow_landing_loader.safe_text import escaped

_NO_CODE = Explanation(
    cause="The books have no code of this release for it.",
    cure="The message says what is wrong.",
)


def with_code(text: str) -> Markup:
    """A sentence in which what stands between backticks is code."""
    parts = escaped(text).split("`")
    if len(parts) % 2 == 0:  # one backtick too many: they are no marks
        return escape(escaped(text))
    marked = (
        Markup("<code>{}</code>").format(part) if at % 2 else escape(part)
        for at, part in enumerate(parts)
    )
    return Markup("").join(marked)


def explained_code(code: str | None) -> tuple[Markup, Markup]:
    """What a code means, and what helps."""
    said = explanation_of(code) or _NO_CODE
    return with_code(said.cause), with_code(said.cure)


def told_in_books(message: str | None, code: str | None) -> tuple[str, str]:
    """A message of the books without its code, and its hint apart from it."""
    text = (message or "").removeprefix(f"[{code}] ")
    what, _, hint = text.partition(" Hint: ")
    return what, hint
