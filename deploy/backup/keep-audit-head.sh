#!/bin/sh
# Barman runs this before and after each backup, and cron every few minutes: it keeps the head of the audit log and the
# sealed journal of erasures in a place that neither the database's owner nor the backup's can change. A head from before a
# backup is in every database that is restored from it.
#
# /etc/barman.d/keep-audit-head.env sets
#   DATABASE_URL          a user with the role login_etl_custodian
#   VAULT_PUBLIC_KEY_FILE the vault's public key
#   AUDIT_HEAD_COMMAND    stores standard input under the name $1, for example
#                         aws s3 cp - "s3://audit-heads/$1" (a bucket with object lock, in another account)
set -eu
env_file=${AUDIT_HEAD_ENV:-/etc/barman.d/keep-audit-head.env}
set -a; . "$env_file"; set +a

phase=${BARMAN_PHASE:-tick}
label=${BARMAN_BACKUP_ID:-}
now=$(date -u +%Y%m%dT%H%M%SZ)
started_file=${BARMAN_BACKUP_DIR:-/nonexistent}/.audit-head-started

keep() {
  head=$(mktemp)
  trap 'rm -f "$head"' EXIT
  login-etl audit head --json "$@" > "$head"
  sh -c "$AUDIT_HEAD_COMMAND" keep "$name" < "$head"
}

case $phase in
  pre)
    mkdir -p "$(dirname "$started_file")"
    date -u +%Y-%m-%dT%H:%M:%SZ > "$started_file"
    name="$label.before.json"; keep ;;
  post)
    # A backup that failed is none.
    [ "${BARMAN_STATUS:-}" = DONE ] || exit 0
    name="$label.json"
    # Without a time from before the backup, a day ago counts as its start.
    if [ -s "$started_file" ]; then keep --backup "$label" --started "$(cat "$started_file")"
    else keep --backup "$label"; fi ;;
  *)
    name="latest-$now.json"; keep ;;
esac
