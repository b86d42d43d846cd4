#!/usr/bin/env bash
# check_install.sh AIRFLOW...: installs the wheel with its extras beside each of these releases of
# Airflow, with whatever providers fit that release, and shows that it works there.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

source scripts/find_uv.sh

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
"$UV" build --quiet --wheel --out-dir "$scratch/dist"
wheel=$(ls "$scratch"/dist/*.whl)

check() {
  local airflow=$1 home="$scratch/home-$1" venv="$scratch/venv-$1" bounds=()
  # The newest libraries break the older releases of Airflow.
  [[ $airflow == 3.3.* ]] || bounds=(--group older-airflow)
  echo "Airflow $airflow: installing ..."
  "$UV" venv --quiet --python ">=3.11,<3.14" "$venv"
  "$UV" pip install --quiet --python "$venv/bin/python" "${bounds[@]}" \
    "apache-airflow==$airflow" "airflow-provider-landing-loader[azure,google,s3,dbt] @ file://$wheel"
  mkdir -p "$home/dags" "$scratch/world/landing" "$scratch/world/archive" "$scratch/world/failed"
  cp dags/landing.py "$home/dags/"
  (
    cd "$home"
    export AIRFLOW_HOME=$home AIRFLOW__CORE__LOAD_EXAMPLES=False PATH=$venv/bin:$PATH
    export LANDING_PATH=$scratch/world/landing ARCHIVE_PATH=$scratch/world/archive
    export FAILED_PATH=$scratch/world/failed TABLE_CONFIG_PATH=$OLDPWD/include/config/tables
    export DUCKDB_PATH=$home/warehouse.duckdb
    python -c 'import airflow'
    airflow providers get airflow-provider-landing-loader >/dev/null
    # Not into `grep -q`: Airflow complains when its reader goes away.
    [[ $(airflow config list --section landing_loader 2>/dev/null) == *landing_path* ]]
    python - <<'PY'
from airflow_landing_loader.dag_factory.factory import build_landing_dags
from airflow_landing_loader.hooks.connections import ConnectionClients

dags = build_landing_dags()
assert len(dags) == 4, sorted(dags)
assert ConnectionClients.named("google_cloud_default", "").impersonation_chain == ()
PY
    printf 'symbol,name\nX,Y\n' >"$LANDING_PATH/instruments_$airflow.csv"
    landing-loader run --once >"$home/run.txt" 2>&1 || { cat "$home/run.txt"; exit 1; }
    test -f "$ARCHIVE_PATH/instruments_$airflow.csv"
  )
  "$UV" pip freeze --python "$venv/bin/python" 2>/dev/null |
    grep -E '^(apache-airflow|apache-airflow-providers-(google|duckdb)|astronomer-cosmos|dbt-core|duckdb)==' |
    paste -sd ' ' | sed "s/^/Airflow $airflow: works with /"
}

for airflow in "$@"; do
  check "$airflow"
done
