#!/usr/bin/env bash
# Trains the model of the present sources, unless it is there; removes older ones. One run at a time.
set -euo pipefail
cd "$(dirname "$0")"
. ./quiet.sh
mkdir -p models
exec 9>models/lock
flock 9
model=$(./model.sh)
if [ -f "$model" ]; then
    echo "rasa model: $(basename "$model") is up to date"
    exit 0
fi
draft=$(mktemp -d models/draft.XXXXXX)
trap 'rm -rf "$draft"' EXIT
echo "rasa model: training $(basename "$model") (about half a minute)"
.venv/bin/rasa train nlu --config config.yml --domain domain.yml --nlu ../data/training \
    --out "$draft" --fixed-model-name model >"$draft/log" 2>&1 || { cat "$draft/log" >&2; exit 1; }
if [ "$(./model.sh)" != "$model" ]; then
    echo "rasa model: the sources changed during training; run this again" >&2
    exit 1
fi
mv "$draft/model.tar.gz" "$model"
find models -maxdepth 1 -name '*.tar.gz' ! -name "$(basename "$model")" -delete
echo "rasa model: trained"
