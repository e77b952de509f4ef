#!/usr/bin/env bash
# Builds nlu/rasa/.venv: Rasa 3.6.21 on Python 3.10, pinned. Does nothing when it is already there.
# Exits 3 when no Python 3.10 can be had, 4 when the install fails.
set -euo pipefail
cd "$(dirname "$0")"

root=$(cd ../.. && pwd)
uv="$root/.venv/bin/uv"
[ -x "$uv" ] || uv=$(command -v uv || true)
stamp=.venv/requirements.sha256
wanted=$(cat requirements.txt constraints.txt | sha256sum | cut -d' ' -f1)

runs_310() { # a pyenv shim may be on PATH and still not run
    "$@" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 10))' >/dev/null 2>&1
}

find_python() {
    local candidate version
    candidate=$(command -v python3.10 || true)
    if [ -n "$candidate" ] && runs_310 "$candidate"; then
        "$candidate" -c 'import sys; print(sys.executable)' && return
    fi
    for version in "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.10.*; do
        if runs_310 "$version/bin/python"; then echo "$version/bin/python" && return; fi
        if PYENV_VERSION=$(basename "$version") runs_310 python3.10; then
            PYENV_VERSION=$(basename "$version") python3.10 -c 'import sys; print(sys.executable)' && return
        fi
    done
    [ -n "$uv" ] || return 1
    "$uv" python find --no-config 3.10 2>/dev/null && return
    echo "rasa environment: no Python 3.10 here, asking uv to install one" >&2
    "$uv" python install --no-config 3.10 >&2 && "$uv" python find --no-config 3.10
}

install_requirements() {
    if [ -n "$uv" ]; then
        "$uv" venv --quiet --clear --python "$1" .venv &&
            "$uv" pip install --quiet --python .venv/bin/python -r requirements.txt
    else
        "$1" -m venv --clear .venv && .venv/bin/python -m pip install --quiet -r requirements.txt
    fi
}

if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ] && runs_310 .venv/bin/python; then
    echo "rasa environment: ready"
    exit 0
fi

if ! python=$(find_python) || ! runs_310 "$python"; then
    echo "rasa environment: Python 3.10 was not found and could not be installed; install it (uv python install 3.10)" \
        "and run this again. Until then the embedded engine answers." >&2
    exit 3
fi
echo "rasa environment: installing Rasa into nlu/rasa/.venv with $python (2.5 GB)"
if ! install_requirements "$python"; then
    echo "rasa environment: installing nlu/rasa/requirements.txt failed; the lines above say why." >&2
    exit 4
fi
echo "$wanted" >"$stamp"
echo "rasa environment: installed"
