"""What may stand above and below a table, supposed from lines; whether it is so is proved by
reading."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from airflow_landing_loader.onboarding.content.texts import Text
from airflow_landing_loader.onboarding.model import Said

_ABOVE, _BELOW = 10, 6
_NUMBER = re.compile("[0-9]+")
_ROWS = re.compile(r"\b(row|record|line)(s?)\b", re.IGNORECASE)
_SIGN = re.compile(r"[\\^$.|?*+()\[\]{}]")
_RULE = re.compile(r"[-=_+|,;\t ]*[-=]{2}[-=_+|,;\t ]*")
_START = re.compile(r"[^,;|\t]*\b(start|begin)\w*\b[^,;|\t]*", re.IGNORECASE)
_END = re.compile(r"[^,;|\t]*\bend\w*\b[^,;|\t]*", re.IGNORECASE)
_SPEAKS = re.compile(
    r"trailer|trl|tlr|footer|ftr|header|hdr|count|rows?\b|records?\b|lines?\b|total|affected"
    r"|\bsum(?:m[ae])?\b|gesamt|anzahl|\bsomme\b|totaal",
    re.IGNORECASE,
)
_USUAL_TAGS_TEXT = """
T TR TL Z ZZ F E EOF END 9 99 999 TRAILER TRL TRLR FTR FOOTER
"""
_USUAL_TAGS = frozenset(_USUAL_TAGS_TEXT.split())
_ALIKE = re.compile(r"(?:[^\\]|\\[tnrbN\\])*")
_PAIR = re.compile(rb"\\.", re.DOTALL)
_OF_BLANKS = frozenset({rb"\t", rb"\n", rb"\r", rb"\b"})
_OF_OTHERS = frozenset({rb"\N", rb"\\"})
_DELIMITERS = ",;\t|:^~"
_OF_TABLES = ",;\t|"
_SLACK_ABOVE, _SLACK_BELOW = 3, 14
_ENOUGH = 2


@dataclass(frozen=True, slots=True)
class Frame:
    """Some keys that may hold together.

    :param speaks: whether its lines say by a word that they hold a count.
    :param counts: the count that each text would have; empty: none is said.
    """

    said: tuple[Said, ...]
    speaks: bool = False
    counts: tuple[int, ...] = ()

    @property
    def proves(self) -> bool:
        """Whether its counts, if they are right, are so by no accident."""
        return self.speaks or len(set(self.counts)) >= _ENOUGH


PLAIN = Frame(())


def frames_of(texts: Sequence[Text]) -> Iterator[Frame]:
    """Frames that may fit all texts, the ones that prove most first."""
    starts, ends = [*_starts(texts)], [*_ends(texts)]
    dashes = [*_dashes(texts)]
    trailers = [frame for frame in _trailers(texts, ends) if frame.proves]
    headers = [frame for frame in _headers(texts) if frame.proves]
    for trailer in trailers:
        for header in headers:
            yield _joined(trailer, header)
    for counted in (*trailers, *headers):
        yield from _with_more(counted, starts, dashes)
        yield counted
    if starts or ends:
        for start in starts or [PLAIN]:
            yield from (_joined(start, end) for end in ends or [PLAIN])
    yield from dashes
    yield PLAIN
    yield from _footers(texts)


def _with_more(counted: Frame, starts: Sequence[Frame], dashes: Sequence[Frame]) -> Iterator[Frame]:
    for more in (*starts, *dashes):
        yield _joined(more, counted)


def _joined(one: Frame, two: Frame) -> Frame:
    speaks = (one.speaks or not one.counts) and (two.speaks or not two.counts)
    return Frame((*one.said, *two.said), speaks, one.counts or two.counts)


def extras_of(texts: Sequence[Text]) -> Iterator[tuple[Said, ...]]:
    """What CSV files may have that RFC 4180 does not know, by its signs; none too."""
    lines = [line for text in texts for line in (*text.first, *text.last)]
    sequences = _sequences(lines)
    if sequences:
        yield sequences
    yield ()
    signs = []
    if any('="' in line for line in lines):
        signs.append(Said(("csv", "excel_formulas"), True, 'fields are written as ="00123"'))
    if any(re.search(r'[,;|\t] +"|" +[,;|\t]|^ +"|" +$', line) for line in lines):
        signs.append(Said(("csv", "blank_around_quotes"), True, "blanks stand beside quotes"))
    ended = sum(line.endswith(tuple(",;|\t")) for line in lines)
    if ended >= _ENOUGH or any(text.first[0].endswith(tuple(",;|\t")) for text in texts):
        signs.append(
            Said(
                ("csv", "trailing_delimiter"), "ignore", "a delimiter stands behind the last field"
            )
        )
    mark = next((m for m in ("#", "//", "--") if any(li.startswith(m) for li in lines)), None)
    if mark:
        signs.append(Said(("csv", "comments"), mark, "lines that begin so are no records"))
    if any(b"\r\n" in t.content and re.search(b"(?<!\r)\n", t.content) for t in texts):
        signs.append(Said(("csv", "mixed_line_ends"), True, "lines end in two ways"))
    for number in range(1, len(signs) + 1):
        yield from combinations(signs, number)


def _sequences(lines: Sequence[str]) -> tuple[Said, ...]:
    r"""A field that is ``\N`` is NULL in the dumps of two databases."""
    nulls = any("\\N" in re.split(r"[,;|\t]", line) for line in lines)
    if not nulls or not all(_ALIKE.fullmatch(line) for line in lines):
        return ()
    if any('"' in line for line in lines):
        why = "\\N alone is a field, as in dumps of MySQL"
        return (Said(("csv", "escape_sequences"), "mysql", why),)
    why = "\\N alone is a field, as in dumps of Postgres; MySQL's say the same"
    return (
        Said(("csv", "escape_sequences"), "postgres", why),
        Said(("csv", "quote"), ""),
    )


def may_be_escaped(texts: Sequence[Text]) -> bool:
    r"""Whether a backslash may write a line end or a tab, and all others fit that; ``\N`` alone
    would prove it."""
    found = {pair for text in texts for pair in _PAIR.findall(text.content)}
    return bool(found & _OF_BLANKS) and found <= _OF_BLANKS | _OF_OTHERS


def _starts(texts: Sequence[Text]) -> Iterator[Frame]:
    shared = _shared([text.first for text in texts])
    for line in reversed([line for line in shared if _START.fullmatch(line)]):
        yield Frame((Said(("csv", "data_start"), line, "the data begin below this line"),))


def _ends(texts: Sequence[Text]) -> Iterator[Frame]:
    if not all(text.last for text in texts):
        return
    shared = _shared([text.last[-_BELOW:] for text in texts])
    for line in [line for line in shared if _END.fullmatch(line)]:
        yield Frame((Said(("csv", "data_end"), line, "the data end above this line"),))


def _shared(all_lines: Sequence[Sequence[str]]) -> list[str]:
    """The lines that all texts have, in the order of the first."""
    return [line for line in all_lines[0] if all(line in lines for lines in all_lines)]


def _dashes(texts: Sequence[Text]) -> Iterator[Frame]:
    lines = [next((li for li in text.first[:3] if _RULE.fullmatch(li)), None) for text in texts]
    if all(lines):
        chars = "".join(sorted({char for line in lines if line for char in line} - {"-"}))
        expression = f"^[-{_plain(chars)}]+$"
        why = "a line of dashes below the header is no record"
        yield Frame((Said(("csv", "skip_lines"), {"match": expression}, why),))


def _trailers(texts: Sequence[Text], ends: Sequence[Frame]) -> Iterator[Frame]:
    if not all(text.last for text in texts):
        return
    for back in range(1, min(_BELOW, *(len(text.last) for text in texts)) + 1):
        lines = [text.last[-back] for text in texts]
        found = [*_by_match(texts, lines, "trailer")]
        if back == 1:
            yield from _by_record(texts, lines)
            yield from found
        for frame in found:
            yield from (_joined(end, frame) for end in ends)


def _headers(texts: Sequence[Text]) -> Iterator[Frame]:
    most = min(_ABOVE, *(len(text.first) for text in texts))
    for at in range(most):
        lines = [text.first[at] for text in texts]
        if at and _alike(lines, [text.first[at - 1] for text in texts]):
            continue
        for frame in _by_match(texts, lines, "header_record"):
            if not at:
                yield frame
            for skipped in range(at + 1, min(at + 4, most)):
                yield _joined(frame, Frame((Said(("csv", "skip_rows"), skipped),)))


def _alike(lines: Sequence[str], above: Sequence[str]) -> bool:
    """Whether lines have as many fields as those above them: so they are records among others,
    whatever their numbers happen to count."""
    return any(
        all(one.count(sign) == two.count(sign) > 0 for one, two in zip(lines, above, strict=True))
        for sign in _OF_TABLES
    )


def _by_record(texts: Sequence[Text], lines: Sequence[str]) -> Iterator[Frame]:
    """A last record that begins with a tag, and has the count in one of its fields."""
    for delimiter in _DELIMITERS:
        rows = [[f.strip().strip('"') for f in line.split(delimiter)] for line in lines]
        tags = {row[0] for row in rows}
        if min(map(len, rows)) < 2 or len(tags) != 1 or not (tag := tags.pop()):
            continue
        for at in range(1, min(map(len, rows))):
            counts = _counts([row[at] for row in rows], texts)
            if counts:
                why = f"the last record is {_shown(lines[0])}"
                said = (
                    Said(("trailer", "row_count_column"), at, why),
                    Said(("trailer", "tag"), tag),
                )
                speaks = tag in _USUAL_TAGS or _SPEAKS.search(tag) is not None
                yield Frame(said, speaks, counts)


def _by_match(texts: Sequence[Text], lines: Sequence[str], key: str) -> Iterator[Frame]:
    """A line of which only numbers change, with the count as one of them."""
    split = [_NUMBER.split(_ROWS.sub(r"\1", line)) for line in lines]
    if any(one != split[0] for one in split) or len(split[0]) < 2 or not any(split[0]):
        return
    numbers = [_NUMBER.findall(line) for line in lines]
    for at in range(len(numbers[0])):
        counts = _counts([one[at] for one in numbers], texts)
        if counts:
            where = "below" if key == "trailer" else "above"
            why = f"a line {where} the data is {_shown(lines[0])}"
            said = Said((key, "match"), _expression(lines, at), why)
            yield Frame((said,), _SPEAKS.search(lines[0]) is not None, counts)


def _counts(fields: Sequence[str], texts: Sequence[Text]) -> tuple[int, ...]:
    """The numbers, if each may be the count of its text's records."""
    if not all(_NUMBER.fullmatch(field) and len(field) < 19 for field in fields):
        return ()
    counts = tuple(map(int, fields))
    pairs = zip(counts, texts, strict=True)
    return counts if all(_may_count(count, text) for count, text in pairs) else ()


