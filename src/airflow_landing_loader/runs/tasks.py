"""How the tasks of a run ended, as far as their states say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from airflow_landing_loader.runs.report import DbtResult

STEPS = ("validate", "load", "archive", "fail")
MOVES = ("archive", "fail")
DBT_START, DBT_UNAVAILABLE = "start", "unavailable"
"""Tasks of a dbt group that are none of dbt's own."""

_BAD = ("failed", "upstream_failed")
_SPOKE = ("failed", "skipped")


@dataclass(frozen=True, kw_only=True)
class LaneStates:
    """How the steps of one lane ended.

    :param bad: steps that failed, or could not begin because of one that did.
    :param spoke: steps that may have said why they did not go on.
    :param not_moved: whether a step that moves files failed.
    """

    bad: tuple[str, ...] = ()
    spoke: tuple[str, ...] = ()
    not_moved: bool = False


@dataclass(frozen=True, kw_only=True)
class RunStates:
    """The states of all tasks of a run.

    :param states: by task id, with the lane's number behind it for a mapped one: ``file.load_0``.
    :param group_id: task group of the lanes.
    :param dbt_prefix: tasks whose id begins with this are dbt's; ``None``: there are none.
    """

    states: Mapping[str, str]
    group_id: str = ""
    dbt_prefix: str | None = None

    def of_lane(self, lane: int) -> LaneStates:
        """How one lane ended."""
        steps = {step: self.states.get(f"{self.group_id}.{step}_{lane}", "") for step in STEPS}
        return LaneStates(
            bad=tuple(step for step, state in steps.items() if state in _BAD),
            spoke=tuple(step for step, state in steps.items() if state in _SPOKE),
            not_moved=any(steps[step] == "failed" for step in MOVES),
        )

    def is_bad(self, task: str) -> bool:
        """Whether a task failed, or could not begin because of one that did."""
        return self.states.get(task) in _BAD

    @property
    def dbt(self) -> DbtResult:
        """How dbt ended."""
        ended = {state for task, state in self.states.items() if self._is_dbt(task)}
        if "failed" in ended:
            return "failed"
        return "succeeded" if "success" in ended else "not run"

    @property
    def dbt_failed(self) -> tuple[str, ...]:
        """Tasks of dbt that failed."""
        return tuple(task for task in self._failed() if self._is_dbt(task))

    @property
    def dbt_ran(self) -> tuple[str, ...]:
        """Tasks of dbt that may have said what they did."""
        silent = {f"{self.dbt_prefix}{name}" for name in (DBT_START, DBT_UNAVAILABLE)}
        ended = (task for task, state in self.states.items() if state in ("success", "failed"))
        return tuple(sorted(task for task in ended if self._is_dbt(task) and task not in silent))

    def broken(self, *reporters: str) -> tuple[str, ...]:
        """Failed tasks that stand for no file and not for dbt.

        :param reporters: the tasks that only tell what happened; one may be at its second try.
        """
        return tuple(
            task
            for task in self._failed()
            if not self._is_dbt(task) and not self._is_in_lane(task) and task not in reporters
        )

    def _failed(self) -> list[str]:
        return sorted(task for task, state in self.states.items() if state == "failed")

    def _is_dbt(self, task: str) -> bool:
        return self.dbt_prefix is not None and task.startswith(self.dbt_prefix)

    def _is_in_lane(self, task: str) -> bool:
        return task.startswith(f"{self.group_id}.") and task.rpartition("_")[2].isdigit()
