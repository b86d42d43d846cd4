"""Where messages and events arrive, for real: a web server and a mail server on 127.0.0.1."""

from __future__ import annotations

import email
import email.policy
import json
import re
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


@dataclass
class Receiver:
    """A web server that keeps what it takes.

    :ivar taken: headers and body of each request that was answered with 2xx, in order.
    :ivar answer: called with headers and body; the status to answer with, 0 to hang up, 1 to hang
        up after it has taken the request.
    :ivar says: the body of each answer.
    """

    answer: Callable[[dict[str, str], str], int] = lambda *_: 204
    taken: list[tuple[dict[str, str], str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    says: str = ""

    def __enter__(self) -> Self:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                headers = dict(self.headers)
                status = receiver.answer(headers, body)
                receiver.paths.append(self.path)
                if 200 <= status < 300 or status == 1:
                    receiver.taken.append((headers, body))
                if status in (0, 1):
                    self.close_connection = True
                    return
                self.send_response(status)
                if 300 <= status < 400:
                    self.send_header("Location", "/elsewhere")
                said = receiver.says.encode()
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        host, port = self._server.server_address[:2]
        return str(host), port

    @property
    def connection(self) -> str:
        """An Airflow connection to it."""
        host, port = self.address
        return json.dumps(
            {"conn_type": "http", "host": host, "port": port, "login": "u", "password": "pass-word"}
        )

    @property
    def ids(self) -> list[str]:
        """The ids of what was taken, in order."""
        return [headers["Idempotency-Key"] for headers, _ in self.taken]


@dataclass(frozen=True)
class Mail:
    """A mail as it arrived."""

    raw: Any

    @property
    def subject(self) -> str:
        return str(self.raw["Subject"])

    @property
    def text(self) -> str:
        parts = [p.get_content() for p in self.raw.walk() if p.get_content_type() == "text/html"]
        return "\n".join(parts)


class Mailbox:
    """A mail server that keeps what it takes: the few words of SMTP that a sender needs.

    :ivar refuses: whether it hangs up on everybody.
    """

    def __init__(self) -> None:
        self.mails: list[Mail] = []
        self.refuses = False
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._ended = False

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._ended = True
        with socket.create_connection(self._socket.getsockname()):
            pass
        self._thread.join()
        self._socket.close()

    @property
    def connection(self) -> str:
        """An Airflow connection to it."""
        host, port = self._socket.getsockname()
        extra = {"disable_ssl": True, "disable_tls": True, "retry_limit": 1, "timeout": 5}
        return json.dumps({"conn_type": "smtp", "host": host, "port": port, "extra": extra})

    def _serve(self) -> None:
        while True:
            client, _ = self._socket.accept()
            with client:
                if self._ended:
                    return
                if not self.refuses:
                    self._talk(client)

    def _talk(self, client: socket.socket) -> None:
        lines = client.makefile("rb")
        client.sendall(b"220 here\r\n")
        for line in lines:
            word = line.strip().upper()
            if word == b"DATA":
                client.sendall(b"354 go on\r\n")
                self.mails.append(_mail(_until_dot(lines)))
            elif word == b"QUIT":
                client.sendall(b"221 bye\r\n")
                return
            client.sendall(b"250 fine\r\n")


def _until_dot(lines: Any) -> bytes:
    body = []
    for line in lines:
        if line.rstrip() == b".":
            break
        body.append(re.sub(rb"^\.\.", b".", line))
    return b"".join(body)


def _mail(body: bytes) -> Mail:
    return Mail(email.message_from_bytes(body, policy=email.policy.default))


def until(condition: Callable[[], Any], seconds: float = 30.0) -> None:
    """Wait for something that other threads do."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)
