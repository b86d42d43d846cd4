"""Numbers in all forms that senders write, and what is nearly one."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

GROUPS = (None, ",", ".", " ", "'", "_", "\u2019", "\u00a0", "\u202f")
NEGATIVES = ("minus", "trailing_minus", "parentheses")
NEARLY = (
    "", " ", "\t", "-", "+", ".", ",", "()", "(", "(1", "1)", "1-", "-1", "--1", "1e5", "1E2",
    "NaN", "inf", "0x1", "1_000", "1 000", "1,5", "1.5", "1.234,5", "1,234.5", "12,34,567.8",
    "1..2", "1,,2", ".5", "5.", "٣", "\uff11\uff12", "²", "12٣", "½", "\u22125", "1.", "-.5", "$5",
    "5 %", "ab12", "12ab", "0" * 30, "9" * 16, "9" * 17, "1" * 40, "0." + "1" * 15,
    "0." + "1" * 16, "1" * 1000, "1" * 1001, "9" * 8, "1" + "0" * 8, "00000000000000005",
    "12345678.12345678", "123456789.123456789", "()1", "(1.5)", "-0", "0-", "+7", "7+", " 8 ",
    "8 9", "1'234", "1\u00a0234", "x1x2", "-1-", " " * 70 + "4" + " " * 70, "x" * 70 + "4",
)  # fmt: skip
"""Numbers at the edges of what is read fast, and texts that one program takes for a number."""

NUMBER_FORMS: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"decimal": st.sampled_from(".,"), "negative": st.sampled_from(NEGATIVES)},
    optional={"group": st.sampled_from(GROUPS)},
).filter(lambda form: form.get("group") != form["decimal"])


@st.composite
def written(draw: st.DrawFn, form: dict[str, Any]) -> str:
    """A number as a form has it."""
    first = draw(st.sampled_from("0123456789"))
    whole = first + draw(st.text("0123456789", max_size=draw(st.sampled_from((2, 4, 9, 18)))))
    group = form.get("group")
    if group and draw(st.booleans()):
        backwards = whole[::-1]
        whole = group[::-1].join(backwards[i : i + 3] for i in range(0, len(whole), 3))[::-1]
    text = whole
    if draw(st.booleans()):
        text += form["decimal"] + draw(st.text("0123456789", max_size=9))
    signed = {"minus": f"-{text}", "trailing_minus": f"{text}-", "parentheses": f"({text})"}
    return signed[form["negative"]] if draw(st.integers(0, 3)) == 0 else text


def numbers_and_others(form: dict[str, Any], *, clean: bool) -> st.SearchStrategy[str | None]:
    """Cells of a column of numbers, as they come.

    :param clean: none of them is only nearly a number.
    """
    good = st.one_of(written(form), written(form), st.sampled_from(("", " ")), st.none())
    return good if clean else st.one_of(good, st.sampled_from(NEARLY))
