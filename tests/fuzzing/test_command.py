"""``make fuzz``: what it tells of inputs that break a promise, and of those that do not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from airflow_landing_loader.loading.columns import names
from fuzzing import campaign
from fuzzing.__main__ import main
from fuzzing.campaign import KEPT, target_of

HEADER = next((KEPT / "headers").iterdir())
TOO_LONG = b"\0\0" + b"x" * 301


def test_a_kept_input_is_replayed_by_its_folder(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--replay", str(HEADER)]) == 0
    assert "headers: no promise is broken" in capsys.readouterr().out


def test_an_input_that_breaks_a_promise_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "crash-1"
    path.write_bytes(TOO_LONG)
    assert main(["--replay", str(path), "--target", "headers"]) == 0
    monkeypatch.setattr(names, "MAX_LENGTH", 10_000)
    assert main(["--replay", str(path), "--target", "headers"]) == 1
    assert "AssertionError" in capsys.readouterr().out


def test_an_input_of_no_target_is_not_replayed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "crash-1"
    path.write_bytes(b"x")
    assert target_of(path) is None
    assert main(["--replay", str(path)]) == 2
    assert "--target" in capsys.readouterr().out


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder of this test's own, where the fuzzer is installed."""
    pytest.importorskip("atheris", reason="make fuzz installs it")
    monkeypatch.setattr(campaign, "WORK", tmp_path / "fuzz")
    monkeypatch.setattr(campaign, "KEPT", tmp_path / "kept")
    return tmp_path


def test_good_code_is_fuzzed_until_the_time_is_over(
    work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--target", "headers", "--seconds", "2", "--keep"]) == 0
    told = capsys.readouterr().out
    row = re.search(r"headers[^0-9]+([0-9,]+)[^0-9]+([0-9,]+)[^0-9]+([0-9,]+)", told)
    assert row is not None
    assert min(int(number.replace(",", "")) for number in row.groups()) > 0
    kept = len(list((work / "kept" / "headers").iterdir()))
    assert f"headers: {kept} inputs are kept" in told
    assert 0 < kept <= len(list((work / "fuzz" / "headers" / "corpus").iterdir()))


def test_bad_code_ends_with_the_input_that_shows_it(
    work: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # Python imports this before anything else in the process of the target.
    (work / "sitecustomize.py").write_text(
        "from airflow_landing_loader.loading.columns import names\nnames.MAX_LENGTH = 10_000\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(work))
    (work / "kept" / "headers").mkdir(parents=True)
    (work / "kept" / "headers" / "found-long").write_bytes(TOO_LONG)
    assert main(["--target", "headers", "--seconds", "60"]) == 1
    shown = re.search(r'make fuzz ARGS="--replay (\S+)"', capsys.readouterr().out)
    assert shown is not None
    assert Path(shown[1]).read_bytes() == TOO_LONG
    assert target_of(Path(shown[1])) == "headers"
