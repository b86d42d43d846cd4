"""One mapping, from all that is known of the files of one pattern."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.config.mapping.numbers import Numbers
from airflow_landing_loader.config.mapping.patterns.parts import NamePart
from airflow_landing_loader.exceptions import LandingError
from airflow_landing_loader.landing.formats.csv.inspection import inspect
from airflow_landing_loader.landing.model import Inspection
from airflow_landing_loader.onboarding.content.encodings import EncodingFound
from airflow_landing_loader.onboarding.content.layouts import REPEATED_HEADER, Layout
from airflow_landing_loader.onboarding.content.samples import WHOLE_BYTES, Sample, chosen
from airflow_landing_loader.onboarding.controls.go_files import (
    Facts,
    GoFound,
    find_places,
    listing,
)
from airflow_landing_loader.onboarding.controls.pairing import Pair
from airflow_landing_loader.onboarding.controls.totals import (
    FORMS,
    Promised,
    find_totals,
    lines_with_a_total,
    promised_at,
    said_in_line,
)
from airflow_landing_loader.onboarding.model import Doubt, Said, tree
from airflow_landing_loader.onboarding.names.groups import Group
from airflow_landing_loader.onboarding.names.tokens import WORD
from airflow_landing_loader.onboarding.writing import Proposal
from airflow_landing_loader.safe_text import counted, shown_name
from airflow_landing_loader.storage.model import LandedFile
from airflow_landing_loader.storage.zone import Zone

_GO_BYTES = 1024 * 1024
_MOST_WORDS = 8
_DETECTED_LATER = (("csv", "auto"),)


@dataclass(frozen=True, kw_only=True)
class Material:
    """All that is known of the files of one pattern.

    :param files: all data files.
    :param samples: of a few of them.
    :param go_files: of the pair, by name.
    """

    zone: Zone
    group: Group
    files: tuple[LandedFile, ...]
    samples: tuple[Sample, ...]
    encoding: EncodingFound
    layout: Layout
    pair: Pair | None
    go_files: Mapping[str, LandedFile]


def propose(material: Material, table: str) -> Proposal:
    """The mapping of some files.

    :param table: the table's name.
    """
    said = [Said(("table",), table)]
    doubts = [Doubt("pattern", text) for text in material.group.doubts]
    layout = material.layout
    go: GoFound | None = None
    if material.pair is not None:
        layout, go = _with_go_file(material, material.pair)
    if go is not None and material.pair is not None:
        said.append(Said(("go_file", "pattern"), material.pair.pattern.text))
        said += go.said
        doubts += go.doubts
    layout = _with_line_totals(material, layout, go)
    said += [one for one in layout.said if one.path[0] != "csv" and one not in said]
    if material.group.exclude:
        why = "names of another kind"
        said.append(Said(("exclude",), list(material.group.exclude), why))
    said += _encoding(material, doubts)
    said += [one for one in layout.said if one.path[0] == "csv"]
    doubts += layout.doubts
    said += _compression(material, doubts)
    said += _identity(material, doubts)
    return Proposal(
        material.group.pattern.text, tuple(said), tuple(doubts), tuple(_remarks(material))
    )


def _remarks(material: Material) -> Iterator[str]:
    files = material.files
    yield (
        f"Proposed for {counted(len(files), 'file')}, such as {shown_name(files[0].name)}; of"
        f" {len(material.samples)} the beginning and the end were read."
    )
    names = material.group.pattern.names
    words = sorted(_words(material.group))
    if words:
        listed = ", ".join(words[:_MOST_WORDS]) + (", ..." if len(words) > _MOST_WORDS else "")
        yield f"One table for {listed}, since their files have the same columns."
    if names:
        texts = ", ".join(f'{name}: "{{{name}}}"' for name in names)
        yield f"To keep what the names say as columns: add_columns: {{{texts}}}"


def _words(group: Group) -> set[str]:
    """The words that change from name to name."""
    tokens = (token for name in group.kind.names for token in name.tokens)
    return {token.text for token in tokens if token.kind == WORD}


def _encoding(material: Material, doubts: list[Doubt]) -> list[Said]:
    encoding = material.encoding
    if encoding.name is None:
        doubts.append(Doubt("csv.encoding", encoding.why))
        return []
    if encoding.name == "utf-8":
        return []
    return [Said(("csv", "encoding"), encoding.name, encoding.why)]


def _compression(material: Material, doubts: list[Doubt]) -> list[Said]:
    kinds = {one.compression for one in material.samples if one.head}
    if len(kinds) > 1:
        listed = ", ".join(sorted(kinds))
        doubts.append(Doubt("compression", f"the files are compressed in several ways: {listed}"))
        return []
    if not any(one.packed_otherwise for one in material.samples):
        return []
    return [Said(("compression",), kinds.pop(), "their names do not say it")]


def _identity(material: Material, doubts: list[Doubt]) -> list[Said]:
    pattern = material.group.pattern
    if not pattern.star_count or not pattern.names:
        return []
    doubts.append(
        Doubt(
            "on_redelivery",
            "another version of a file comes under another name. Its rows are added; if they are to"
            " take the place of the earlier ones, write on_redelivery: replace",
        )
    )
    why = "what the files are of: a version under another name is of the same"
    return [Said(("identity",), {"key": list(pattern.names)}, why)]


def _with_go_file(material: Material, pair: Pair) -> tuple[Layout, GoFound | None]:
    """The go file, and the layout as its count tells it where nothing else tells the header, or
    what becomes of one that stands among the records."""
    layout = material.layout
    for told, skips in _ways(layout):
        found = _go_file(material, pair, told)
        keys = tree(found.said).get("go_file", {}) if found else {}
        if not found or "row_count" not in keys:
            continue
        exact = layout.header is not None or "count_includes" not in keys
        if exact and (not skips or any(one.skipped_headers for one in found.facts)):
            return told, found
    return layout, _go_file(material, pair, layout)


def _ways(layout: Layout) -> Iterator[tuple[Layout, bool]]:
    """What a count may tell, and whether headers among the records are left out then.

    Where the first record stands there again, it is no data.
    """
    headers: tuple[bool, ...] = (True, False) if layout.header is None else ()
    if layout.repeats_header:
        headers = headers[:1]
        yield _skipping(_with_header(layout, header=True)), True
    yield from ((_with_header(layout, header=header), False) for header in headers)


def _skipping(layout: Layout) -> Layout:
    why = "a header stands among the records, and the counts of the go files are those without it"
    doubts = tuple(one for one in layout.doubts if one.about != ".".join(REPEATED_HEADER))
    said = (*layout.said, Said(REPEATED_HEADER, "skip", why))
    return replace(layout, said=said, doubts=doubts, repeats_header=False)


def _with_line_totals(material: Material, layout: Layout, go: GoFound | None) -> Layout:
    """The layout, with those numbers of its trailer or header record that are sums of columns, in
    the form that those of the go file have."""
    known = tree(go.said) if go else {}
    forms: Sequence[Numbers | None] = FORMS
    if "totals" in known.get("go_file", {}):
        forms = [form for form in FORMS if _says(form) == known.get("numbers", {})]
    for form in forms:
        found = _line_totals(material, layout, form)
        if found != layout:
            return found
    return layout


def _says(form: Numbers | None) -> dict[str, str]:
    return form.model_dump(exclude_defaults=True) if form else {}


def _line_totals(material: Material, layout: Layout, form: Numbers | None) -> Layout:
    mapping = _written(_read_by(material, layout.said), form)
    files = [file for file in chosen([*material.files]) if file.size <= WHOLE_BYTES]
    if mapping is None or layout.header is None or not files:
        return layout
    columns = [name for name in mapping.csv.columns or layout.columns if name.strip()]
    if not columns:
        return layout
    sources = [material.zone.source(file) for file in files]
    for proof in ("trailer", "header_record"):
        keys = tree(layout.said).get(proof, {})
        promised: list[Promised] = []
        for place, match in lines_with_a_total(keys, form) if keys else ():
            more = [Said((proof, "match"), match)] if match else []
            total = Said((proof, "totals"), {columns[0]: place})
            probe = _written(_read_by(material, (*layout.said, *more, total)), form)
            found = probe and said_in_line(proof, place, sources, probe)
            if not found:
                continue
            if not match:
                promised.append(found)
                continue
            said, doubts = find_totals(proof, [found], sources, mapping, columns)
            layout = _more(layout, [*more, *said] if said else [], doubts)
            if said:
                break
        said, doubts = find_totals(proof, promised, sources, mapping, columns)
        layout = _more(layout, said, doubts)
    return layout


def _written(mapping: TableMapping | None, form: Numbers | None) -> TableMapping | None:
    """The mapping for numbers of a form."""
    return mapping and mapping.model_copy(update={"numbers": form})


def _more(layout: Layout, said: Sequence[Said], doubts: Sequence[Doubt]) -> Layout:
    """The layout with more keys; one that is there keeps its place and why."""
    new = {one.path: one for one in said}
    kept = [
        replace(one, value=new.pop(one.path).value) if one.path in new else one
        for one in layout.said
    ]
    return replace(layout, said=(*kept, *new.values()), doubts=(*layout.doubts, *doubts))


def _with_header(layout: Layout, *, header: bool) -> Layout:
    """The layout with a header or without, since the go files' counts say so."""
    said = tuple(one for one in layout.said if one.path not in _DETECTED_LATER)
    doubts = tuple(one for one in layout.doubts if one.about != "csv.header")
    if not header:
        names = [f"column_{at}" for at in range(1, len(layout.columns) + 1)]
        why = "the counts of the go files are those without a header"
        said += (Said(("csv", "header"), False, why), Said(("csv", "columns"), names))
        doubts += (Doubt("csv.columns", "the files name no columns, so these are placeholders"),)
    return replace(layout, said=said, doubts=doubts, header=header)


