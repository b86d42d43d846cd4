"""``python -m airflow_landing_loader.main``: the same loop as ``landing-loader run``."""

from __future__ import annotations

import sys

from airflow_landing_loader.cli import main

if __name__ == "__main__":
    main(["run", *sys.argv[1:]])
