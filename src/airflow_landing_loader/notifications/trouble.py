"""What keeps an event from being sent, in words that hold no secret."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from airflow.providers.common.compat.sdk import AirflowException

from airflow_landing_loader.events.publishing import NotSentError
from airflow_landing_loader.safe_text import printable

_MAX_WHY = 300
# What Airflow's words quote: a connection's URI, and what a server answered, which may repeat the
# path that it was asked for.
_ANSWER = re.compile(r"Response body: .*, (?=Status Code)", re.DOTALL)
_FROM_ADDRESS_ON = re.compile(r"\S*://.*", re.DOTALL)


@contextmanager
def as_not_sent(package: str) -> Iterator[None]:
    """Whatever goes wrong while something is sent keeps it in the outbox.

    Airflow's own words are told, which name connections, without answers and up to an address; of
    any other error its kind alone: its words may hold a header or an address with a token in it.

    :param package: the distribution that has to be installed.
    :raises NotSentError: in place of every error.
    """
    try:
        yield
    except NotSentError:
        raise
    except ImportError as error:
        raise NotSentError(f"it needs `pip install {package}`") from error
    except AirflowException as error:
        told = _FROM_ADDRESS_ON.sub("***", _ANSWER.sub("", str(error)))
        why = printable(f"{type(error).__name__}: {told}", _MAX_WHY)
        raise NotSentError(why) from error
    except Exception as error:
        raise NotSentError(type(error).__name__) from error
