"""A proposed mapping as the text of a YAML file, proved by reading it again."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path as Folder
from tempfile import TemporaryDirectory
from typing import Any

from pydantic import ValidationError

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.config.mapping.reader import read_mappings
from airflow_landing_loader.onboarding.model import Doubt, Said, tree
from airflow_landing_loader.safe_text import escaped

_WIDTH = 96
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*")
_SINGLE = re.compile(r"[ !#-&(-~][ -&(-~]*")
_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
_ORDER = ("table", "go_file", "trailer", "header_record", "exclude", "csv", "compression")


@dataclass(frozen=True, slots=True)
class Proposal:
    """A mapping that somebody may use, and what is said beside it.

    :param said: its keys, the table among them.
    :param doubts: what is left to a person.
    :param remarks: what else is worth a comment.
    """

    pattern: str
    said: tuple[Said, ...]
    doubts: tuple[Doubt, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def table(self) -> str:
        """The table that it feeds."""
        return str(tree(self.said)["table"])

    def mapping(self) -> TableMapping | None:
        """The same as the loader has it; ``None``: its keys contradict each other."""
        try:
            return TableMapping.model_validate({"pattern": self.pattern, **tree(self.said)})
        except ValidationError:
            return None


def text_of(proposal: Proposal, schema: str) -> str:
    """The text of a mapping file.

    :param schema: path of the JSON Schema, from the file.
    """
    lines = [f"# yaml-language-server: $schema={escaped(schema)}", ""]
    for remark in proposal.remarks:
        lines += _comment(remark, "")
    if proposal.doubts:
        lines += _comment("Unsure, for a person to settle:", "")
    for doubt in proposal.doubts:
        lines += _comment(f"- {doubt.about}: {doubt.text}", "", hang="  ")
    lines.append(f"{scalar(proposal.pattern)}:")
    lines += _block(proposal.said)
    return "\n".join(lines) + "\n"


def _block(said: Sequence[Said]) -> Iterator[str]:
    tops = sorted({one.path[0] for one in said}, key=_place)
    for top in tops:
        of_top = [one for one in said if one.path[0] == top]
        if len(of_top) == 1 and len(of_top[0].path) == 1:
            yield from _entry(of_top[0], "  ")
            continue
        yield f"  {top}:"
        for one in of_top:
            yield from _entry(one, "    ")


def _place(top: str) -> tuple[int, str]:
    return (_ORDER.index(top) if top in _ORDER else len(_ORDER), top)


def _entry(one: Said, indent: str) -> Iterator[str]:
    if one.why:
        yield from _comment(one.why, indent)
    yield f"{indent}{one.path[-1]}: {value(one.value)}"


def _comment(text: str, indent: str, *, hang: str = "") -> list[str]:
    return textwrap.wrap(
        escaped(text),
        _WIDTH,
        initial_indent=f"{indent}# ",
        subsequent_indent=f"{indent}# {hang}",
        break_long_words=False,
        break_on_hyphens=False,
    )


def value(of: Any) -> str:
    """A value in YAML, in one line."""
    if isinstance(of, bool):
        return "true" if of else "false"
    if isinstance(of, int):
        return str(of)
    if isinstance(of, Mapping):
        return f"{{{', '.join(f'{scalar(key)}: {value(item)}' for key, item in of.items())}}}"
    if isinstance(of, str):
        return scalar(of)
    return f"[{', '.join(value(item) for item in of)}]"


def scalar(text: str) -> str:
    """A text in YAML: bare where that means nothing else, else in quotes."""
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    if _SINGLE.fullmatch(text) and not text.endswith(" "):
        return f"'{text}'" if "'" not in text else _double(text)
    return _double(text)


def _double(text: str) -> str:
    return f'"{"".join(map(_char, text))}"'


def _char(char: str) -> str:
    if char in '"\\':
        return f"\\{char}"
    if char.isprintable():
        return char
    point = ord(char)
    if char == "\t":
        return "\\t"
    return (
        f"\\x{point:02x}"
        if point < 0x100
        else f"\\u{point:04x}"
        if point < 0x10000
        else (f"\\U{point:08x}")
    )


def says_what_is_meant(proposal: Proposal, text: str) -> bool:
    """Whether the loader reads the text as the mapping that is proposed."""
    with TemporaryDirectory(prefix="landing-loader-") as folder:
        (Folder(folder) / "proposed.yaml").write_text(text, encoding="utf-8")
        found = read_mappings(Folder(folder))
    meant = proposal.mapping()
    if found.errors or meant is None or len(found.mappings) != 1:
        return False
    return found.mappings[0].model_copy(update={"origin": ""}) == meant
