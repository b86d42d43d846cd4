"""Signals end a demo, wherever it is."""

from __future__ import annotations

import os
import signal

import pytest

from processes import Interrupted, interruptible, raise_if_interrupted


class _Interrupted:
    """Python ignores what is raised while an object is destroyed."""

    def __del__(self) -> None:
        os.kill(os.getpid(), signal.SIGHUP)


def _interrupted(looks: int) -> None:
    with interruptible():
        _Interrupted()
        for _ in range(looks):
            raise_if_interrupted()
            pytest.fail("heard too late")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("looks", [1, 0])
def test_a_signal_whose_exception_python_ignores_is_heard_later(looks: int) -> None:
    before = signal.getsignal(signal.SIGHUP)
    with pytest.raises(Interrupted) as stop:
        _interrupted(looks)
    assert stop.value.exit_code == 128 + signal.SIGHUP
    assert signal.getsignal(signal.SIGHUP) is before
    raise_if_interrupted()  # nothing is remembered for another one
