#!/usr/bin/env bash
# SoftHSM, a PKCS#11 token in software, for the tests of keys in hardware: Debian's package, installed when it is missing
# and we may.
set -euo pipefail
if command -v softhsm2-util >/dev/null; then
    echo "softhsm: ready"
elif [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "softhsm: installing Debian's softhsm2"
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y softhsm2; } >/dev/null
else
    echo "softhsm: softhsm2-util is missing; the tests of keys in hardware will fail and say so (apt-get install softhsm2)." >&2
fi
