"""How soon a file that was left in landing is tried again, and when it is told again.

Runs of Airflow hold files back, too (:mod:`~airflow_landing_loader.runs.holdback`). Which ones have
to wait is one question for both. For how long is not: there it decides when a run turns red, and
files that were left for one reason wait together; a loop never turns red.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from airflow_landing_loader.landing.model import Delivery
from airflow_landing_loader.pipeline.outcome import Outcome
from airflow_landing_loader.runs.holdback import HeldBack, delivery_token, offered

LONGEST = 300.0


class Patience:
    """Doubles the pause of a file with each try that leaves it, up to five minutes.

    A file that has changed since is another arrival and is offered at once.

    :param interval: pause after the first try, seconds.
    """

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self._left: dict[str, HeldBack] = {}
        self._tokens: dict[str, str] = {}

    def offered(self, ready: Sequence[Delivery]) -> tuple[Delivery, ...]:
        """Those deliveries that need not wait, in order."""
        self._tokens = {delivery.data.name: delivery_token(delivery) for delivery in ready}
        self._left = {n: e for n, e in self._left.items() if self._tokens.get(n) == e.token}
        return offered(ready, self._left.values(), time.monotonic())

    def note(self, outcome: Outcome) -> bool:
        """Remember an outcome; return whether it is news, and not the same trouble once more."""
        before = self._left.pop(outcome.name, None)
        if outcome.status != "left" or outcome.error is None:
            return True
        now = time.monotonic()
        since = now if before is None else before.since
        self._left[outcome.name] = HeldBack(
            name=outcome.name,
            token=self._tokens.get(outcome.name),
            code=outcome.error.code,
            since=since,
            until=now + min(self._interval + now - since, LONGEST),
            failed=False,
        )
        return before is None or before.code != outcome.error.code
