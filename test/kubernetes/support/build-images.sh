#!/usr/bin/env bash
# Builds the images of the cluster test into $DIRECTORY: localhost/login-etl:test from the Dockerfile, unchanged, and
# localhost/pause:test. With KEEP_IMAGE=1 an earlier image of ours is used again. Run in the project's folder.
set -euo pipefail

base=$(sed -n 's/^FROM \(node:[^ ]*\) AS base$/\1/p' Dockerfile)
buildah=(nice -n 10 buildah --root "$DIRECTORY/storage" --runroot "$DIRECTORY/run" --storage-driver vfs)

# In place of the published image: Debian, this project's Node, npm, and the certificates and registry of this machine.
if ! "${buildah[@]}" inspect --type image "docker.io/library/$base" > /dev/null 2>&1; then
  root=$(mktemp -d)
  trap 'rm -rf "$root"' EXIT
  nice -n 10 mmdebstrap --quiet --variant=minbase --include=ca-certificates bookworm "$root"
  install -D node_modules/node/bin/node "$root/usr/local/bin/node"
  mkdir -p "$root/usr/local/lib/node_modules" "$root/usr/local/etc"
  cp -a "$(npm root -g)/npm" "$root/usr/local/lib/node_modules/npm"
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/local/bin/npm"
  cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
  printf 'registry=%s\ncafile=/etc/ssl/certs/ca-certificates.crt\n' "$(npm config get registry)" \
    > "$root/usr/local/etc/npmrc"
  chroot "$root" groupadd --gid 1000 node
  chroot "$root" useradd --uid 1000 --gid 1000 --create-home node
  tar --create --directory "$root" --file "$DIRECTORY/base.tar" .
  container=$("${buildah[@]}" from scratch)
  "${buildah[@]}" add --quiet "$container" "$DIRECTORY/base.tar" / > /dev/null
  "${buildah[@]}" config --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$container"
  "${buildah[@]}" commit --quiet --rm "$container" "docker.io/library/$base" > /dev/null
  rm "$DIRECTORY/base.tar"
fi
if [ "${KEEP_IMAGE:-}" = "" ] || [ ! -e "$DIRECTORY/login-etl.tar" ]; then
  "${buildah[@]}" build --quiet --isolation chroot --pull-never --network host --tag localhost/login-etl:test . > /dev/null
  rm -f "$DIRECTORY/login-etl.tar"
  "${buildah[@]}" push --quiet localhost/login-etl:test \
    "docker-archive:$DIRECTORY/login-etl.tar:localhost/login-etl:test"
  # Layers of earlier builds.
  "${buildah[@]}" rmi --prune > /dev/null 2>&1 || true
fi

if [ ! -e "$DIRECTORY/pause.tar" ]; then
  source=$(mktemp -d)
  cat > "$source/main.go" << 'GO'
package main

import (
	"os"
	"os/signal"
	"syscall"
)

func main() {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGINT, syscall.SIGTERM)
	<-stop
}
GO
  CGO_ENABLED=0 go build -o "$source/pause" "$source/main.go"
  container=$("${buildah[@]}" from scratch)
  "${buildah[@]}" copy --quiet "$container" "$source/pause" /pause > /dev/null
  "${buildah[@]}" config --entrypoint '["/pause"]' "$container"
  "${buildah[@]}" commit --quiet --rm "$container" localhost/pause:test > /dev/null
  "${buildah[@]}" push --quiet localhost/pause:test "docker-archive:$DIRECTORY/pause.tar:localhost/pause:test"
  rm -rf "$source"
fi
