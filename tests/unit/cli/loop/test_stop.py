"""A stop by signal: asked for once, killed by the second, never locked up."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_landing_loader.cli.loop import stop as stop_module
from airflow_landing_loader.cli.loop.stop import Stop, StopRequested

# Numbers of the system calls that select() may be, on x86-64 and on 64-bit Arm.
SELECTS = ("23", "270", "72")


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


@pytest.mark.skipif(not Path("/proc/self/syscall").exists(), reason="asks Linux who sleeps")
def test_a_signal_that_another_thread_takes_ends_the_sleep_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As one does that comes when the main thread is about to sleep: nothing interrupts that."""
    woken = []

    def select_once(*arguments: Any) -> Any:
        taker = threading.Thread(target=take)
        taker.start()
        found = select.select(*arguments)
        taker.join()
        woken.append(found[0])
        return found

    def take() -> None:
        main = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/syscall")
        while main.read_text().split()[0] not in SELECTS:
            time.sleep(0.001)  # it is not asleep yet
        signal.pthread_kill(threading.get_ident(), signal.SIGTERM)

    monkeypatch.setattr(stop_module, "select", SimpleNamespace(select=select_once))
    with Stop() as stop:
        assert stop.sleep(20)
    assert [len(ready) for ready in woken] == [1]  # by the pipe, and not by the end of the time


def test_a_signal_that_asks_for_nothing_ends_no_sleep() -> None:
    calls = []
    before = signal.signal(signal.SIGUSR1, lambda *_: calls.append(1))
    try:
        with Stop() as stop:
            os.kill(os.getpid(), signal.SIGUSR1)
            begun = time.monotonic()
            assert not stop.sleep(0.05)
            assert time.monotonic() - begun >= 0.05
            assert not stop.sleep(0.01)
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert calls == [1]


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
