#!/bin/bash
# Creates the Secrets of a namespace, each part's own: what a part doesn't know it can't leak. The keys come from the file
# that `npm run env` wrote, where the stores are from the environment:
#
#   DATABASE_URL=postgres://… REDIS_URL=rediss://… AMQP_URL=amqps://… deploy/kubernetes/create-secrets.sh [.env] [NAMESPACE]
#
# USERS_DATABASE_URL, OTP_DATABASE_URL, GATEWAY_DATABASE_URL and MIGRATE_DATABASE_URL give parts roles of their own, and
# ADMIN_USERNAME with ADMIN_PASSWORD the first admin. Values go to kubectl by standard input, never as arguments. Run it
# again after a rotation, and restart the part: kubectl -n NAMESPACE rollout restart deployment/PART
set -euo pipefail
# What is missing ends the script in $(…) too: a Secret without a key would take the key from the cluster.
shopt -s inherit_errexit

file=${1:-.env}
namespace=${2:-sallyport}
: "${DATABASE_URL:?where PostgreSQL is}" "${REDIS_URL:?where Redis is}"

from_file() {
  grep -m1 "^$1=" "$file" || { echo "$file has no $1" >&2 && return 1; }
}

renamed() {
  local line
  line=$(from_file "$1") && echo "$2=${line#*=}"
}

given() {
  [ -z "${!1:-}" ] || echo "$1=${!1}"
}

create() {
  kubectl -n "$namespace" create secret generic "$1" --from-env-file=/dev/stdin --dry-run=client -o yaml |
    kubectl -n "$namespace" apply -f -
}

migrate=$(echo "DATABASE_URL=${MIGRATE_DATABASE_URL:-$DATABASE_URL}")

users=$(
  echo "DATABASE_URL=${USERS_DATABASE_URL:-$DATABASE_URL}"
  renamed USERS_SERVICE_SECRETS SERVICE_SECRETS
  from_file PASSWORD_PEPPERS
  given ADMIN_USERNAME
  given ADMIN_PASSWORD
)

otp=$(
  echo "DATABASE_URL=${OTP_DATABASE_URL:-$DATABASE_URL}"
  echo "REDIS_URL=$REDIS_URL"
  renamed OTP_SERVICE_SECRETS SERVICE_SECRETS
  from_file OTP_ENCRYPTION_KEYS
)

gateway=$(
  echo "DATABASE_URL=${GATEWAY_DATABASE_URL:-$DATABASE_URL}"
  echo "REDIS_URL=$REDIS_URL"
  given AMQP_URL
  from_file USERS_SERVICE_SECRETS
  from_file OTP_SERVICE_SECRETS
  from_file TOKEN_SIGNING_KEYS
  from_file AUDIT_SIGNING_KEYS
)

create migrate <<<"$migrate"
create users <<<"$users"
create otp <<<"$otp"
create gateway <<<"$gateway"