def _may_count(count: int, text: Text) -> bool:
    if not text.whole:
        return count >= text.lines - _SLACK_BELOW
    lowest = 0 if b'"' in text.content else text.lines - _SLACK_BELOW
    return lowest <= count <= text.lines + _SLACK_ABOVE


def _expression(lines: Sequence[str], count_at: int) -> str:
    """The line as an expression: the count, other numbers, and the rest as it stands."""
    pieces = _NUMBER.split(lines[0])
    made = _plain(pieces[0])
    for at, piece in enumerate(pieces[1:]):
        made += r"(?P<count>\d+)" if at == count_at else r"\d+"
        made += _plain(piece)
    return f"^{made}$"


def _plain(text: str) -> str:
    escaped = _SIGN.sub(r"\\\g<0>", text)
    return _ROWS.sub(r"\1s?", escaped)


def _footers(texts: Sequence[Text]) -> Iterator[Frame]:
    """Last lines that are no records: by a word that all of them begin with, or by their number."""
    if not all(len(text.last) > 1 for text in texts):
        return
    words = {
        match[0] if (match := re.match(r"[A-Za-z]\w*", text.last[-1])) else "" for text in texts
    }
    word = words.pop() if len(words) == 1 else ""
    if word and (len(texts) >= _ENOUGH or _SPEAKS.search(word)):
        why = f"the last line is {_shown(texts[0].last[-1])}"
        yield Frame((Said(("csv", "data_end"), {"match": f"^{word}"}, why),))
    for rows in (1, 2):
        yield Frame((Said(("csv", "footer_rows"), rows, "the last lines are no records"),))


def _shown(line: str) -> str:
    return line if len(line) <= 60 else f"{line[:59]}\u2026"
