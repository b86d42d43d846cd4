"""A server that does what another one does, but for requests that it is told to answer badly."""

from __future__ import annotations

import itertools
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

_OF_ONE_CONNECTION = ("connection", "keep-alive", "transfer-encoding", "content-length")


@dataclass(frozen=True)
class Bad:
    """A bad answer.

    :param status: of HTTP; 0: the connection is closed without a word.
    :param promised: bytes that it says it has, of which the body are the first.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    promised: int | None = None


@dataclass
class Troubled:
    """A running server in front of another.

    :param bad: what it answers to GET requests of a path's last part, each once and in order.
    :param asked: when it was asked for each of these, seconds since the epoch.
    """

    url: str
    upstream: str
    bad: dict[str, list[Bad]] = field(default_factory=dict)
    asked: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def waits(self, name: str) -> list[float]:
        """Seconds between requests for a name."""
        return [later - earlier for earlier, later in itertools.pairwise(self.asked[name])]


@contextmanager
def troubled(upstream: str = "http://127.0.0.1:9") -> Iterator[Troubled]:
    """Run such a server.

    :param upstream: address of the other one; asked only where no bad answer is left.
    """
    server = _Server(("127.0.0.1", 0), _Handler)
    server.made = Troubled(f"http://127.0.0.1:{server.server_address[1]}", upstream)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    made: Troubled

    def handle_error(self, request: object, client_address: object) -> None:
        pass  # whoever asked has gone


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Any

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):
            return self._serve
        raise AttributeError(name)

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        name = urlsplit(self.path).path.rpartition("/")[2]
        made: Troubled = self.server.made
        if self.command == "GET" and name in made.bad:
            made.asked[name].append(time.time())
            if made.bad[name]:
                self._answer_badly(made.bad[name].pop(0))
                return
        self._pass_on(body, made.upstream)

    def _answer_badly(self, answer: Bad) -> None:
        self.close_connection = True
        if answer.status == 0:
            return
        self.send_response(answer.status)
        for name, text in answer.headers.items():
            self.send_header(name, text)
        length = len(answer.body) if answer.promised is None else answer.promised
        self.send_header("Content-Length", str(length))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(answer.body)

    def _pass_on(self, body: bytes, upstream: str) -> None:
        target = urlsplit(upstream)
        other = HTTPConnection(str(target.hostname), target.port or 80, timeout=60)
        headers = {k: v for k, v in self.headers.items() if k.lower() != "connection"}
        other.request(self.command, self.path, body=body, headers=headers)
        with other.getresponse() as answer:
            content = answer.read()
            length = answer.getheader("Content-Length") or str(len(content))
            self.send_response(answer.status, answer.reason)
            for name, text in answer.getheaders():
                if name.lower() not in _OF_ONE_CONNECTION:
                    self.send_header(name, text)
            self.send_header("Content-Length", length)
            self.end_headers()
            self.wfile.write(content)
        other.close()

    def log_message(self, format: str, *args: object) -> None:
        pass
