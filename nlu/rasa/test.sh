#!/usr/bin/env bash
# test.sh [FILE]: measures the model on a file of labelled sentences in Rasa's format; without one, by five-fold
# cross-validation over the training sentences. Reports go to nlu/rasa/results.
set -euo pipefail
[ $# -eq 0 ] || file=$(realpath "$1")
cd "$(dirname "$0")"
. ./quiet.sh
shared=(--config config.yml --domain domain.yml --out results --no-plot)
if [ $# -eq 0 ]; then
    exec .venv/bin/rasa test nlu --quiet "${shared[@]}" --nlu ../data/training --cross-validation --folds 5
fi
exec .venv/bin/rasa test nlu --quiet "${shared[@]}" --nlu "$file" --model "$(./model.sh)"
