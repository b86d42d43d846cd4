#!/usr/bin/env bash
# make_emulators.sh VENV FOLDER: the emulators of GCS, S3, Azure and BigQuery that the tests start, in a
# virtual environment of their own: they need other versions than the project, and Python 3.13.
# FOLDER holds requirements.txt and package.json; the one for Azure is a package of Node.js, which
# the former brings along, and so is axe, which finds in a page what keeps people out.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
venv=$1 folder=$2

source scripts/find_uv.sh

python=$(find_python 3.13)
echo "Installing the emulators into $venv (once) ..."
"$UV" venv --quiet --clear --python "$python" "$venv"
"$UV" pip install --quiet --python "$venv/bin/python" --requirement "$folder/requirements.txt"
# The BigQuery emulator looks for DuckDB's extensions in a folder, and must not download them.
"$venv/bin/python" - "$venv/extensions" <<'PY'
import pathlib
import shutil
import sys

import duckdb

site = pathlib.Path(duckdb.__file__).parents[1]
version = f"v{duckdb.__version__}"
platform = duckdb.connect().execute("PRAGMA platform").fetchone()[0]
target = pathlib.Path(sys.argv[1], version, platform)
target.mkdir(parents=True, exist_ok=True)
for extension in site.glob(f"duckdb_extension_*/extensions/{version}/*.duckdb_extension"):
    shutil.copy(extension, target)
PY
mkdir "$venv/npm"
cp "$folder/package.json" "$venv/npm/"
PATH="$PWD/$venv/bin:$PATH" npm install --prefix "$venv/npm" \
  --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error
touch "$venv/.ready"
