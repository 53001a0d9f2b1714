#!/usr/bin/env bash
# Runs `npm run test:postgres` on each supported version of PostgreSQL, or on those named: 13 14 … Their programs come from
# npm and are kept in the cache directory. It takes about four minutes for each version.
set -uo pipefail

declare -A release=(
  [13]=13.23.0-beta.16 [14]=14.23.0-beta.17 [15]=15.18.0-beta.17
  [16]=16.14.0-beta.17 [17]=17.10.0-beta.17 [18]=18.4.0-beta.17
)
package=@embedded-postgres/linux-$(uname -m | sed 's/x86_64/x64/; s/aarch64/arm64/')
cache=${XDG_CACHE_HOME:-$HOME/.cache}/login-etl/postgres
work=$(mktemp -d)
as_owner=()
if ((EUID == 0)); then as_owner=(setpriv --reuid nobody --regid nogroup --clear-groups); fi
server=
trap '[ -z "$server" ] || kill -INT "$server"; wait; rm -rf "$work"' EXIT

failed=()
for version in "${@:-13 14 15 16 17 18}"; do versions+=($version); done
for version in "${versions[@]}"; do
  release=${release[$version]:?no such version is supported}
  npm install --silent --no-save --no-audit --prefix "$cache/$release" "$package@$release" > /dev/null
  # PostgreSQL does not run as root, and another user may not read below root's home.
  programs=$work/$version
  cp -r "$cache/$release/node_modules/$package/native" "$programs"
  data=$work/data-$version
  mkdir "$data"
  if ((EUID == 0)); then
    chmod 755 "$work"
    chown nobody:nogroup "$data"
  fi
  export LC_ALL=C
  "${as_owner[@]}" "$programs/bin/initdb" --pgdata "$data" --username postgres --auth trust --encoding UTF8 --no-locale --no-sync > /dev/null
  port=$((15400 + version))
  "${as_owner[@]}" "$programs/bin/postgres" -D "$data" -k '' -c listen_addresses=127.0.0.1 -p "$port" \
    -c fsync=off -c max_connections=200 > "$work/log" 2>&1 &
  server=$!
  if ! TEST_POSTGRES_URL=postgres://postgres:postgres@127.0.0.1:$port/postgres npm run --silent test:postgres; then
    failed+=("$version")
  fi
  kill -INT "$server"
  wait "$server"
  server=
  rm -rf "$data" "$programs"
done
echo "PostgreSQL ${versions[*]}: ${failed[*]:-none} failed"
((${#failed[@]} == 0))