def _go_file(material: Material, pair: Pair, layout: Layout) -> GoFound | None:
    mapping = _mapping(material, layout, pair)
    if mapping is None:
        return None
    by_name = {file.name: file for file in material.files}
    go_names = dict(pair.names)
    picked = chosen([by_name[name] for name in go_names])
    facts = [
        _facts(material, mapping, file, material.go_files[go_names[file.name]]) for file in picked
    ]
    found = [one for one in facts if one is not None]
    if not found:
        return GoFound(listing(pair.form)) if pair.form else None
    headers = int(bool(layout.header))
    trailers = int(layout.has_trailer)
    go = find_places(found, mapping, headers=headers, trailers=trailers, form=pair.form)
    return _with_totals(material.zone, go, mapping, layout)


def _with_totals(zone: Zone, go: GoFound, mapping: TableMapping, layout: Layout) -> GoFound:
    """The go file, with those of its numbers that are sums of columns."""
    if any(one.content is None for one in go.facts):
        return go
    files = [zone.source(one.data) for one in go.facts]
    columns = mapping.csv.columns or layout.columns
    for form in FORMS:
        read = [promised_at(value.place, value.texts, form) for value in go.others]
        promised = [one for one in read if one]
        written = mapping.model_copy(update={"numbers": form})
        said, doubts = find_totals("go_file", promised, files, written, columns)
        if said or doubts:
            return replace(go, said=(*go.said, *said), doubts=(*go.doubts, *doubts))
    return go


