#!/usr/bin/env bash
# Has Rasa check the training sentences against the domain; a warning fails.
set -euo pipefail
cd "$(dirname "$0")"
. ./quiet.sh
exec .venv/bin/rasa data validate --quiet --fail-on-warnings --config config.yml --domain domain.yml --data ../data/training
