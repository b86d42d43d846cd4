"""A StatsD server: a UDP socket that keeps what it is told, and what Prometheus makes of it."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import yaml

GRAFANA = Path(__file__).parents[2] / "include" / "grafana"


@dataclass(frozen=True)
class Line:
    """One line of the protocol, with tags as InfluxDB has them.

    :param kind: ``c`` a counter, ``g`` a gauge, ``ms`` a time.
    """

    name: str
    value: float
    kind: str
    tags: dict[str, str] = field(default_factory=dict)


@dataclass
class StatsD:
    """What was told so far.

    :param options: environment variables that make Airflow tell it.
    """

    options: dict[str, str]
    packets: list[str] = field(default_factory=list)

    def lines(self, prefix: str = "airflow.landing_loader.") -> list[Line]:
        """What was told under names that begin so."""
        told = (line for packet in list(self.packets) for line in packet.splitlines())
        return [parsed(line) for line in told if line.startswith(prefix)]

    def sums(self) -> dict[tuple[str, str], float]:
        """Our counters added up, by name and table."""
        found: dict[tuple[str, str], float] = {}
        for line in self.lines():
            if line.kind == "c":
                key = line.name.removeprefix("airflow."), line.tags["table"]
                found[key] = found.get(key, 0) + line.value
        return found


def parsed(line: str) -> Line:
    """A line such as ``airflow.landing_loader.rows,table=raw_a:2|c``."""
    named, _, rest = line.rpartition(":")
    value, kind = rest.split("|")[:2]
    name, *tags = named.split(",")
    return Line(name, float(value), kind, dict(tag.split("=", 1) for tag in tags))


@contextmanager
def listening() -> Iterator[StatsD]:
    """A server on a free port of 127.0.0.1."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        udp.settimeout(0.2)
        section = "AIRFLOW__METRICS__STATSD_"
        server = StatsD(
            {
                f"{section}ON": "True",
                f"{section}HOST": "127.0.0.1",
                f"{section}PORT": str(udp.getsockname()[1]),
                f"{section}INFLUXDB_ENABLED": "True",
            }
        )
        ended = threading.Event()

        def listen() -> None:
            while not ended.is_set():
                try:
                    server.packets.append(udp.recv(65536).decode())
                except TimeoutError:
                    continue

        listener = threading.Thread(target=listen)
        listener.start()
        try:
            yield server
        finally:
            ended.set()
            listener.join()


@dataclass(frozen=True)
class Exported:
    """A metric as Prometheus knows it."""

    name: str
    labels: dict[str, str]


def exported(line: Line) -> Exported:
    """What statsd-exporter makes of a line by our mapping file: a star stands for one level.

    :raises LookupError: no rule is for it.
    """
    for rule in yaml.safe_load((GRAFANA / "statsd-mapping.yaml").read_text())["mappings"]:
        pattern = re.escape(rule["match"]).replace(r"\*", "([^.]*)")
        found = re.fullmatch(pattern, line.name)
        if found:
            own = {k: found[int(v.removeprefix("$"))] for k, v in rule.get("labels", {}).items()}
            return Exported(rule["name"], own | line.tags)
    raise LookupError(line.name)