def _mapping(material: Material, layout: Layout, pair: Pair) -> TableMapping | None:
    form = dict(pair.form.keys) if pair.form else {"format": "presence"}
    go_file = Said(("go_file",), {"pattern": pair.pattern.text, **form})
    return _read_by(material, (*layout.said, go_file))


def _read_by(material: Material, more: Sequence[Said]) -> TableMapping | None:
    """A mapping that reads these files; ``None``: its keys contradict each other."""
    said = [Said(("table",), "t"), *more]
    if material.encoding.name != "utf-8":
        said.append(Said(("csv", "encoding"), material.encoding.name or material.encoding.decoder))
    said += _compression(material, [])
    return Proposal(material.group.pattern.text, tuple(said)).mapping()


def _facts(
    material: Material, mapping: TableMapping, data: LandedFile, go: LandedFile
) -> Facts | None:
    zone = material.zone
    try:
        with closing(zone.source(go).open()) as opened:
            said = opened.read_at(_GO_BYTES + 1, 0)
        content: bytes | None = None
        inspection: Inspection | None = None
        if data.size <= WHOLE_BYTES:
            with closing(zone.source(data).open()) as opened:
                content = opened.read_at(data.size, 0)
            inspection = _inspection(zone, mapping, data)
    except LandingError:
        return None
    days = tuple(_days(mapping.parts_of(data.name)))
    records = inspection.records if inspection else None
    again = inspection.skipped_headers if inspection else 0
    return Facts(data, go, records, content, said, days, again)


def _inspection(zone: Zone, mapping: TableMapping, data: LandedFile) -> Inspection | None:
    try:
        return inspect(zone.source(data), mapping, may_be_empty=True)
    except LandingError:
        return None


def _days(parts: Sequence[NamePart]) -> Iterator[str]:
    yield from (part.value for part in parts if len(part.value) >= 10 and part.value[4] == "-")
