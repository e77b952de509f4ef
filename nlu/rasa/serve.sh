#!/usr/bin/env bash
# serve.sh PORT: serves POST /model/parse on the loopback with the model of the present sources, in the foreground.
set -euo pipefail
port=${1:?usage: serve.sh PORT}
cd "$(dirname "$0")"
. ./quiet.sh
model=$(./model.sh)
[ -f "$model" ] || { echo "rasa model: none for the present sources; run nlu/rasa/train.sh first" >&2; exit 1; }
exec .venv/bin/rasa run --quiet --enable-api -i 127.0.0.1 -p "$port" -m "$model"
