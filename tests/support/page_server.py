"""A visitor's pages at an address of this machine, for a browser."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from airflow_home import free_port
from tests.support.pages import Visitor


@contextmanager
def serving(visitor: Visitor) -> Iterator[str]:
    """Serve the pages; yields the address of the overview, without a slash at its end."""
    port = free_port()
    config = uvicorn.Config(visitor.client.app, host="127.0.0.1", port=port, log_level="warning")
    server = uvicorn.Server(config)
    started = threading.Event()
    startup = server.startup

    async def and_tell(*args: object, **kwargs: object) -> None:
        await startup(*args, **kwargs)  # type: ignore[arg-type]
        started.set()

    server.startup = and_tell  # type: ignore[method-assign]
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    assert started.wait(60)
    try:
        yield f"http://127.0.0.1:{port}/landing-loader"
    finally:
        server.should_exit = True
        thread.join(30)
