"""What a terminal is shown: colours, a bar, tables that fit."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import threading

from tests.support.shells import PATIENCE, PROGRAM, Shell


def _on_a_terminal(shell: Shell, *arguments: str, columns: int = 120) -> tuple[int, str]:
    main, other = pty.openpty()
    environ = {**shell.environ, "TERM": "xterm-256color", "COLUMNS": str(columns), "LINES": "40"}
    process = subprocess.Popen(
        [*PROGRAM, *arguments],
        env=environ,
        stdin=other,
        stdout=other,
        stderr=other,
        cwd=shell.zones.root,
        close_fds=True,
    )
    os.close(other)
    said = bytearray()

    def read() -> None:
        while True:
            try:
                chunk = os.read(main, 65536)
            except OSError:  # the other end is closed
                return
            if not chunk:
                return
            said.extend(chunk)

    reader = threading.Thread(target=read)
    reader.start()
    code = process.wait(timeout=PATIENCE)
    reader.join()
    os.close(main)
    return code, said.decode()


def test_a_terminal_gets_a_bar_and_tables(shell: Shell) -> None:
    for number in range(20):
        shell.land(f"instruments_{number:02}.csv", "a\n1\n")
    shell.land("instruments_[red]bad.csv", "")
    code, said = _on_a_terminal(shell, "run", "--once")
    assert code == 1
    assert "21/21" in said
    assert "━" in said
    assert "instruments_[red]bad.csv" in said
    assert "What to do:" in said
    shell.environ["NO_COLOR"] = "1"
    code, said = _on_a_terminal(shell, "list")
    assert code == 0
    assert "\x1b[3" not in said
    assert "raw_instruments" in said


def test_a_narrow_terminal_breaks_no_name(shell: Shell) -> None:
    name = "instruments_of_a_counterparty_of_a_rather_long_name_20240115.csv"
    shell.land(name, "a\n1,2\n")
    for command in (["list"], ["run", "--once"], ["status"]):
        _, said = _on_a_terminal(shell, *command, columns=80)
        lines = [re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", line) for line in said.splitlines()]
        assert any(name in line and len(line) <= 80 for line in lines), command
    _, said = _on_a_terminal(shell, "verify", "nobody.csv", columns=40)
    assert max(map(len, said.replace("\x1b[31m", "").replace("\x1b[0m", "").split("\r\n"))) <= 40


def test_the_help_of_a_flag_names_no_type_where_there_is_no_value_to_give(shell: Shell) -> None:
    for arguments in (["--help"], ["verify", "--help"]):
        code, said = _on_a_terminal(shell, *arguments)
        assert code == 0
        assert "Options" in said
        assert "bool" not in said.lower()
