#!/bin/sh
# Runs once, in an empty cluster: the application's role owns its database and is no superuser.
set -eu
psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --set password="$CONCORD_DB_PASSWORD" <<'SQL'
CREATE ROLE concord LOGIN PASSWORD :'password';
CREATE DATABASE concord OWNER concord TEMPLATE template0 ENCODING 'UTF8'
    LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C';
SQL
