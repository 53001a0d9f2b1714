#!/usr/bin/env bash
# Rehearses a release: runs the commands that the steps `publish` and `sign` print, against a registry on this machine, and
# verifies what they signed. A key takes the place of the pipeline's identity, and nothing goes to a transparency log. The
# chart stands in for the image, which cosign signs in the same way: no container engine is needed.
set -euo pipefail
cd "$(dirname "$0")/../.."

npm run --silent deploy-tools -- cosign helm registry
tools=${XDG_CACHE_HOME:-$HOME/.cache}/login-etl/deploy-tools
work=$(mktemp -d)
server=
trap 'kill $server 2> /dev/null; rm -rf "$work"' EXIT
for name in cosign registry; do ln -s "$(ls "$tools/$name"-v* | sort --version-sort | tail -n 1)" "$work/$name"; done
export PATH=$work:$PATH COSIGN_PASSWORD=rehearsal

address=127.0.0.1:${REHEARSAL_PORT:-15000}
cat > "$work/registry.yml" << FILE
version: 0.1
log: { level: error }
storage: { filesystem: { rootdirectory: $work/registry-data } }
http: { addr: "$address" }
FILE
OTEL_TRACES_EXPORTER=none registry serve "$work/registry.yml" > "$work/registry.log" 2>&1 &
server=$!
until (: < "/dev/tcp/${address/://}") 2> /dev/null; do sleep 0.1; done
# The port may be another program's.
sleep 0.5
kill -0 "$server" 2> /dev/null || { cat "$work/registry.log"; exit 1; }

export IMAGE_REPOSITORY=$address/charts/login-etl CHART_REPOSITORY=oci://$address/charts
printed() { node scripts/release/run-step.ts "$1" --dry-run; }
npm run --silent chart:package
npm run --silent release:sbom
digest=$(eval "$(printed publish | grep ' push ') --plain-http 2>&1" | sed -n 's/^Digest: //p')
(cd "$work" && cosign generate-key-pair 2> /dev/null)
printed sign | sed "s/sha256:DIGEST/${digest:?was not pushed}/" > "$work/commands"
while read -r command; do
  case $command in
    *' sign-blob '*) ;;
    *) command+=' --allow-http-registry' ;;
  esac
  echo "$command"
  eval "$command --key $work/cosign.key --use-signing-config=false --tlog-upload=false" > /dev/null 2> "$work/log" \
    || { cat "$work/log"; exit 1; }
done < "$work/commands"

verify() { cosign "$@" --key "$work/cosign.pub" --insecure-ignore-tlog > /dev/null 2>&1; }
verify verify --allow-http-registry "$IMAGE_REPOSITORY@$digest"
verify verify-attestation --allow-http-registry --type cyclonedx "$IMAGE_REPOSITORY@$digest"
for bundle in build/release/*.sigstore.json; do
  file=${bundle%.sigstore.json}
  verify verify-blob --bundle "$bundle" "$file"
  if verify verify-blob --bundle "$bundle" <(cat "$file" - <<< x); then
    echo "$file: a change was not noticed" >&2
    exit 1
  fi
done
echo "Pushed, signed and verified: $IMAGE_REPOSITORY@$digest, $(ls build/release/*.sigstore.json | wc -l) files"
rm build/release/*.sigstore.json
