"""Work on hundreds of thousands of small values at once."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def many_values() -> Iterator[None]:
    """The collector of cycles rests while values are made that are in none.

    It would look at all of them over and over while they become more, which takes longer than
    making them.
    """
    if not gc.isenabled():  # someone else's wish, or another thread's for the same reason
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
