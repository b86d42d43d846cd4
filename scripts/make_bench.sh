#!/usr/bin/env bash
# make_bench.sh VENV CONSTRAINTS PYTHON: what the benchmark compares with and the project itself does not
# need, in a virtual environment of its own: so `make test` does not install it, and it starts without
# Airflow beside it. The same DuckDB as the project's, by the exact versions of CONSTRAINTS.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
venv=$1 constraints=$2 python=$3

source scripts/find_uv.sh

echo "Installing dlt into $venv (once) ..."
"$UV" venv --quiet --clear --python "$python" "$venv"
"$UV" pip install --quiet --python "$venv/bin/python" --compile-bytecode \
  --constraint "$constraints" --group bench
touch "$venv/.ready"
