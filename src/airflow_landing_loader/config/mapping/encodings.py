"""The names of encodings: every character set of Python's, by its usual spellings.

Two encodings with similar names are different letters, so nothing here guesses: a name is known, or
it is refused.
"""

from __future__ import annotations

import re
from encodings.aliases import aliases
from functools import cache
from typing import Any

from airflow_landing_loader.config.yaml.values import any_case, refusal
from airflow_landing_loader.exceptions import ErrorCode

_WRITTEN = """
utf-8 utf-16 utf-16-le utf-16-be utf-32 utf-32-le utf-32-be ascii latin-1
iso-8859-2 iso-8859-3 iso-8859-4 iso-8859-5 iso-8859-6 iso-8859-7 iso-8859-8 iso-8859-9
iso-8859-10 iso-8859-11 iso-8859-13 iso-8859-14 iso-8859-15 iso-8859-16
windows-1250 windows-1251 windows-1252 windows-1253 windows-1254 windows-1255 windows-1256
windows-1257 windows-1258
cp037 cp273 cp424 cp500 cp875 cp1026 cp1047 cp1140
cp437 cp720 cp737 cp775 cp850 cp852 cp855 cp856 cp857 cp858 cp860 cp861 cp862 cp863 cp864 cp865
cp866 cp869 cp874 cp1006 cp1125
shift_jis shift_jis_2004 shift_jisx0213 cp932 euc-jp euc-jis-2004 euc-jisx0213
iso-2022-jp iso-2022-jp-1 iso-2022-jp-2 iso-2022-jp-2004 iso-2022-jp-3 iso-2022-jp-ext
gb2312 gbk gb18030 hz big5 big5hkscs cp950 euc-kr cp949 johab iso-2022-kr
koi8-r koi8-t koi8-u kz1048 ptcp154 tis-620 hp-roman8 palmos
mac-roman mac-latin2 mac-croatian mac-cyrillic mac-greek mac-iceland mac-romanian mac-turkish
mac-arabic mac-farsi
"""
_MORE_SPELLINGS = {"utf-8": ("utf_8_sig",), "cp874": ("windows_874",), "cp1047": ("ibm1047",)}


def _module(name: str) -> str:
    plain = name.replace("-", "_")
    return aliases.get(plain, plain)


def _spellings(name: str) -> str:
    """A regular expression for all spellings of an encoding, in lower case."""
    module = _module(name)
    known = {name.replace("-", "_"), module, *_MORE_SPELLINGS.get(name, ())}
    known |= {alias for alias, of in aliases.items() if of == module and not alias.isdigit()}
    # Between letters and a number, too, a sign may stand or not: cp1252, cp-1252.
    return "|".join(
        re.sub("_|(?<=[a-z])(?=[0-9])", "[-_]?", spelling.replace(".", r"\."))
        for spelling in sorted(known)
    )


ENCODINGS = {name: _spellings(name) for name in _WRITTEN.split()}
"""Encodings that are read, each with its accepted spellings in lower case."""

ENCODING_SCHEMA: dict[str, Any] = {
    "anyOf": [
        {"enum": list(ENCODINGS)},
        {
            "pattern": f"^(?:{any_case('|'.join(ENCODINGS.values()))})$",
            "patternErrorMessage": "The usual name of a character set.",
        },
    ]
}

_UNREAD = {
    "utf[-_]?7|unicode[-_]?1[-_]?1[-_]?utf[-_]?7": "It cannot be read as a stream, and is not "
    "safe. Ask the sender for utf-8.",
}


@cache
def known_encoding(text: str) -> str | None:
    """The canonical name of an encoding; ``None`` if it is not one that is read."""
    lower = text.lower()
    return next((n for n, spelled in ENCODINGS.items() if re.fullmatch(spelled, lower)), None)


def check_encoding(text: str) -> str:
    """The canonical name of an encoding.

    :raises PydanticCustomError: ``mapping.bad_value``.
    """
    name = known_encoding(text)
    if name is not None:
        return name
    why = next((why for form, why in _UNREAD.items() if re.fullmatch(form, text.lower())), None)
    raise refusal(
        ErrorCode.MAPPING_BAD_VALUE,
        f"{text!r} is not an encoding that is read. Known are the character sets of Python, by "
        "their usual names, such as utf-8, windows-1250, iso-8859-2, shift_jis or cp037.",
        hint=why
        or "All names stand in docs/mappings.md, at csv. Ask the sender which one it is: one of a "
        "similar name gives other letters.",
    )
