#!/usr/bin/env bash
# Starts a RabbitMQ node and a PostgreSQL server of its own in memory, measures the load that Baton carries, stops both.
# Needs the programs of both (Debian: rabbitmq-server, postgresql). BATON_BENCH_DIR chooses another place, such as a disk.
set -euo pipefail
cd "$(dirname "$0")/.."
. tests/services.sh

parent=${BATON_BENCH_DIR:-/dev/shm}
[ -d "$parent" ] || parent=${TMPDIR:-/tmp}
cargo bench --bench load --no-run
dir=$(mktemp -d "$parent/baton-bench.XXXXXX")
# The server of PostgreSQL may run as a user of its own.
chmod 755 "$dir"
stop() {
    stop_rabbitmq "$dir/rabbitmq"
    stop_postgres "$dir/postgres"
    rm -rf "$dir"
}
trap stop EXIT
BATON_BENCH_AMQP=$(start_rabbitmq "$dir/rabbitmq")
BATON_BENCH_POSTGRES=$(start_postgres "$dir/postgres")
export BATON_BENCH_AMQP BATON_BENCH_POSTGRES
cargo bench --quiet --bench load
