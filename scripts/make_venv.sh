#!/usr/bin/env bash
# make_venv.sh VENV CONSTRAINTS [PYTHON]: the package (editable), its extras and the dev group in
# a virtual environment, with the exact versions of CONSTRAINTS. PYTHON is a version or a path.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
venv=$1 constraints=$2 python=${3:-}

source scripts/find_uv.sh

supported() {
  "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null
}

if ! supported "$venv/bin/python"; then
  echo "Creating $venv ..."
  "$UV" venv --quiet --clear --python "${python:->=3.11,<3.14}" "$venv"
fi

echo "Installing Airflow, dbt and the tools into $venv (about a minute the first time) ..."
started=$SECONDS
# Compiled once here instead of at the first start of each of Airflow's processes.
"$UV" pip install --quiet --python "$venv/bin/python" --compile-bytecode \
  --constraint "$constraints" --editable '.[azure,dbt,google,s3]' --group dev
touch "$venv/.ready"
echo "$("$venv/bin/python" --version) with $("$UV" pip freeze --python "$venv/bin/python" 2>/dev/null |
  grep '^apache-airflow==') ready in $venv after $((SECONDS - started)) s."
