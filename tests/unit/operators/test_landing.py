from __future__ import annotations

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import (
    AirflowException,
    AirflowFailException,
    AirflowSkipException,
)

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.exceptions import ErrorCode, TerminalError, TransientError
from airflow_landing_loader.operators.landing import (
    ArchiveFilesOperator,
    LoadFilesOperator,
    QuarantineFilesOperator,
    ValidateFilesOperator,
    file_names,
)
from airflow_landing_loader.xcom.batches import batch_names, dump_batch, load_batch

Make = Callable[..., Any]


def core(**steps: Any) -> Any:
    """A stand-in for the pipeline: each step gives what it is told."""
    return pipeline(**{name: lambda *_, _r=result: _r for name, result in steps.items()})


def pipeline(**steps: Callable[..., Any]) -> Any:
    """A stand-in for the pipeline with these steps."""
    return SimpleNamespace(mappings=(TableMapping(pattern="*.csv", table="raw_a"),), **steps)


def raising(error: Exception) -> Callable[..., Any]:
    def step(*_: Any) -> Any:
        raise error

    return step


def test_a_mapped_group_shows_files_by_name_without_being_told() -> None:
    from airflow_landing_loader.operators.gate import AnyLoadedOperator

    task = ValidateFilesOperator(task_id="validate", files=["a.csv"], table="raw_a")
    assert (task.map_index_template, task.label) == ("{{ task.label }}", "a.csv")
    # A name that the template does not find would fail a task whose work is done.
    assert AnyLoadedOperator(task_id="gate", table="raw_a").map_index_template is None


@pytest.mark.parametrize(
    ("files", "names"),
    [
        ("a.csv", ("a.csv",)),
        (["a.csv", "b.csv"], ("a.csv", "b.csv")),
        ([["a.csv"], ["b.csv", "c.csv"]], ("a.csv", "b.csv", "c.csv")),
        ([], ()),
        ('["a.csv", "b\\u0027.csv"]', ("a.csv", "b'.csv")),
        ('["a.csv', ('["a.csv',)),
        ('["no json]"]x"]', ('["no json]"]x"]',)),
        ("[1].csv", ("[1].csv",)),
    ],
)
def test_names_of_files(files: Any, names: tuple[str, ...]) -> None:
    assert file_names(files) == names


