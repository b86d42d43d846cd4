"""Make the buckets and the dataset that the settings name, in emulators of Google's services.

For docker-compose.yaml. Talks to emulators only, never to Google. May run any number of times.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

EMULATORS = ("STORAGE_EMULATOR_HOST", "BIGQUERY_EMULATOR_HOST")
_PREFIX = "AIRFLOW__LANDING_LOADER__"
_ZONES = ("LANDING_PATH", "ARCHIVE_PATH", "FAILED_PATH")


def buckets(settings: Mapping[str, str]) -> list[str]:
    """Names of the buckets of zones and staging, each once.

    :param settings: environment variables.
    """
    zones = [settings.get(_PREFIX + zone, "") for zone in _ZONES]
    names = [zone.removeprefix("gs://").split("/")[0] for zone in zones if zone.startswith("gs://")]
    staging = settings.get(f"{_PREFIX}STAGING_BUCKET", "")
    return sorted({*names, *filter(None, [staging])})


def main() -> int:
    """Make what is missing.

    :return: exit code: 3 without emulators.
    """
    missing = [name for name in EMULATORS if not os.environ.get(name)]
    if missing:
        print(f"{' and '.join(missing)} must name an emulator.", file=sys.stderr)
        return 3
    from google.api_core.exceptions import Conflict
    from google.auth.credentials import AnonymousCredentials
    from google.cloud import bigquery, storage  # type: ignore[attr-defined]

    project = os.environ[f"{_PREFIX}GCP_PROJECT"]
    nobody = AnonymousCredentials()  # type: ignore[no-untyped-call]
    store = storage.Client(project=project, credentials=nobody)
    for name in buckets(os.environ):
        try:
            store.create_bucket(name)
        except Conflict:
            print(f"bucket {name} is there")
        else:
            print(f"bucket {name} made")
    dataset = f"{project}.{os.environ[f'{_PREFIX}BQ_DATASET']}"
    bigquery.Client(project, nobody).create_dataset(dataset, exists_ok=True)
    print(f"dataset {dataset} is there")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
