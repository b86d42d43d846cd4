"""How soon a file that was left in landing is tried again, and when it is told again."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from airflow_landing_loader.holdback import delivery_token
from airflow_landing_loader.landing.model import Delivery
from airflow_landing_loader.outcome import Outcome

LONGEST = 300.0


@dataclass(frozen=True, kw_only=True)
class _Left:
    """A file that was left: which arrival, why, how often in a row, when it is tried again."""

    token: str | None
    code: str
    tries: int
    until: float


class Patience:
    """Doubles the pause of a file with each try that leaves it, up to five minutes.

    A file that has changed since is another arrival and is offered at once.

    :param interval: pause after the first try, seconds.
    """

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self._left: dict[str, _Left] = {}
        self._tokens: dict[str, str] = {}

    def offered(self, ready: Sequence[Delivery]) -> tuple[Delivery, ...]:
        """Those deliveries that need not wait, in order."""
        tokens = {delivery.data.name: delivery_token(delivery) for delivery in ready}
        self._left = {n: left for n, left in self._left.items() if tokens.get(n) == left.token}
        self._tokens = tokens
        now = time.monotonic()
        return tuple(
            delivery
            for delivery in ready
            if (left := self._left.get(delivery.data.name)) is None or now >= left.until
        )

    def note(self, outcome: Outcome) -> bool:
        """Remember an outcome; return whether it is news, and not the same trouble once more."""
        before = self._left.pop(outcome.name, None)
        if outcome.status != "left" or outcome.error is None:
            return True
        tries = before.tries if before else 0
        self._left[outcome.name] = _Left(
            token=self._tokens.get(outcome.name),
            code=outcome.error.code,
            tries=tries + 1,
            until=time.monotonic() + min(self._interval * 2**tries, LONGEST),
        )
        return before is None or before.code != outcome.error.code