class TestValidateAndLoad:
    """Both end in the same ways."""

    def test_good_files_are_handed_on(self, make: Make, values: Any, context: Any) -> None:
        verdicts = (values.validated("a.csv"), values.validated("b.csv"))
        task = make(ValidateFilesOperator, core(validate_batch=verdicts), files=["a.csv", "b.csv"])
        said = task.execute(context)
        assert load_batch(json.loads(json.dumps(said))) == verdicts
        assert task.label == "2 files: a.csv \u2026 b.csv"

    def test_a_lane_goes_on_as_long_as_one_file_does(
        self, make: Make, values: Any, context: Any, ti: Any
    ) -> None:
        verdicts = (
            values.validated("a.csv"),
            values.refused("b.csv"),
            values.refused("c.csv", transient=True),
            values.gone("d.csv"),
        )
        task = make(ValidateFilesOperator, core(validate_batch=verdicts), files=["a.csv"])
        assert batch_names(task.execute(context)) == ("a.csv", "b.csv", "c.csv")
        assert ti.pushed("landing_error") is None

    def test_only_refused_files_fail_for_good(
        self, make: Make, values: Any, context: Any, ti: Any
    ) -> None:
        verdicts = (values.refused("a.csv"), values.refused("b.csv"), values.gone("c.csv"))
        task = make(ValidateFilesOperator, core(validate_batch=verdicts), files=["a.csv"])
        with pytest.raises(AirflowFailException, match=r"csv.ragged\] a.csv:7") as caught:
            task.execute(context)
        assert "b.csv:7" in str(caught.value)
        assert batch_names(ti.pushed("landing_error")["refused"]) == ("a.csv", "b.csv")

    def test_one_that_may_get_better_is_tried_again(
        self, make: Make, values: Any, context: Any
    ) -> None:
        verdicts = (values.refused("a.csv"), values.refused("b.csv", transient=True))
        task = make(LoadFilesOperator, core(load=verdicts), validated=dump_batch([]))
        with pytest.raises(AirflowException) as caught:
            task.execute(context)
        assert not isinstance(caught.value, AirflowFailException)

    def test_a_file_that_is_not_fit_yet_does_not_hold_up_a_run_without_end(
        self, make: Make, values: Any, context: Any, ti: Any
    ) -> None:
        verdicts = (values.refused("a.csv", transient=True), values.gone("b.csv"))
        task = make(
            ValidateFilesOperator,
            core(validate_batch=verdicts),
            files="a.csv",
            leave_to_next_run=True,
        )
        with pytest.raises(AirflowSkipException, match=r"landing\.changed"):
            task.execute(context)
        assert ti.pushed("landing_error")["errors"][0]["code"] == "landing.changed"

    def test_files_that_have_gone_are_skipped(self, make: Make, values: Any, context: Any) -> None:
        task = make(LoadFilesOperator, core(load=(values.gone(),)), validated=dump_batch([]))
        with pytest.raises(AirflowSkipException, match=r"a\.csv"):
            task.execute(context)

    def test_duplicates_and_refused_ones_travel_on(
        self, make: Make, values: Any, context: Any
    ) -> None:
        verdicts = (values.duplicate("a.csv"), values.refused("b.csv"))
        batch = dump_batch([values.validated("a.csv"), values.refused("b.csv")])
        task = make(LoadFilesOperator, core(load=verdicts), validated=batch)
        assert task.label == "2 files: a.csv \u2026 b.csv"
        assert load_batch(task.execute(context)) == verdicts

    @pytest.mark.parametrize(
        ("error", "kind"),
        [
            (TransientError(ErrorCode.WAREHOUSE_LOCKED, "held by x"), AirflowException),
            (TerminalError(ErrorCode.LOAD_TABLE_UNFIT, "a view"), AirflowFailException),
        ],
    )
    def test_an_error_of_the_step_says_whether_to_try_again(
        self, make: Make, context: Any, ti: Any, error: Any, kind: type[Exception]
    ) -> None:
        stand_in = pipeline(load=raising(error))
        task = make(LoadFilesOperator, stand_in, validated=dump_batch([]))
        with pytest.raises(AirflowException) as caught:
            task.execute(context)
        assert type(caught.value) is kind
        assert caught.value.__suppress_context__
        assert ti.pushed("landing_error")["errors"][0]["code"] == error.code

    def test_cell_values_stay_here_unless_asked_for(
        self, make: Make, values: Any, context: Any, ti: Any, capfd: pytest.CaptureFixture[str]
    ) -> None:
        verdicts = (values.refused("a.csv", value="secret"),)
        task = make(ValidateFilesOperator, core(validate_batch=verdicts), files="a.csv")
        with pytest.raises(AirflowFailException) as caught:
            task.execute(context)
        assert "secret" not in str(caught.value) + json.dumps(ti.pushed("landing_error"))
        assert "secret" not in "".join(capfd.readouterr())
        task.show_values = True
        with pytest.raises(AirflowFailException) as caught:
            task.execute(context)
        assert "secret" in json.dumps(ti.pushed("landing_error"))
        assert "secret" in "".join(capfd.readouterr())
        # Alerts and lineage repeat what a task failed with, before whomever.
        assert "secret" not in str(caught.value)


