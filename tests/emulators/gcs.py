"""Starts the GCS emulator: `python gcs.py ARGUMENT...`, in its environment."""

from __future__ import annotations

if __name__ == "__main__":
    from gcp_storage_emulator.__main__ import main

    main()
