"""What was counted of a load's records by the rules of its mapping.

A record is good if it breaks no rule; one that was rejected is not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from airflow_landing_loader.config.mapping.column_names import clean_name, same
from airflow_landing_loader.config.mapping.quality import Quality
from airflow_landing_loader.exceptions import ErrorCode, TerminalError
from airflow_landing_loader.loading.columns.names import FileColumn
from airflow_landing_loader.safe_text import counted

ALL, REQUIRED, TYPES, UNIQUE, REJECTED = "all", "required", "types", "unique", "rejected"
_NAMED = 20


@dataclass(frozen=True, kw_only=True)
class QualityLine:
    """One rule of a load, or the load as a whole.

    :param rule: ``required``, ``types``, ``unique``, ``rejected``, or ``all``: a record that breaks
        any of them.
    :param column: the column, or the columns, separated by commas.
    :param failed: records that break it.
    """

    rule: str
    column: str | None
    failed: int


@dataclass(frozen=True, kw_only=True)
class LoadQuality:
    """What was counted of one load.

    :param records: of the file, the rejected ones too.
    :param lines: the load as a whole first, then each rule.
    :param unknown: columns that the rules name and neither the file nor the table has.
    """

    records: int
    lines: tuple[QualityLine, ...]
    unknown: tuple[str, ...] = ()

    @classmethod
    def of_nothing(cls) -> LoadQuality:
        """Return what is counted where there are no columns, nor any record."""
        return cls(records=0, lines=(QualityLine(rule=ALL, column=None, failed=0),))

    @property
    def score(self) -> float:
        """Percent of the records that are good; 100 where there are none."""
        return self.share_without(self.lines[0].failed)

    def share_without(self, failed: int) -> float:
        """Percent of the records that are none of these."""
        return 100 * (self.records - failed) / self.records if self.records else 100.0

    def figures(self) -> str:
        """The rules that were broken, with how often."""
        broken = [line for line in self.lines[1:] if line.failed]
        told = [self._told(line) for line in broken[:_NAMED]]
        named = [f"{what} {line.failed:,}" for what, line in zip(told, broken, strict=False)]
        more = [f"and {len(broken) - _NAMED} rules more"] if len(broken) > _NAMED else []
        return ", ".join([*named, *more])

    def _told(self, line: QualityLine) -> str:
        absent = " (no such column)" if line.column in self.unknown else ""
        return f"{line.rule} {line.column or ''}".strip() + absent

    def require(self, least: float | None, *, file: str) -> None:
        """Refuse a load that is too bad.

        :param least: the mapping's ``fail_below``.
        :raises TerminalError: ``QUALITY_TOO_LOW``.
        """
        good = self.records - self.lines[0].failed
        if least is None or 100 * good >= Fraction(str(least)) * self.records:
            return
        raise TerminalError(
            ErrorCode.QUALITY_TOO_LOW,
            f"{self.lines[0].failed:,} of {counted(self.records, 'record')} break a rule of "
            f"quality, which is a score of {shown_score(self.score)}; fail_below is {least:g} "
            f"({self.figures()})",
            hint="Ask the sender for a better file, or lower quality.fail_below and replay.",
            file=file,
        )


def places_of(
    quality: Quality, columns: Sequence[FileColumn], known: Mapping[int, str]
) -> dict[str, int | None]:
    """Where in a file the columns are that rules name, by that name; ``None``: it lacks them.

    A name is one that the table has; else one of the file, or what a table would make of that.

    :param columns: the file's.
    :param known: the table's names of those that go to a column, by their places in the file.
    """
    places = {same(column.column): index for index, column in enumerate(columns)}
    places |= {same(column.name): index for index, column in enumerate(columns)}
    places |= {same(name): index for index, name in known.items()}
    named = (*quality.required, *quality.types, *(name for key in quality.unique for name in key))
    return {name: places.get(same(clean_name(name))) for name in named}


def shown_score(score: float) -> str:
    """A score with two places; never a better one than it is."""
    return f"{int(score * 100) / 100:.2f}"
