#!/usr/bin/env bash
# Starts a RabbitMQ node and a PostgreSQL server of its own in memory, measures the load that Baton carries, stops both.
# Needs the programs of both (Debian: rabbitmq-server, postgresql). BATON_BENCH_DIR chooses another place, such as a disk; a
# whole run writes some gigabytes there.
#
#   benches/load.sh                                    everything but prune and watched
#   benches/load.sh MEASURE...                         some of: decided steady sustained sustained-slow sustained-sqlite
#                                                      live tools tools-mcp prune watched
#                                                      (prune only where it is named: it first makes BATON_BENCH_OLD_LEADS
#                                                      old leads, 1000000 if that says nothing, some 20 GB and a quarter of an
#                                                      hour)
#   benches/load.sh watched [--pairs N]                what it costs that somebody looks: sustained with figures read of the store
#                                                      and scraped every 15 s and every lead's trace told to a collector, and
#                                                      sustained with none of it, in turn, N times each (5); only where it is
#                                                      named. What is counted where it happens is counted in both: that cannot
#                                                      be turned off
#   benches/load.sh --against DIR [--pairs N] [MEASURE...]
#                                                      this checkout and the one in DIR in turn, N times each (5), over the
#                                                      same services; tells the ratio of each figure
set -euo pipefail

against=""
if [ "${1-}" = --against ]; then
    against=$(cd "${2:?--against needs the folder of another checkout}" && pwd)
    shift 2
fi
cd "$(dirname "$0")/.."
. tests/services.sh
. benches/build.sh

# The server's module that counts statements: where it is not installed, the server would not start with it.
statements_module() {
    local programs folder
    programs=$(dirname "$(readlink -f "$(service_program postgres)")")
    for folder in "$programs/../lib" "$programs/../lib/postgresql"; do
        if [ -e "$folder/pg_stat_statements.so" ]; then
            echo pg_stat_statements
            return
        fi
    done
}

parent=${BATON_BENCH_DIR:-/dev/shm}
[ -d "$parent" ] || parent=${TMPDIR:-/tmp}
here=$(build_bench load .)
if [ -n "$against" ]; then
    there=$(build_bench load "$against")
    set -- --against "$there" "$@"
fi
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
# Whose processor time is the broker's.
BATON_BENCH_BROKER_PID=$(cat "$dir/rabbitmq/rabbitmq.pid")
BATON_BENCH_POSTGRES=$(start_postgres "$dir/postgres" -c "shared_preload_libraries=$(statements_module)")
BATON_BENCH_FOLDER=$dir
export BATON_BENCH_AMQP BATON_BENCH_BROKER_PID BATON_BENCH_POSTGRES BATON_BENCH_FOLDER
"$here" "$@"
