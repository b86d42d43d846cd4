"""A stop by signal: asked for once, killed by the second, never locked up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

import pytest

from airflow_landing_loader.cli.loop.stop import Stop, StopRequested


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_asks_for_a_stop(number: int, capfd: pytest.CaptureFixture[str]) -> None:
    before = signal.getsignal(number)
    with Stop() as stop:
        assert not stop.requested
        os.kill(os.getpid(), number)
        assert stop.requested
        assert stop.signal_number == number
        assert stop.sleep(3600)  # does not sleep any more
    assert signal.getsignal(number) is before
    assert signal.Signals(number).name in capfd.readouterr().err


def test_a_signal_ends_the_sleep() -> None:
    with Stop() as stop:
        killer = threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGTERM))
        killer.start()
        assert stop.sleep(3600)
        killer.join()


def test_without_a_signal_the_sleep_ends_by_itself() -> None:
    with Stop() as stop:
        assert not stop.sleep(0.01)
        assert not stop.sleep(0)


def test_a_signal_breaks_off_what_may_be_broken_off() -> None:
    with Stop() as stop:
        with pytest.raises(StopRequested), stop.interrupting():
            os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(StopRequested), stop.interrupting():
            pytest.fail("began after the signal")


def test_nothing_is_broken_off_behind_the_block() -> None:
    with Stop() as stop:
        with stop.interrupting():
            pass
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop.requested


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_kills(number: int) -> None:
    code = (
        "import os, sys\n"
        "from airflow_landing_loader.cli.loop.stop import Stop\n"
        "with Stop() as stop:\n"
        f"    os.kill(os.getpid(), {int(number)})\n"
        "    print('once', flush=True)\n"
        f"    os.kill(os.getpid(), {int(number)})\n"
        "    print('still alive', flush=True)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == -number
    assert done.stdout == "once\n"


def test_a_closed_standard_error_does_not_matter() -> None:
    code = (
        "import os\n"
        "from airflow_landing_loader.cli.loop.stop import Stop\n"
        "with Stop() as stop:\n"
        "    os.close(2)\n"
        "    os.kill(os.getpid(), 15)\n"
        "    print(stop.requested)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "True\n")
