#!/usr/bin/env bash
# Starts a RabbitMQ node, a PostgreSQL server and an Asterisk of its own, measures how long callers and reps wait for Baton, stops
# all of them. Needs the programs of the first two (Debian: rabbitmq-server, postgresql); Asterisk and a voice come from Debian's
# archive (tests/telephony/asterisk.sh). BATON_BENCH_DIR chooses another place than memory, BATON_BENCH_ASTERISK=16 another version.
#
#   benches/calls.sh                                   1,000 calls at 5 a second, then 100 for whom nobody accepts: six minutes
#   benches/calls.sh --calls N --per-second N --nobody N
#
# Beside every call a script makes one committed transaction and originates over ARI: what the machine can do at best.
set -euo pipefail

cd "$(dirname "$0")/.."
. tests/services.sh
. benches/build.sh

parent=${BATON_BENCH_DIR:-/dev/shm}
[ -d "$parent" ] || parent=${TMPDIR:-/tmp}
{
    read -r BATON_BENCH_ASTERISK_FOLDER
    read -r BATON_BENCH_SPEECH_FOLDER
} < <(tests/telephony/asterisk.sh install "${BATON_BENCH_ASTERISK:-22}" speech) || {
    echo "no Asterisk, or no voice: see above" >&2
    exit 2
}
bench=$(build_bench calls .)
dir=$(mktemp -d "$parent/baton-calls.XXXXXX")
# The server of PostgreSQL may run as a user of its own.
chmod 755 "$dir"
stop() {
    tests/telephony/asterisk.sh stop "$dir/asterisk" || true
    stop_rabbitmq "$dir/rabbitmq"
    stop_postgres "$dir/postgres"
    rm -rf "$dir"
}
trap stop EXIT
BATON_BENCH_AMQP=$(start_rabbitmq "$dir/rabbitmq")
BATON_BENCH_POSTGRES=$(start_postgres "$dir/postgres")
BATON_BENCH_FOLDER=$dir
export BATON_BENCH_AMQP BATON_BENCH_POSTGRES BATON_BENCH_FOLDER BATON_BENCH_ASTERISK_FOLDER BATON_BENCH_SPEECH_FOLDER
"$bench" "$@"
