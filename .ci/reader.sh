#!/usr/bin/env bash
# Builds .readers/NAME, the environment of a reader: "voice" or "ocr". Does nothing when it is already there.
set -euo pipefail
cd "$(dirname "$0")/.."

name=$1
file="integrations/$name-requirements.txt"
folder=".readers/$name"
stamp="$folder/requirements.sha256"
wanted=$(sha256sum "$file" | cut -d' ' -f1)
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ]; then
    echo "$name: ready"
    exit 0
fi

echo "$name: making $folder (about 250 MB)"
uv=.venv/bin/uv
$uv venv --quiet --clear --python .venv/bin/python "$folder" &&
    $uv pip install --quiet --python "$folder/bin/python" --require-hashes -r "$file" ||
    { echo "$name: $file cannot be installed here; the lines above say why. The assistant runs without it." >&2; exit 1; }
echo "$wanted" >"$stamp"
echo "$name: installed; switch it on with"
echo "    MOT_CUA_${name^^}_COMMAND=\"$folder/bin/python -m integrations.readers.$name\""
