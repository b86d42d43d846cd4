"""Death at a chosen place: functions of the loader are wrapped in a process that is about to die.

Production code knows nothing of this: the wrapping is done in the forked child alone, before it
starts to work.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Applies = Callable[..., bool]


def die() -> None:
    """As by the kernel's out-of-memory killer: at once, nothing is cleaned up."""
    os.kill(os.getpid(), signal.SIGKILL)


def always(*_: Any, **__: Any) -> bool:
    """Every call counts."""
    return True


@dataclass
class Trap:
    """Counts how often its place is passed, and kills there.

    :param nth: the passing that kills, from 1.
    :param delay: seconds from there to death, for deaths *in* a step; the step goes on meanwhile.
    """

    nth: int = 1
    delay: float = 0.0
    passed: int = 0

    def spring(self) -> None:
        """The place is passed."""
        self.passed += 1
        if self.passed == self.nth:
            die()

    def spring_later(self) -> None:
        """The step in which to die begins."""
        self.passed += 1
        if self.passed == self.nth:
            threading.Thread(target=self._wait_and_die, daemon=True).start()

    def before(self, owner: Any, name: str, applies: Applies = always) -> None:
        """Die before a call of ``owner.name`` whose arguments fit."""
        original = getattr(owner, name)

        def deadly(*args: Any, **keys: Any) -> Any:
            if applies(*args, **keys):
                self.spring()
            return original(*args, **keys)

        setattr(owner, name, deadly)

    def after(self, owner: Any, name: str, applies: Applies = always) -> None:
        """Die after a call of ``owner.name`` whose arguments fit."""
        original = getattr(owner, name)

        def deadly(*args: Any, **keys: Any) -> Any:
            result = original(*args, **keys)
            if applies(*args, **keys):
                self.spring()
            return result

        setattr(owner, name, deadly)

    def _wait_and_die(self) -> None:
        time.sleep(self.delay)
        die()
