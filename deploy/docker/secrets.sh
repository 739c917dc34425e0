#!/usr/bin/env bash
# Makes the secrets of compose.yaml in the folder secrets beside it, once: what is there stays.
set -euo pipefail
cd "$(dirname "$0")"

# The folder is closed; the files are read by users of the containers, whose numbers this host does not know.
mkdir -p -m 700 secrets
cd secrets
random() { od -An -tx1 -N32 /dev/urandom | tr -d ' \n'; }
keep() { [ -s "$1" ] || cat >"$1"; }

umask 022
[ -s postgres_password ] || random >postgres_password
[ -s voice_token ] || random >voice_token
if [ ! -s rabbitmq_login ]; then
    printf 'default_user = baton\ndefault_pass = %s\n' "$(random)" >rabbitmq_login
fi
printf 'postgres://baton:%s@postgres/baton\n' "$(cat postgres_password)" | keep database_url
sed -n 's|^default_pass = \(.*\)$|amqp://baton:\1@rabbitmq/%2f|p' rabbitmq_login | keep amqp_url
