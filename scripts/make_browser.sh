#!/usr/bin/env bash
# make_browser.sh: a Chromium for the tests of the pages. Installs Debian's, as root on Debian; elsewhere
# it says what to install, and the tests that need one are skipped; where CI is set, that is an error.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

scripts/find_browser.sh >/dev/null && exit

may_install() {
  [[ $EUID == 0 ]] && grep -q '^ID=debian$' /etc/os-release 2>/dev/null && command -v apt-get >/dev/null
}

install() {
  echo "Installing Chromium by apt-get (once) ..."
  # Another apt-get may be at work.
  local apt_get=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300)
  "${apt_get[@]}" update && "${apt_get[@]}" install -y --no-install-recommends chromium >/dev/null
}

if [[ -z ${CHROMIUM:-} ]] && may_install && install && scripts/find_browser.sh >/dev/null; then
  exit
fi

echo "There is no Chromium: the tests of the pages need one. Install chromium or google-chrome, or let" >&2
echo "the variable CHROMIUM name one." >&2
[[ -z ${CI:-} ]] || exit 1
echo "They are skipped." >&2
