#!/usr/bin/env bash
# audit.sh: asks for known vulnerabilities of the pinned versions; see audit.py.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

source scripts/find_uv.sh

run=("$UV" run --quiet --no-project --with 'pip-audit==2.10.1' python)
if ! "${run[@]}" -c 'import pip_audit' 2>/dev/null; then
  echo "NOT AUDITED: pip-audit cannot be installed here"
  exit 0
fi
"${run[@]}" scripts/audit.py
