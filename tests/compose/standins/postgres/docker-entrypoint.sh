#!/bin/bash
# The part of the official image's contract that docker-compose.yml uses: POSTGRES_PASSWORD[_FILE], POSTGRES_INITDB_ARGS,
# started as the user postgres; the server that prepares a new volume listens on its socket only.
set -euo pipefail
[ -z "${POSTGRES_PASSWORD_FILE:-}" ] || POSTGRES_PASSWORD=$(<"$POSTGRES_PASSWORD_FILE")
if [ "$1" = postgres ] && [ ! -s "$PGDATA/PG_VERSION" ]; then
  if [ -z "${POSTGRES_PASSWORD:-}" ]; then
    echo "Error: superuser password is not specified (POSTGRES_PASSWORD)." >&2
    exit 1
  fi
  # shellcheck disable=SC2086
  initdb -U postgres --pwfile=<(printf '%s\n' "$POSTGRES_PASSWORD") ${POSTGRES_INITDB_ARGS:-}
  echo "host all all all scram-sha-256" >>"$PGDATA/pg_hba.conf"
fi
[ "$1" != postgres ] || set -- "$@" -c listen_addresses='*'
exec "$@"
