#!/usr/bin/env bash
# Chromium for the browser tests: Debian's package, installed when it is missing and we may.
set -euo pipefail
if [ -x /usr/bin/chromium ]; then
    echo "browser: ready"
elif [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "browser: installing Debian's chromium and a font with Vietnamese letters"
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y chromium fonts-noto-core; } >/dev/null
else
    echo "browser: /usr/bin/chromium is missing; the browser tests will say so (apt-get install chromium)." >&2
fi
