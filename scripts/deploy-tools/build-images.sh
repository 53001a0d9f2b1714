#!/usr/bin/env bash
# Builds $IMAGE from the Dockerfile, unchanged, and $PAUSE_IMAGE, and writes both as archives into $DIRECTORY. Run in the
# project's folder; container-images.ts does. Layers are kept: delete $DIRECTORY to free their space.
set -euo pipefail

base=docker.io/library/$(sed -n 's/^FROM \(node:[^ ]*\) AS base$/\1/p' Dockerfile)
buildah=(nice -n 10 buildah --root "$DIRECTORY/storage" --runroot "$DIRECTORY/run" --storage-driver overlay)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

archive() {
  rm -f "$DIRECTORY/$2"
  "${buildah[@]}" push --quiet "$1" "docker-archive:$DIRECTORY/$2:$1"
}

# In place of the published image: Debian, this project's Node, npm, and the certificates and registry of this machine.
if ! "${buildah[@]}" inspect --type image "$base" > /dev/null 2>&1; then
  root=$work/root
  mkdir -m 755 "$root"
  nice -n 10 mmdebstrap --quiet --variant=minbase --include=ca-certificates bookworm "$root"
  install -D node_modules/node/bin/node "$root/usr/local/bin/node"
  mkdir -p "$root/usr/local/lib/node_modules" "$root/usr/local/etc"
  cp -a "$(dirname "$(dirname "$(readlink -f "$(command -v npm)")")")" "$root/usr/local/lib/node_modules/npm"
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/local/bin/npm"
  cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
  printf 'registry=%s\ncafile=/etc/ssl/certs/ca-certificates.crt\n' "$(npm config get registry)" \
    > "$root/usr/local/etc/npmrc"
  chroot "$root" groupadd --gid 1000 node
  chroot "$root" useradd --uid 1000 --gid 1000 --create-home node
  tar --create --directory "$root" --file "$work/base.tar" .
  rm -rf "$root"
  container=$("${buildah[@]}" from scratch)
  "${buildah[@]}" add --quiet "$container" "$work/base.tar" / > /dev/null
  "${buildah[@]}" config --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$container"
  "${buildah[@]}" commit --quiet --rm "$container" "$base" > /dev/null
fi

"${buildah[@]}" build --quiet --layers --format docker --isolation chroot --pull-never --network host --tag "$IMAGE" . > /dev/null
archive "$IMAGE" login-etl.tar

if ! "${buildah[@]}" inspect --type image "$PAUSE_IMAGE" > /dev/null 2>&1; then
  cat > "$work/main.go" << 'GO'
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
  CGO_ENABLED=0 go build -o "$work/pause" "$work/main.go"
  container=$("${buildah[@]}" from scratch)
  "${buildah[@]}" copy --quiet "$container" "$work/pause" /pause > /dev/null
  "${buildah[@]}" config --entrypoint '["/pause"]' "$container"
  "${buildah[@]}" commit --quiet --rm "$container" "$PAUSE_IMAGE" > /dev/null
fi
archive "$PAUSE_IMAGE" pause.tar
