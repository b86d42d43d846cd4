"""How an action ended: for the log, for the books, and for whoever asked."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from airflow_landing_loader.codec import adapter_of, received, sendable
from airflow_landing_loader.exceptions import ErrorDetail
from airflow_landing_loader.loading.model import RunContext
from airflow_landing_loader.loading.operations import ActionOutcome, ActionRecord
from airflow_landing_loader.runs.actions import ActionRequest
from airflow_landing_loader.safe_text import printable, shortened, shown

_MOST_TOLD = 50
_LONGEST_MESSAGE = 20_000
_NAME_WIDTH = 100


@dataclass(frozen=True, kw_only=True)
class TargetResult:
    """What became of one target.

    :param message: what was done.
    :param error: why not; ``None``: it was done.
    """

    target: str
    message: str = ""
    error: ErrorDetail | None = None

    @property
    def outcome(self) -> ActionOutcome:
        """In one word."""
        return "done" if self.error is None else "failed"

    def text(self) -> str:
        """In one line, without its name."""
        return self.message if self.error is None else self.error.text()


@dataclass(frozen=True, kw_only=True)
class Lying:
    """A target that lay in the failed zone before anything moved, and its key in the books."""

    target: str
    delivery_id: str


def dump_lying(found: Sequence[Lying]) -> list[dict[str, Any]]:
    """Targets as XCom takes them."""
    kind = adapter_of(Lying)
    return [sendable(kind.dump_python(each, mode="json")) for each in found]


def load_lying(dumped: Sequence[dict[str, Any]]) -> tuple[Lying, ...]:
    """The targets that :func:`dump_lying` was given."""
    kind = adapter_of(Lying)
    return tuple(received(kind.validate_python(fields)) for fields in dumped)


def dump_results(results: Sequence[TargetResult]) -> list[dict[str, Any]]:
    """Results as XCom takes them."""
    kind = adapter_of(TargetResult)
    return [sendable(kind.dump_python(result, mode="json")) for result in results]


def load_results(dumped: Sequence[dict[str, Any]]) -> tuple[TargetResult, ...]:
    """The results that :func:`dump_results` was given."""
    kind = adapter_of(TargetResult)
    return tuple(received(kind.validate_python(fields)) for fields in dumped)


def as_table(results: Sequence[TargetResult]) -> str:
    """Results for a log, a line for each target, those that failed first."""
    ordered = sorted(results, key=lambda result: result.outcome == "done")
    names = [printable(result.target, _NAME_WIDTH) for result in ordered]
    width = max(map(len, names), default=0)
    return "\n".join(
        f"{result.outcome:<6}  {name:<{width}}  {shown(result.text())}"
        for name, result in zip(names, ordered, strict=True)
    )


def record_of(
    request: ActionRequest, results: Sequence[TargetResult], why_not: str, run: RunContext
) -> ActionRecord:
    """The action as the books have it.

    :param results: nothing where it came to no end.
    :param why_not: what to say then.
    """
    done = bool(results) and all(result.error is None for result in results)
    said = [f"{shown(r.target)}: {shown(r.text())}" for r in results if done or r.error is not None]
    good = len(results) - len(said)
    lines = [
        *said[:_MOST_TOLD],
        *([f"and {len(said) - _MOST_TOLD:,} more"] if len(said) > _MOST_TOLD else []),
        *([f"the other {good:,} went well"] if good else []),
    ]
    parameters = {k: v for k, v in asdict(request.parameters).items() if v is not None}
    return ActionRecord(
        action_id=request.action_id,
        action=request.action,
        table_name=request.table,
        targets=json.dumps(request.targets),
        parameters=json.dumps(parameters) if parameters else None,
        reason=request.reason or None,
        asked_by=request.asked_by,
        asked_at=_plain(datetime.fromisoformat(request.asked_at)),
        outcome="done" if done else "failed",
        message=shortened("\n".join(lines) or why_not, _LONGEST_MESSAGE),
        done_at=_plain(datetime.now(UTC)),
        dag_id=run.dag_id,
        run_id=run.run_id,
    )


def result_of(record: ActionRecord, results: Sequence[TargetResult]) -> dict[str, Any]:
    """What the run hands to whoever asks for its result."""
    return {
        "action_id": record.action_id,
        "action": record.action,
        "outcome": record.outcome,
        "message": record.message,
        "results": [
            {
                "target": result.target,
                "outcome": result.outcome,
                "message": shown(result.text()),
                "code": None if result.error is None else result.error.code,
            }
            for result in results
        ],
    }


def _plain(moment: datetime) -> datetime:
    """UTC without zone, as our tables hold times."""
    return moment.astimezone(UTC).replace(tzinfo=None)
