#!/usr/bin/env bash
# find_browser.sh: prints the path of a Chromium: the one that the variable CHROMIUM names, else one
# that is installed. Exit code 1 where there is none that starts.
set -euo pipefail

candidates=(chromium google-chrome chromium-browser)
[[ -z ${CHROMIUM:-} ]] || candidates=("$CHROMIUM")
for candidate in "${candidates[@]}"; do
  # `--version` and not only `command -v`: Ubuntu has a `chromium-browser` that asks to install a snap.
  if path=$(command -v "$candidate") && "$path" --version >/dev/null 2>&1; then
    echo "$path"
    exit
  fi
done
exit 1
