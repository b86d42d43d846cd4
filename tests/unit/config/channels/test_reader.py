"""Every good channel is read, and every mistake is told with its line and a guess."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_landing_loader.config.channels.channel_set import ChannelSet
from airflow_landing_loader.config.channels.model import EVENT_TYPES
from airflow_landing_loader.config.channels.reader import read_channels
from airflow_landing_loader.config.mapping.notify import Notify
from airflow_landing_loader.config.mapping.reader import read_mappings
from airflow_landing_loader.exceptions import ErrorCode

BUILT_IN = {"email", "slack", "webhook", "log"}


def channels(root: Path, **documents: str) -> ChannelSet:
    for stem, text in documents.items():
        (root / f"{stem}.yaml").write_text(text)
    return read_channels(root)


def test_no_folder_is_no_mistake(tmp_path: Path) -> None:
    found = read_channels(tmp_path / "gone")
    assert {channel.name for channel in found.channels} == BUILT_IN
    assert (found.errors, found.event_plan) == ((), ())


def test_documents_are_channels_by_file_or_by_name(tmp_path: Path) -> None:
    found = channels(
        tmp_path,
        ops="type: email\nto: [a@example.com]\n",
        x="name: tools\ntype: webhook\nevents: [file.late]\n",
        bus="type: kafka\ntopic: t\n",
        email="type: email\nto: [b@example.com]\n",
        _all="notify: {to: [ops]}\n",
    )
    assert found.errors == ()
    assert found.names == BUILT_IN | {"ops", "tools"}
    assert found.event_plan == (("bus", EVENT_TYPES), ("tools", ("file.late",)))
    assert found.get("email").to == ("b@example.com",)
    assert found.notify_of(None) == Notify(to=("ops",))
    assert found.notify_of(Notify(to=())) is None
    assert found.notify_of(Notify(to=("slack",))).to == ("slack",)


@pytest.mark.parametrize(
    ("text", "code", "line", "column", "said"),
    [
        ("type: emial\n", ErrorCode.CONFIG_BAD_VALUE, 1, 7, "Did you mean 'email'?"),
        ("to: [a@b]\n", ErrorCode.CONFIG_MISSING_KEY, 1, 1, "Add type: email."),
        (
            "type: slack\nchanel: x\n",
            ErrorCode.CONFIG_UNKNOWN_KEY,
            2,
            1,
            "Did you mean 'channel'?",
        ),
        ("type: kafka\n", ErrorCode.CONFIG_MISSING_KEY, 1, 1, "Add topic: landing-events."),
        ("type: email\nto: [nobody]\n", ErrorCode.CONFIG_BAD_VALUE, 2, 6, "data-team@example.com"),
        ("type: webhook\nconnection: http://u:p@h\n", ErrorCode.CONFIG_BAD_VALUE, 2, 13, "Secrets"),
        ("type: log\nevents: [file.lat]\n", ErrorCode.CONFIG_BAD_VALUE, 2, 10, "'file.late'"),
        ("type: log\ntype: log\n", ErrorCode.CONFIG_DUPLICATE_KEY, 2, 1, "Keep one"),
        ("type: webhook\ntimeout: '5'\n", ErrorCode.CONFIG_BAD_VALUE, 2, 10, "without quotes"),
        ("type: log\nname: 'a b'\n", ErrorCode.CONFIG_BAD_VALUE, 2, 7, "data_team"),
        ("- type: log\n", ErrorCode.CONFIG_BAD_VALUE, 1, 1, "type: email"),
        ("", ErrorCode.CONFIG_BAD_VALUE, 1, 1, "type: email"),
        ("type: [\n", ErrorCode.CONFIG_NOT_YAML, 2, 1, ""),
    ],
)
def test_a_mistake_is_told_with_its_line(
    tmp_path: Path, text: str, code: ErrorCode, line: int, column: int, said: str
) -> None:
    found = channels(tmp_path, ops=text)
    (problem,) = found.errors
    detail = problem.detail
    assert (detail.code, detail.line, detail.column) == (code, line, column), problem.render()
    assert detail.file == f"{tmp_path.name}/ops.yaml"
    assert said in problem.render()
    assert "u:p@h" not in (detail.hint or "") + detail.message
    assert found.get("ops") is None
    assert "ops" in found.names  # what names it is not broken with it


LATE = ("file.late",)


@pytest.mark.parametrize(
    ("text", "wants"),
    [
        ("type: webhook\nevents: [file.late]\ntimeout: x\n", LATE),
        ("type: webhok\nevents: [file.late]\n", LATE),
        ("events: [file.late]\n", LATE),
        ("type: log\nevents: []\npath: x\n", ()),
        ("type: kafka\nevents: [file.late]\n", LATE),
        ("type: email\nto: [nobody]\n", ()),  # it can have none
        ("type: log\nevents: [file.late, file.lat]\n", EVENT_TYPES),
        ("type: log\nevents: [file.late]\nevents: [file.refused]\n", EVENT_TYPES),
        ("type: log\nevents: *x\n", EVENT_TYPES),
        ("type: log\nevnts: all\n", EVENT_TYPES),
        ("type: kafka\n", EVENT_TYPES),
        ("type: [\n", EVENT_TYPES),
        ("", EVENT_TYPES),
        ("- x\n", EVENT_TYPES),
    ],
)
def test_a_broken_channel_is_held_what_it_may_want(
    tmp_path: Path, text: str, wants: tuple[str, ...]
) -> None:
    found = channels(tmp_path, ops=text)
    assert found.errors
    assert found.event_plan == ((("ops", wants),) if wants else ())
    assert found.is_wanted("ops", "file.refused")  # whether it is, shows when it is mended


def test_what_is_held_is_held_under_the_name_that_the_document_says(tmp_path: Path) -> None:
    found = channels(
        tmp_path,
        x='type: log\nname: "tools" # ours\nevents: [\n',
        y="type: lgo\nname: ops\nevents: [file.late]\n",
        z="type: [\nname: a b\n",
    )
    assert found.event_plan == (("ops", LATE), ("tools", EVENT_TYPES), ("z", EVENT_TYPES))


def test_two_of_one_name_are_held_what_either_wants(tmp_path: Path) -> None:
    found = channels(
        tmp_path,
        a="type: log\nname: ops\nevents: [file.late]\n",
        ops="type: log\nevents: [file.refused]\n",
    )
    assert found.event_plan == (("ops", ("file.late", "file.refused")),)


def test_what_no_channel_can_be_called_is_held_nothing(tmp_path: Path) -> None:
    (tmp_path / "not a channel.yaml").mkdir()
    (tmp_path / "locked").mkdir(mode=0)
    found = channels(tmp_path, **{"a b": "type: [\n", "_all": "notify: [\n"})
    assert found.event_plan == ()


def test_a_mended_channel_wants_messages_and_its_events(tmp_path: Path) -> None:
    found = channels(tmp_path, ops="type: log\nevents: [file.late]\n")
    kinds = ("file.late", "file.refused", "notification")
    assert [found.is_wanted("ops", kind) for kind in kinds] == [True, False, True]
    assert found.is_wanted("gone", "file.refused")


def test_a_name_is_taken_once(tmp_path: Path) -> None:
    found = channels(tmp_path, a="type: log\nname: ops\n", ops="type: log\n", b="type: log\n")
    assert [p.detail.file for p in found.errors] == [
        f"{tmp_path.name}/{name}.yaml" for name in ("a", "ops")
    ]
    assert found.get("b") is not None
    assert found.get("ops") is None


def test_who_is_told_of_all_is_checked(tmp_path: Path) -> None:
    found = channels(tmp_path, _all="notify: {to: [emial, bus]}\n", bus="type: pubsub\ntopic: t\n")
    codes = [(p.detail.code, p.detail.column, p.detail.key_path) for p in found.errors]
    unknown = ErrorCode.CONFIG_UNKNOWN_CHANNEL
    assert codes == [(unknown, 15, "notify.to[0]"), (unknown, 22, "notify.to[1]")]
    assert "Did you mean 'email'?" in found.errors[0].render()
    assert found.for_all is None


def test_a_mapping_names_channels_that_are_there(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(
        "a_*.csv:\n  table: raw_a\n  notify: {to: [log, ops, osp]}\n"
        "b_*.csv: {table: raw_b, notify: {to: [log]}}\n"
    )
    found = read_mappings(tmp_path, {"log", "ops"})
    (problem,) = found.errors
    assert problem.detail.code == "config.unknown_channel"
    assert (problem.detail.line, problem.detail.column) == (3, 27)
    assert "Did you mean 'ops'?" in problem.render()
    assert [m.table for m in found.mappings] == ["raw_b"]
    assert not read_mappings(tmp_path).errors  # nobody looks


def test_what_a_mapping_says_holds_for_its_table(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(
        "a_*.csv: {table: raw_a, notify: {to: [log]}}\nb_*.csv: raw_a\n"
    )
    found = read_mappings(tmp_path, {"log"})
    assert [m.notify for m in found.mappings] == [Notify(to=("log",))] * 2


def test_mail_without_recipients_is_a_warning_where_somebody_counts_on_it(tmp_path: Path) -> None:
    found = channels(tmp_path, ops="type: email\n")
    assert len(found.lacking([])) == 1
    assert "ops" in found.lacking([])[0]
    assert len(found.lacking([Notify(to=("email",)), None])) == 2
