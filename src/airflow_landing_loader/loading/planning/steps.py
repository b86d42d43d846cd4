"""A delivery between the decision on it and its verdict."""

from __future__ import annotations

from dataclasses import dataclass

from airflow_landing_loader.landing.model import Delivery, Validated
from airflow_landing_loader.loading.model import Load, Loaded
from airflow_landing_loader.loading.planning.identity import NewLoad
from airflow_landing_loader.loading.planning.notes import notes_of


@dataclass(frozen=True)
class Planned:
    """A delivery that is to be loaded.

    :param missing: the number that is missing before its own, where that is only told.
    """

    validated: Validated
    decision: NewLoad
    missing: int | None = None

    @property
    def delivery(self) -> Delivery:
        """The delivery itself."""
        return self.validated.delivery

    @property
    def load_id(self) -> str:
        """The id of its load."""
        return self.decision.load_id

    @property
    def table(self) -> str:
        """The table that it is loaded into."""
        return self.validated.delivery.mapping.table

    @property
    def replaces(self) -> tuple[str, ...]:
        """The loads whose rows this one replaces."""
        restates, forgotten = self.decision.restates, self.decision.forgotten
        replaced = list(forgotten)
        if restates is not None and self.validated.delivery.mapping.on_redelivery == "replace":
            replaced.append(restates)
        return tuple(load.load_id for load in replaced)

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be said of it before its load is."""
        if self.missing is None:
            return self.decision.notes
        gap = f"number {self.missing:,} of its sequence is missing before it"
        return (*self.decision.notes, gap)


@dataclass(frozen=True)
class Earlier:
    """A delivery that an earlier try has loaded."""

    validated: Validated
    load_id: str

    @property
    def delivery(self) -> Delivery:
        """The delivery itself."""
        return self.validated.delivery

    def verdict(self, load: Load) -> Loaded:
        """Say so, given the row of ``load_metadata``, with what was to be said of it then."""
        notes = notes_of(self.validated, load)
        return Loaded(
            delivery=self.validated.delivery,
            load=load,
            notes=("loaded by an earlier try", *notes),
        )
