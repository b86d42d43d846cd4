"""What keeps an event from being sent, in words that hold no secret."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from airflow.providers.common.compat.sdk import AirflowException

from airflow_landing_loader.events.publishing import NotSentError
from airflow_landing_loader.safe_text import masked, printable

_MAX_WHY = 300


@contextmanager
def as_not_sent(package: str) -> Iterator[None]:
    """Whatever goes wrong while something is sent keeps it in the outbox.

    Airflow's own words are told, which name connections; of a library's error its kind alone: its
    words may hold an address with a token in it.

    :param package: the distribution that has to be installed.
    :raises NotSentError: in place of every error.
    """
    try:
        yield
    except NotSentError:
        raise
    except ImportError as error:
        raise NotSentError(f"it needs `pip install {package}`") from error
    except (AirflowException, ValueError) as error:
        why = printable(masked(f"{type(error).__name__}: {error}"), _MAX_WHY)
        raise NotSentError(why) from error
    except Exception as error:
        raise NotSentError(type(error).__name__) from error
