"""Forged and foreign notes of movers, on whatever zones a test has."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from airflow_landing_loader.landing.moves import journal, move
from airflow_landing_loader.landing.moves.journal import MoveNote
from airflow_landing_loader.landing.moves.model import Finished
from airflow_landing_loader.storage.folder import Folder
from airflow_landing_loader.storage.local import files as local_files
from airflow_landing_loader.storage.model import FileToMove, LandedFile
from airflow_landing_loader.storage.names import WORK_FOLDER
from airflow_landing_loader.storage.opening import open_folder
from airflow_landing_loader.storage.zone import Zone

ID = "1a2b3c4d"


def forged(*files: LandedFile, **changes: Any) -> MoveNote:
    """A note about these files."""
    return MoveNote(
        **{
            "files": tuple(FileToMove(file=file) for file in files),
            "suffix_id": ID,
            "subfolder": "",
            **changes,
        }
    )


@dataclass(frozen=True)
class Ground:
    """The zones of a loader, and the landing zone of another one with the same archive."""

    landing_zone: Zone
    other_zone: Zone
    archive_zone: Zone

    @property
    def landing(self) -> Folder:
        return open_folder(self.landing_zone)

    @property
    def other(self) -> Folder:
        return open_folder(self.other_zone)

    @property
    def archive(self) -> Folder:
        return open_folder(self.archive_zone)

    def deliver(self, name: str, content: bytes, *, to: Folder | None = None) -> LandedFile:
        """A file in a landing zone, as it is looked at."""
        end = to or self.landing
        end.write(name, content, replace=True, tag="sender")
        found = end.find(name)
        assert found is not None
        return found

    def work(self) -> Folder:
        """Where the notes lie."""
        work = self.archive.work_folder(make=True)
        assert work is not None
        return work

    def plant(self, note: MoveNote | bytes, name: str | None = None) -> str:
        """Put a note where a dead mover leaves it; returns its name."""
        content = note if isinstance(note, bytes) else journal.note_to_json(note)
        name = name or f"{hashlib.sha256(content).hexdigest()[:16]}{journal.NOTE_ENDING}"
        self.work().write(name, content, replace=True, tag="forger")
        return name

    def notes(self) -> list[str]:
        return [name for name in self.work().names() if name.endswith(journal.NOTE_ENDING)]

    def kept(self) -> list[str]:
        """Names in the archive."""
        return [name for name in self.archive.names() if name != WORK_FOLDER]

    def finish(self, landing: Zone | None = None) -> tuple[Finished, ...]:
        return move.finish_interrupted(landing or self.landing_zone, self.archive_zone)

    def refuse_what_is_outside(self, tmp_path: Path) -> None:
        """A private file, by its path and by ways around; and what another landing zone has."""
        home = tmp_path / "home"
        home.mkdir()
        (home / "id_rsa").write_bytes(b"precious")
        secret = local_files.look_up(str(home / "id_rsa"))
        assert secret is not None
        # A look-alike in the archive, for which a mover would remove the source.
        self.archive.write("id_rsa", b"precious", replace=True, tag="forger")
        neighbour = self.deliver("id_rsa", b"precious", to=self.other)
        here = self.landing.path
        paths = (f"{home}/id_rsa", f"{here}/../home/id_rsa", "id_rsa", "", f"{here}\0/id_rsa")
        for found in (secret, neighbour):
            for path in (*paths, neighbour.path, f"{here}/sub/id_rsa"):
                self.plant(forged(replace(found, path=path), replace(found, path=path, name="b")))
                self.plant(forged(replace(found, path=path)))
                assert self.finish() == ()
        assert (home / "id_rsa").read_bytes() == b"precious"
        assert self.other.find("id_rsa") == neighbour

    def leave_what_is_of_another(self) -> None:
        """Dead, its go file left behind; its own loader finishes it."""
        data = self.deliver("a.csv", b"data", to=self.other)
        go = self.deliver("a.go", b"n=1", to=self.other)
        note = self.plant(forged(data, go))
        # our own landing zone has a file of that name, too
        ours = self.deliver("a.csv", b"ours")
        assert self.finish() == ()
        assert self.notes() == [note]
        assert self.other.find("a.go") == go
        assert self.landing.find("a.csv") == ours
        (done,) = self.finish(self.other_zone)
        assert done.moved is not None
        assert self.kept() == ["a.csv", "a.go"]
        assert self.other.names() == ()
        assert self.notes() == []

    def drop_what_is_no_note(self) -> None:
        """Wrong types, and values that no mover writes."""
        found = self.deliver("a.csv", b"data")
        one = FileToMove(file=found)
        wrong: list[dict[str, Any]] = [
            {"files": ()},
            {"files": (one, one)},
            {"files": (one,) * 3},
            {"suffix_id": 5},
            {"suffix_id": "../x"},
            {"suffix_id": "123456789"},
            {"subfolder": 7},
            {"subfolder": [".."]},
            {"subfolder": "../../x"},
            {"subfolder": "{x}"},
            {"subfolder": "x/" * 3000 + "y"},
            {"files": (replace(one, sha256="5"),)},
        ]
        for key, value in (
            ("path", 5),
            ("path", None),
            ("name", "a/b"),
            ("name", ".."),
            ("name", "a\ud800"),
            ("size", "x"),
            ("size", -1),
            ("size", 2**70),
            ("mtime_ns", 2**70),
            ("token", None),
        ):
            file = LandedFile(**{**vars(found), key: value})
            wrong.append({"files": (FileToMove(file=file),)})
        for changes in wrong:
            self.plant(forged(found, **changes))
        for number, content in enumerate(
            (b"", b"{", b"[1]", b"[" * 100_000, b"\xff", b" " * 2**21)
        ):
            self.plant(content, f"{number}{journal.NOTE_ENDING}")
        assert self.finish() == ()
        assert self.notes() == []
        assert self.landing.find("a.csv") == found
        assert self.kept() == []
