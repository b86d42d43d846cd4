"""Statements and jobs: run, tried again, and found again by their ids."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from google.api_core.exceptions import Conflict, NotFound
from google.cloud import bigquery
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    stop_after_delay,
    wait_random_exponential,
)

from airflow_landing_loader.clients import GoogleClients
from airflow_landing_loader.exceptions import ErrorCode, TransientError
from airflow_landing_loader.loading.warehouses.base import StillRunningError
from airflow_landing_loader.loading.warehouses.bigquery.errors import (
    GOOGLE_ERRORS,
    missing,
    translate,
)
from airflow_landing_loader.loading.warehouses.bigquery.options import BigQueryOptions

Parameter = bigquery.ScalarQueryParameter | bigquery.ArrayQueryParameter
_ATTEMPTS = 20
_PAUSES = wait_random_exponential(multiplier=0.2, max=20)
_LOOK_EVERY = 0.5
_PAGE_ROWS = 10_000  # BigQuery ends a page at some 10 MB anyway


class Jobs:
    """Runs jobs in one project, where the dataset lies.

    :param clients: where the client comes from; asked at the first job.
    :ivar last: the last job that :meth:`run_once` brought to success, ``project:location.id``.
    """

    def __init__(self, options: BigQueryOptions, clients: GoogleClients) -> None:
        self._options = options
        self._clients = clients
        self._opened: bigquery.Client | None = None
        self._location: str | None = options.location
        self._opening = threading.RLock()
        self._wait = options.job_wait
        self._own: Any = None
        self.last: str | None = None

    @property
    def client(self) -> bigquery.Client:
        """The official client."""
        with self._opening:
            if self._opened is None:
                self._opened = self._clients.bigquery()
        return self._opened

    @property
    def location(self) -> str | None:
        """Where jobs run. A job of a region is found again only by somebody who knows the region.

        :raises ConfigurationError: ``WAREHOUSE_NOT_FOUND``: there is no such dataset.
        """
        with self._opening:
            if self._location is None:
                name = f"{self._options.project}.{self._options.dataset}"
                try:
                    self._location = self.client.get_dataset(name).location
                except NotFound as error:
                    raise missing(f"dataset {name}", error) from error
                except GOOGLE_ERRORS as error:
                    raise translate(error) from error
        return self._location

    def named(self, table: str) -> str:
        """Return a table of the default dataset as every statement can name it."""
        return f"`{self._options.project}.{self._options.dataset}.{table}`"

    def query(self, sql: str, parameters: Sequence[Parameter] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a statement that may be run twice.

        :raises LandingError: see :func:`~errors.translate`; transient ones after ``patience``.
        """
        attempts = Retrying(
            retry=retry_if_exception_type(TransientError),
            stop=stop_after_delay(self._options.patience),
            wait=_PAUSES,
            reraise=True,
        )
        return attempts(self._query, sql, parameters)

    def stream(self, sql: str, parameters: Sequence[Parameter]) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a query page by page, however many they are.

        :raises LandingError: see :func:`~errors.translate`; nothing is tried again here.
        """
        try:
            for row in self._start(sql, parameters).result(page_size=_PAGE_ROWS):
                yield tuple(row.values())
        except GOOGLE_ERRORS as error:
            raise translate(error) from error

    def submit(self, job_id: str, sql: str, parameters: Sequence[Parameter]) -> Any:
        """Start a statement under an id of ours."""
        return self.client.query(
            sql,
            job_config=self._config(parameters),
            job_id=job_id,
            location=self.location,
            job_retry=None,
        )

    def begun(self, name: str) -> bool:
        """Whether somebody has submitted a first attempt."""
        return self._find(f"{name}_1") is not None

    def run_once(
        self, name: str, submit: Callable[[str], Any], *, before: Callable[[], None] | None = None
    ) -> Any:
        """Bring a job to success exactly once, whoever has begun it: attempts are found by id.

        A running attempt is waited for, a finished one counts, a failed one is followed by the
        next. BigQuery takes an id once, so that two processes at work on one name submit once.

        :param name: ids are ``<name>_<attempt>``.
        :param submit: starts the job under the id that it is given.
        :param before: called before an attempt is submitted; what it raises passes through.
        :return: the job.
        :raises LandingError: it failed for good, or its fate cannot be known now (transient).
        :raises StillRunningError: it takes longer than ``job_wait``.
        """
        pauses = Retrying(
            retry=retry_if_exception_type(_FailedAttemptError),
            stop=lambda state: state.attempt_number >= _ATTEMPTS,
            wait=_pause,
            reraise=True,
        )
        attempt = iter(range(1, _ATTEMPTS + 1))
        try:
            return pauses(lambda: self._attempt(f"{name}_{next(attempt)}", submit, before))
        except _FailedAttemptError as failed:
            raise failed.error from failed

    @contextlib.contextmanager
    def to_the_end(self) -> Iterator[None]:
        """Wait for jobs however long they take, while the ``with`` block runs."""
        wait, self._wait = self._wait, None
        try:
            yield
        finally:
            self._wait = wait

    def cancel_own(self) -> None:
        """Ask BigQuery to stop the job that this process has submitted and waits for, if any.

        Jobs of other loaders, which this one only waits for, go on.
        """
        job = self._own
        if job is not None:
            with contextlib.suppress(*GOOGLE_ERRORS):
                job.cancel()

    def _config(self, parameters: Sequence[Parameter]) -> bigquery.QueryJobConfig:
        return bigquery.QueryJobConfig(
            default_dataset=f"{self._options.project}.{self._options.dataset}",
            query_parameters=list(parameters),
        )

    def _attempt(
        self, job_id: str, submit: Callable[[str], Any], before: Callable[[], None] | None
    ) -> Any:
        job = self._find(job_id)
        old = job is not None and job.error_result is not None
        if job is None:
            if before is not None:
                before()
            job = self._submitted(job_id, submit)
        try:
            self._await(job)
        except GOOGLE_ERRORS as error:
            ours = translate(error)
            if isinstance(ours, TransientError) and self._has_failed(job_id):
                raise _FailedAttemptError(ours, old) from error
            raise ours from error
        finally:
            self._own = None
        self.last = f"{job.project}:{job.location}.{job.job_id}"
        return job

    def _has_failed(self, job_id: str) -> bool:
        """Ask anew: an error may also mean that the answer was lost, while the job goes on."""
        job = self._find(job_id)
        return job is not None and job.error_result is not None

    def _submitted(self, job_id: str, submit: Callable[[str], Any]) -> Any:
        try:
            self._own = submit(job_id)
        except Conflict:
            pass  # somebody was faster, or our own request was answered at the second try
        except GOOGLE_ERRORS as error:
            raise translate(error) from error
        job = self._own or self._find(job_id)
        if job is None:
            raise TransientError(
                ErrorCode.WAREHOUSE_UNAVAILABLE,
                f"BigQuery neither takes nor knows job {job_id}",
                hint="It is tried again; nothing of it was loaded.",
            )
        return job

    def _await(self, job: Any) -> None:
        if self._wait is not None:
            end = time.monotonic() + self._wait
            while not job.done():
                if time.monotonic() > end:
                    own = self._own is not None
                    raise StillRunningError(job.job_id, job.project, job.location, own=own)
                time.sleep(_LOOK_EVERY)
        job.result()

    def _find(self, job_id: str) -> Any:
        try:
            return self.client.get_job(
                job_id, project=self._options.project, location=self.location
            )
        except NotFound:
            return None
        except GOOGLE_ERRORS as error:
            raise translate(error) from error

    def _query(self, sql: str, parameters: Sequence[Parameter]) -> list[tuple[Any, ...]]:
        try:
            return [tuple(row.values()) for row in self._start(sql, parameters).result()]
        except GOOGLE_ERRORS as error:
            raise translate(error) from error

    def _start(self, sql: str, parameters: Sequence[Parameter]) -> Any:
        return self.client.query(
            sql,
            job_config=self._config(parameters),
            job_id_prefix="landing_loader_",
            location=self.location,
            job_retry=None,
        )


class _FailedAttemptError(Exception):
    """An attempt has come to its end without success, and another one may do better.

    :param old: it had failed before we looked.
    """

    def __init__(self, error: TransientError, old: bool) -> None:
        super().__init__(str(error))
        self.error = error
        self.old = old


def _pause(state: RetryCallState) -> float:
    """Seconds before the next attempt: none after one that failed long ago."""
    failed = state.outcome and state.outcome.exception()
    if isinstance(failed, _FailedAttemptError) and failed.old:
        return 0.0
    return _PAUSES(state)
