#!/bin/sh
# Honours POSTGRES_USER, POSTGRES_PASSWORD and POSTGRES_DB, as the official image does.
set -eu
data=/var/lib/postgresql/data
user=${POSTGRES_USER:-postgres}
database=${POSTGRES_DB:-$user}

as_postgres() { setpriv --reuid postgres --regid postgres --init-groups "$@"; }

chown postgres:postgres "$data"
if [ ! -e "$data/PG_VERSION" ]; then
  password_file=$(mktemp)
  printf '%s\n' "$POSTGRES_PASSWORD" > "$password_file"
  chown postgres "$password_file"
  as_postgres initdb -D "$data" -U "$user" -A scram-sha-256 --pwfile "$password_file" -E UTF8 --locale C.UTF-8
  rm "$password_file"
  echo 'host all all all scram-sha-256' >> "$data/pg_hba.conf"
  if [ "$database" != postgres ]; then
    echo "CREATE DATABASE \"$database\"" | as_postgres postgres --single -D "$data" postgres
  fi
fi
exec setpriv --reuid postgres --regid postgres --init-groups postgres -D "$data" -h '*'
