#!/usr/bin/env bash
# A PostgreSQL server for the tests and `make run-cluster`: Debian's package, installed when it is missing and we may.
set -euo pipefail
ready() { command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; }
if ready; then
    echo "postgresql: ready"
elif [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "postgresql: installing Debian's postgresql"
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y postgresql; } >/dev/null
else
    echo "postgresql: initdb is missing; the tests on PostgreSQL will fail and say so (apt-get install postgresql)." >&2
fi
