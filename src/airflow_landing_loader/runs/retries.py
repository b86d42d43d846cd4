"""How often a task is tried again after a transient error, and how long it waits before."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from airflow_landing_loader.exceptions import ErrorDetail
from airflow_landing_loader.settings import Settings

LONGEST_ASKED_FOR = 3600.0
"""Seconds that another machine may ask for; one that wants more is asked again after these."""


@dataclass(frozen=True, kw_only=True)
class Retry:
    """The next try of a task.

    :param why: the sort of trouble in words, ``other`` where it is of no known sort.
    :param wait: seconds before it, at least.
    :param number: the how manieth retry it is, from 1.
    :param of: how many there may be.
    """

    why: str
    wait: float
    number: int
    of: int

    @property
    def text(self) -> str:
        """Such as ``network: retry 2 of 5 in 2 s``."""
        return f"{self.why}: retry {self.number} of {self.of} in {self.wait:g} s"


@dataclass(frozen=True, kw_only=True)
class RetryWaits:
    """Seconds before each retry, by the sort of trouble; as many retries as waits.

    :param other: after transient errors of no known sort: a database that somebody else holds, a
        zone that is not there, a file that changes.
    """

    network: tuple[float, ...]
    rate_limit: tuple[float, ...]
    timeout: tuple[float, ...]
    other: tuple[float, ...]

    @classmethod
    def of(cls, settings: Settings) -> RetryWaits:
        """As the settings ``retry_waits_...`` say."""
        return cls(
            network=_seconds(settings.retry_waits_network),
            rate_limit=_seconds(settings.retry_waits_rate_limit),
            timeout=_seconds(settings.retry_waits_timeout),
            other=_seconds(settings.retry_waits_other),
        )

    @property
    def most(self) -> int:
        """The most retries that any sort of trouble has."""
        return max(map(len, (self.network, self.rate_limit, self.timeout, self.other)))

    def next_retry(self, errors: Sequence[ErrorDetail], tried: int, limit: int) -> Retry | None:
        """What follows a try that has failed; ``None``: no other one.

        Of several errors the one that is waited for longest decides. All tries count alike,
        whatever each of them failed for.

        :param errors: of the try; terminal ones come out the same again, and are passed over.
        :param tried: tries so far, 1 or more.
        :param limit: retries that the task has at most.
        """
        found = (self._after(error, tried, limit) for error in errors if error.transient)
        return max(filter(None, found), key=lambda retry: retry.wait, default=None)

    def _after(self, error: ErrorDetail, tried: int, limit: int) -> Retry | None:
        trouble = error.trouble
        why = "other" if trouble is None else trouble.kind
        waits: tuple[float, ...] = getattr(self, why)
        most = min(len(waits), limit)
        if tried > most:
            return None
        wait = waits[tried - 1]
        if trouble is not None and trouble.retry_after is not None:
            wait = min(trouble.retry_after, LONGEST_ASKED_FOR)
        return Retry(why=why.replace("_", " "), wait=wait, number=tried, of=most)


def _seconds(text: str) -> tuple[float, ...]:
    """The waits of a setting, whose form is checked already."""
    return () if text.lower() == "none" else tuple(map(float, re.findall(r"\d+", text)))
