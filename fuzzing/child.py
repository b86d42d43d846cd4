"""One target under libFuzzer, which ends its process: ``python -m fuzzing.child TARGET ARGS``."""

from __future__ import annotations

import shlex
import sys

import atheris

from fuzzing.targets import load

# The models are watched, too: what they tell apart is what the code must tell apart, also where it
# does so in one step for a whole block.
_WATCHED = ["airflow_landing_loader", "fuzzing"]


def main() -> None:
    """Fuzz the target; the arguments behind its name are libFuzzer's own."""
    name, *arguments = sys.argv[1:]
    with atheris.instrument_imports(include=_WATCHED):
        target = load(name)
    # A merge starts itself again by a line for the shell, which begins with this.
    atheris.Setup(
        [f"{shlex.quote(sys.executable)} -m fuzzing.child {name}", *arguments], target.run
    )
    atheris.Fuzz()


if __name__ == "__main__":
    main()