class TestArchive:
    def test_outcomes_are_told(self, make: Make, values: Any, context: Any) -> None:
        verdicts = (values.loaded("a.csv"), values.refused("b.csv", transient=True))
        error = values.refused("b.csv", transient=True).error
        outcomes = (values.outcome("a.csv"), values.outcome("b.csv", "left", error=error))
        task = make(ArchiveFilesOperator, core(finish=outcomes), verdicts=dump_batch(verdicts))
        said = task.execute(context)["outcomes"]
        assert [(o["name"], o["status"]) for o in said] == [("a.csv", "loaded"), ("b.csv", "left")]

    def test_what_should_have_moved_and_did_not_is_tried_again(
        self, make: Make, values: Any, context: Any, ti: Any
    ) -> None:
        error = values.refused("b.csv", transient=True).error
        outcomes = (values.outcome("a.csv"), values.outcome("b.csv", "left", error=error))
        batch = dump_batch([values.loaded("a.csv"), values.loaded("b.csv")])
        task = make(ArchiveFilesOperator, core(finish=outcomes), verdicts=batch)
        with pytest.raises(AirflowException) as caught:
            task.execute(context)
        assert not isinstance(caught.value, AirflowFailException)
        said = ti.pushed("return_value")["outcomes"]
        assert [o["status"] for o in said] == ["loaded", "left"]


class TestQuarantine:
    def test_refused_files_of_its_lane_are_moved(
        self, make: Make, values: Any, context: Any, ti: Any
    ) -> None:
        ti.map_index = 3
        mine = {"errors": [], "refused": dump_batch([values.refused("a.csv")])}
        other = {"errors": [], "refused": dump_batch([values.refused("z.csv")])}
        ti.put("file.validate", mine, key="landing_error", index=3)
        ti.put("file.validate", other, key="landing_error", index=4)
        ti.states = {"file.validate_3": "failed", "file.load_3": "upstream_failed"}
        moved: list[Any] = []

        def finish(verdicts: Any) -> Any:
            moved.extend(verdicts)
            return (values.outcome("a.csv", "failed", error=verdicts[0].error),)

        task = make(
            QuarantineFilesOperator,
            pipeline(finish=finish),
            files=["a.csv", "b.csv"],
            error_task_ids=("file.validate", "file.load"),
        )
        said = task.execute(context)["outcomes"]
        assert [v.delivery.data.name for v in moved] == ["a.csv"]
        assert ti.not_found == []
        assert [o["status"] for o in said] == ["failed"]

    def test_without_a_verdict_nothing_is_touched(
        self, make: Make, values: Any, context: Any
    ) -> None:
        stand_in = pipeline(finish=raising(AssertionError("must not be called")))
        task = make(QuarantineFilesOperator, stand_in, files=["a.csv"])
        assert task.execute(context) == {"outcomes": []}


def test_the_arguments_that_people_template_are_templates() -> None:
    for operator, own in (
        (ValidateFilesOperator, "files"),
        (LoadFilesOperator, "validated"),
        (ArchiveFilesOperator, "verdicts"),
        (QuarantineFilesOperator, "files"),
    ):
        fields = set(operator.template_fields)
        assert {own, "table", "landing_path", "duckdb_path", "duckdb_conn_id"} <= fields


def test_each_argument_may_come_from_the_dag() -> None:
    from airflow.sdk import DAG

    own = set(ValidateFilesOperator.template_fields) - {"files"}
    given: dict[str, Any] = {name: f"{{{{ {name} }}}}" for name in own} | {"mapping": {"x": 1}}
    with DAG("by_hand", schedule=None, default_args=given):
        task = ValidateFilesOperator(task_id="validate", files="a.csv", landing_path="/mine")
    given["landing_path"] = "/mine"
    assert {name: getattr(task, name) for name in given} == given
    assert {"gcp_conn_id", "gcp_impersonation_chain", "aws_conn_id", "azure_conn_id"} <= own


def test_a_batch_writes_each_mapping_once(values: Any) -> None:
    batch = dump_batch([values.validated(f"{n}.csv") for n in range(50)])
    assert len(batch["mappings"]) == 1
    assert json.dumps(batch).count('"pattern"') == 1
