"""What sort of trouble a passing error is: it decides how long to wait before the next try."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal

TroubleKind = Literal["network", "rate_limit", "timeout"]

_TOO_MANY = 429
_TOO_SLOW = (408, 504)
_SERVER = 500


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """Trouble of a known sort with another machine.

    :param kind: ``network``: it is out of reach, or fails; ``rate_limit``: it has had enough for
        now; ``timeout``: its answer takes too long.
    :param retry_after: seconds from then on, 0 or more, before which it does not want to be asked
        again; ``None``: it does not say.
    """

    kind: TroubleKind
    retry_after: float | None = None


NETWORK = Trouble(kind="network")
TIMEOUT = Trouble(kind="timeout")


def trouble_of_connection(error: BaseException) -> Trouble | None:
    """What an error of Python's own about a connection is; ``None``: it is about none."""
    if isinstance(error, TimeoutError):
        return TIMEOUT
    return NETWORK if isinstance(error, ConnectionError) else None


def trouble_of_answer(status: int | None, headers: Mapping[str, str]) -> Trouble | None:
    """What an HTTP answer is that refuses; ``None``: one that a later try gets as well.

    :param status: of the answer.
    :param headers: of the answer; their names in any case, as the mapping has it.
    """
    after = retry_after(headers)
    if status == _TOO_MANY:
        return Trouble(kind="rate_limit", retry_after=after)
    if status in _TOO_SLOW:
        return Trouble(kind="timeout", retry_after=after)
    if status is not None and status >= _SERVER:
        return Trouble(kind="network", retry_after=after)
    return None


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that ``Retry-After`` asks for, 0 or more; ``None``: there is none, or rubbish."""
    lowered = {name.lower(): text for name, text in headers.items()}
    text = lowered.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError, OverflowError):  # of an offset of years
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())
