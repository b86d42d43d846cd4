#!/usr/bin/env bash
# make_constraints.sh GROUP FILE: resolves all extras, the dev, bench and fuzz groups and GROUP (which names
# the Airflow) into exact versions for Python 3.11 to 3.13; no addresses, no index lines.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
group=$1 file=$2

source scripts/find_uv.sh

echo "Resolving $file ..."
# One version for all Pythons where there is one: fewer combinations to test.
"$UV" pip compile pyproject.toml --all-extras --group dev --group bench --group fuzz --group "$group" \
  --universal --python-version 3.11 --fork-strategy fewest --upgrade \
  --no-annotate --no-header --no-emit-index-url --quiet --output-file "$file"
echo "$(wc -l <"$file") versions in $file"
