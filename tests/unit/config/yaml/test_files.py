"""Which files are read: hidden ones not, linked ones once, and nothing that could hang."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from airflow_landing_loader.config.yaml.files import walk


def write(path: Path, text: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def seen(root: Path) -> list[str]:
    found = list(walk(root))
    assert not [item for item in found if item.error]
    return [item.shown for item in found]


def failed(root: Path) -> dict[str, str]:
    return {item.shown: item.error.detail.message for item in walk(root) if item.error}


def test_every_depth_both_suffixes_in_order(tmp_path: Path) -> None:
    for name in ("z.yaml", "a/b/c/d.yml", "a/a.yaml", "b.yml", "a.txt", "x.yaml.bak", "Y.YAML"):
        write(tmp_path / name)
    assert seen(tmp_path) == ["a/a.yaml", "a/b/c/d.yml", "b.yml", "z.yaml"]


def test_hidden_files_and_folders_are_skipped(tmp_path: Path) -> None:
    for name in (".x.yaml", ".git/y.yaml", "a/.b/c.yaml", "a/.yaml", "ok.yaml"):
        write(tmp_path / name)
    assert seen(tmp_path) == ["ok.yaml"]


def test_a_root_below_a_hidden_folder_is_read(tmp_path: Path) -> None:
    write(tmp_path / ".config/tables/x.yaml")
    assert seen(tmp_path / ".config/tables") == ["x.yaml"]


def test_a_folder_whose_name_ends_like_a_file_is_a_folder(tmp_path: Path) -> None:
    write(tmp_path / "x.yaml/y.yaml")
    assert seen(tmp_path) == ["x.yaml/y.yaml"]


def test_a_config_map_mount(tmp_path: Path) -> None:
    """As the kubelet lays it out: dated folder, ..data link to it, one link for each key."""
    write(tmp_path / "..2026_11_20/trades.yaml")
    write(tmp_path / "..2026_11_20/positions.yaml")
    (tmp_path / "..data").symlink_to("..2026_11_20")
    for name in ("trades.yaml", "positions.yaml"):
        (tmp_path / name).symlink_to(f"..data/{name}")
    assert seen(tmp_path) == ["positions.yaml", "trades.yaml"]


def test_a_real_file_is_read_once_under_its_first_name(tmp_path: Path) -> None:
    write(tmp_path / "b/real.yaml")
    (tmp_path / "a.yaml").symlink_to("b/real.yaml")
    (tmp_path / "c").symlink_to("b")
    assert seen(tmp_path) == ["a.yaml"]


def test_a_linked_folder_that_comes_first_stands_for_the_real_one(tmp_path: Path) -> None:
    write(tmp_path / "z/deep/x.yaml")
    (tmp_path / "a").symlink_to("z")
    assert seen(tmp_path) == ["a/deep/x.yaml"]
    (tmp_path / "y").symlink_to(tmp_path / "a" / "deep")
    assert seen(tmp_path / "y") == ["x.yaml"]


def test_links_that_lead_round_end(tmp_path: Path) -> None:
    write(tmp_path / "a/x.yaml")
    (tmp_path / "a/up").symlink_to("..")
    (tmp_path / "a/self").symlink_to(".")
    (tmp_path / "b").symlink_to(tmp_path)
    (tmp_path / "loop").symlink_to("loop")
    assert seen(tmp_path) == ["a/x.yaml"]


def test_links_that_lead_nowhere(tmp_path: Path) -> None:
    (tmp_path / "gone.yaml").symlink_to("nothing")
    (tmp_path / "round.yml").symlink_to("round.yml")
    (tmp_path / "other").symlink_to("nothing")
    assert set(failed(tmp_path)) == {"gone.yaml", "round.yml"}


def test_a_fifo_is_reported_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.yaml")
    os.mkfifo(tmp_path / "other")
    assert failed(tmp_path) == {"x.yaml": "This is not a regular file."}


def test_a_root_that_is_none(tmp_path: Path) -> None:
    write(tmp_path / "x.yaml")
    assert "No such file" in failed(tmp_path / "gone")[f"{tmp_path}/gone"]
    assert failed(tmp_path / "x.yaml") == {f"{tmp_path}/x.yaml": "This is not a folder."}


def test_a_folder_that_cannot_be_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "a/x.yaml")
    write(tmp_path / "b/y.yaml")
    scandir = os.scandir

    def refusing(path: Path) -> Any:
        if Path(path).name == "a":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    found = {item.shown: item.error for item in walk(tmp_path)}
    assert set(found) == {"a", "b/y.yaml"}
    assert found["a"] is not None
    assert "Permission denied" in found["a"].detail.message


def test_a_tree_deeper_than_pythons_stack(tmp_path: Path) -> None:
    folder = tmp_path
    for _ in range(450):
        folder = folder / "d"
        folder.mkdir()
    write(folder / "x.yaml")
    assert seen(tmp_path) == ["d/" * 450 + "x.yaml"]


def test_names_that_are_no_text_are_shown_as_text(tmp_path: Path) -> None:
    path = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9\n.yaml")
    write(Path(path))
    shown = seen(tmp_path)
    assert shown == ["caf\\xe9\n.yaml"]
    shown[0].encode()
