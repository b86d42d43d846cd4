# To be sourced from the top of the checkout: sets UV to a working uv, installed into .uv/ if there
# is none. pip's --target leaves the system's Python alone, so this works as root, without root, and
# where the distribution marks its Python as externally managed.

# `--version` and not `command -v`: a version manager's shim may be there without a program behind
# it. An old uv does not know dependency groups.
uv_works() { "$1" pip install --help 2>/dev/null | grep -q -- --group; }

UV=uv
if ! uv_works "$UV"; then
  UV=$PWD/.uv/bin/uv
  if ! uv_works "$UV"; then
    echo "Installing uv into .uv/ ..."
    # A virtual environment that is active may have no pip; the Python that it was made of has one.
    with_pip=python3
    python3 -m pip --version >/dev/null 2>&1 ||
      with_pip=$(python3 -c 'import sys; print(sys.base_prefix)')/bin/python3
    "$with_pip" -m pip install --quiet --disable-pip-version-check --root-user-action ignore \
      --upgrade --target .uv uv ||
      { echo "uv cannot be installed; pip says above why." >&2; return 1; }
  fi
fi

# The path of an installed Python of a version such as 3.13; nothing is downloaded. A version
# manager's shim may hide it from uv.
find_python() {
  "$UV" python find --no-python-downloads "$1" 2>/dev/null ||
    ls -d "${PYENV_ROOT:-$HOME/.pyenv}/versions/$1"*/bin/python 2>/dev/null | tail -n 1 | grep . ||
    { echo "Python $1 is needed; uv finds none." >&2; return 1; }
}
