"""A local folder as one end of a move."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from airflow_landing_loader.exceptions import ErrorCode, TransientError
from airflow_landing_loader.storage.local.folder import LocalFolder
from airflow_landing_loader.storage.local.names import temporary_path
from airflow_landing_loader.storage.model import FileToMove


def folder(path: Path) -> LocalFolder:
    path.mkdir(exist_ok=True)
    return LocalFolder(str(path))


def item_in(place: LocalFolder, name: str = "a.csv") -> FileToMove:
    Path(place.path, name).write_bytes(b"data")
    found = place.find(name)
    assert found is not None
    return FileToMove(file=found)


def test_a_folder_below_is_made_only_where_it_was_asked_for(tmp_path: Path) -> None:
    zone = folder(tmp_path)
    assert zone.below("t/2024").path == f"{tmp_path}/t/2024"
    assert list(tmp_path.iterdir()) == []
    assert zone.below("t/2024", make=True).names() == ()
    with pytest.raises(TransientError) as caught:
        LocalFolder(f"{tmp_path}/none").below("t", make=True)
    assert caught.value.code is ErrorCode.ZONE_UNAVAILABLE
    assert not (tmp_path / "none").exists()


def test_a_rename_takes_the_source_away_and_a_copy_that_is_to_stay_does_not(
    tmp_path: Path,
) -> None:
    source, target = folder(tmp_path / "source"), folder(tmp_path / "target")
    item = item_in(source)
    assert target.bring("b.csv", item, source, tag="t", keep=True)
    assert source.names() == ("a.csv",)
    with pytest.raises(FileExistsError):
        target.bring("b.csv", item, source, tag="t")
    assert not target.bring("c.csv", item, source, tag="t")
    assert (source.names(), target.names()) == ((), ("b.csv", "c.csv"))


def test_only_the_arrival_that_was_looked_at_comes_whatever_path_it_has(tmp_path: Path) -> None:
    source, other, target = (folder(tmp_path / name) for name in ("source", "other", "target"))
    item = item_in(other)
    with pytest.raises(TransientError) as caught:
        target.bring("a.csv", item, source, tag="t")
    assert caught.value.code is ErrorCode.LANDING_CHANGED
    assert (other.names(), target.names()) == (("a.csv",), ())


def test_what_a_dead_discard_has_hidden_gets_its_name_back(tmp_path: Path) -> None:
    place = folder(tmp_path)
    hidden = Path(temporary_path(place.path, "a.csv", "t"))
    hidden.write_bytes(b"data")
    place.give_back("a.csv", tag="t")
    assert place.names() == ("a.csv",)
    hidden.write_bytes(b"older")
    place.give_back("a.csv", tag="t")
    assert (tmp_path / "a.csv").read_bytes() == b"data"


def test_a_name_that_the_disk_tells_nothing_about_is_transient(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = folder(tmp_path)

    def refuses(path: str) -> None:
        raise PermissionError(13, os.strerror(13), path)

    monkeypatch.setattr("airflow_landing_loader.storage.local.files.status_of", refuses)
    with pytest.raises(TransientError) as caught:
        place.find("a.csv")
    assert caught.value.code is ErrorCode.LANDING_UNREADABLE


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("a.csv", "a.csv"),
        ("{here}/a.csv", "a.csv"),
        ("{here}/../{last}/a.csv", "a.csv"),
        ("{here}/sub/a.csv", None),
        ("/etc/passwd", None),
    ],
)
def test_the_name_that_a_person_means(tmp_path: Path, path: str, name: str | None) -> None:
    text = path.replace("{here}", str(tmp_path)).replace("{last}", tmp_path.name)
    assert folder(tmp_path).name_of(text) == name
