# Private services for tests: a RabbitMQ node and a PostgreSQL server on loopback, each in a directory of its own, on free
# ports, beside whatever else runs on the machine. To be sourced:
#
#   . tests/services.sh
#   BATON_TEST_AMQP=$(start_rabbitmq "$dir/rabbitmq")     BATON_TEST_RABBITMQCTL=$dir/rabbitmq/rabbitmqctl
#   BATON_TEST_PG=$(start_postgres "$dir/postgres")
#   stop_rabbitmq "$dir/rabbitmq"; stop_postgres "$dir/postgres"
#
# For what must be survived: `start_rabbitmq_cluster DIR 3`, `kill_rabbitmq DIR/1`, `stop_rabbitmq_cluster DIR`; a standby that follows
# a PostgreSQL, `start_standby DIR PORT [sync]`, `await_standby PORT`, `kill_postgres`, `promote_postgres`.
#
# Each start prints the address once the service answers, and fails with the service's own log if it does not. Each stop ends
# what its start began, by process id, and leaves the directory. A directory in memory (/dev/shm) makes both quick.
# shellcheck shell=bash

# How long a service may take to answer, in seconds.
SERVICE_START_WITHIN=90

# A program by name: from the path, or from where distributions hide server programs.
service_program() {
    command -v "$1" && return
    local found
    for found in /usr/lib/rabbitmq/bin/"$1" /usr/lib/postgresql/*/bin/"$1" /opt/homebrew/opt/postgresql*/bin/"$1"; do
        if [ -x "$found" ]; then
            echo "$found"
            return
        fi
    done
    echo "$1 is not installed" >&2
    return 1
}

# A TCP port on loopback that nobody listens on.
free_port() {
    local port
    while :; do
        port=$((20000 + RANDOM % 12000))
        if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
            echo "$port"
            return
        fi
    done
}

# Repeats a command until it succeeds.
wait_for() {
    local until=$((SECONDS + SERVICE_START_WITHIN))
    until "$@" >/dev/null 2>&1; do
        if [ $SECONDS -ge $until ]; then
            echo "gave up after $SERVICE_START_WITHIN s: $*" >&2
            return 1
        fi
        sleep 0.2
    done
}

# Ends a process by its id, and waits until it is gone.
end_process() {
    local pid=$1 signal=${2:-TERM}
    kill -s "$signal" "$pid" 2>/dev/null || return 0
    local until=$((SECONDS + 20))
    while kill -0 "$pid" 2>/dev/null; do
        [ $SECONDS -lt $until ] || { kill -KILL "$pid" 2>/dev/null; return; }
        sleep 0.1
    done
}

# The program itself, not the wrapper of some distributions, which changes the user and the directory.
rabbitmq_program() {
    if [ -x "/usr/lib/rabbitmq/bin/$1" ]; then echo "/usr/lib/rabbitmq/bin/$1"; else service_program "$1"; fi
}

start_rabbitmq() {
    local dir=$1 epmd epmd_port
    epmd=$(service_program epmd) || return 1
    epmd_port=$(free_port)
    mkdir -p "$dir"/{log,home} || return 1
    "$epmd" -port "$epmd_port" -address 127.0.0.1 >"$dir/log/epmd" 2>&1 &
    echo $! >"$dir/epmd.pid"
    begin_rabbitmq "$dir" "$dir/home" "$epmd_port" || return 1
    await_rabbitmq "$dir"
}

# A node, not yet awaited; its home holds the cookie by which nodes of one cluster know each other.
begin_rabbitmq() {
    local dir=$1 home=$2 epmd_port=$3 port dist_port server ctl
    server=$(rabbitmq_program rabbitmq-server) && ctl=$(rabbitmq_program rabbitmqctl) || return 1
    port=$(free_port) dist_port=$(free_port)
    mkdir -p "$dir"/{mnesia,log} || return 1
    cat >"$dir/rabbitmq.conf" <<CONF
listeners.tcp.1 = 127.0.0.1:$port
log.console = false
disk_free_limit.absolute = 50MB
CONF
    echo '[].' >"$dir/enabled_plugins"
    : >"$dir/rabbitmq-env.conf"
    # Everything that both the node and its control program must know.
    cat >"$dir/env" <<ENV
export HOME='$home'
export ERL_EPMD_PORT=$epmd_port ERL_EPMD_ADDRESS=127.0.0.1
export RABBITMQ_NODENAME=baton-$port@localhost RABBITMQ_NODE_PORT=$port RABBITMQ_DIST_PORT=$dist_port
export RABBITMQ_MNESIA_BASE='$dir/mnesia' RABBITMQ_LOG_BASE='$dir/log' RABBITMQ_PID_FILE='$dir/node.pid'
export RABBITMQ_CONF_ENV_FILE='$dir/rabbitmq-env.conf' RABBITMQ_CONFIG_FILE='$dir/rabbitmq.conf'
export RABBITMQ_ENABLED_PLUGINS_FILE='$dir/enabled_plugins'
export RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='-kernel inet_dist_use_interface {127,0,0,1}'
ENV
    printf '#!/bin/sh\n. "%s/env"\nexec "%s" "$@"\n' "$dir" "$ctl" >"$dir/rabbitmqctl"
    chmod +x "$dir/rabbitmqctl"
    (
        . "$dir/env"
        "$server" >"$dir/log/start" 2>&1 &
        echo $! >"$dir/rabbitmq.pid"
    )
}

await_rabbitmq() {
    local dir=$1
    if ! wait_for "$dir/rabbitmqctl" await_startup --timeout 5; then
        cat "$dir"/log/* >&2
        stop_rabbitmq "$dir"
        return 1
    fi
    echo "amqp://guest:guest@127.0.0.1:$(sed -n 's/.*RABBITMQ_NODE_PORT=\([0-9]*\).*/\1/p' "$dir/env")/%2f"
}

stop_rabbitmq() {
    local dir=$1 pid
    [ -f "$dir/rabbitmq.pid" ] || return 0
    "$dir/rabbitmqctl" shutdown >/dev/null 2>&1
    for pid in rabbitmq epmd; do
        [ ! -f "$dir/$pid.pid" ] || end_process "$(cat "$dir/$pid.pid")"
    done
    rm -f "$dir/rabbitmq.pid" "$dir/epmd.pid"
}

# So many nodes of one cluster, in DIR/1 and so on; prints the address of each.
start_rabbitmq_cluster() {
    local dir=$1 count=$2 node epmd epmd_port address addresses=()
    epmd=$(service_program epmd) || return 1
    epmd_port=$(free_port)
    mkdir -p "$dir/home" || return 1
    # Before the first of them would each make one of its own.
    (umask 077 && head -c 20 /dev/urandom | od -An -tx1 | tr -d ' \n' >"$dir/home/.erlang.cookie")
    "$epmd" -port "$epmd_port" -address 127.0.0.1 >"$dir/epmd.log" 2>&1 &
    echo $! >"$dir/epmd.pid"
    for node in $(seq "$count"); do
        mkdir -p "$dir/$node" && begin_rabbitmq "$dir/$node" "$dir/home" "$epmd_port" || return 1
    done
    for node in $(seq "$count"); do
        address=$(await_rabbitmq "$dir/$node") || return 1
        addresses+=("$address")
    done
    for node in $(seq 2 "$count"); do
        "$dir/$node/rabbitmqctl" -q stop_app &&
            "$dir/$node/rabbitmqctl" -q join_cluster "$(sed -n 's/.*RABBITMQ_NODENAME=\([^ ]*\).*/\1/p' "$dir/1/env")" &&
            "$dir/$node/rabbitmqctl" -q start_app || return 1
    done >&2
    printf '%s\n' "${addresses[@]}"
}

# As when its machine loses power.
kill_rabbitmq() {
    kill -KILL "$(cat "$1/node.pid")"
    # Its shell has nobody to wait for any more.
    end_process "$(cat "$1/rabbitmq.pid")"
    rm -f "$1/rabbitmq.pid"
}

stop_rabbitmq_cluster() {
    local dir=$1 node
    for node in "$dir"/[0-9]*; do
        [ ! -f "$node/rabbitmq.pid" ] || kill_rabbitmq "$node" 2>/dev/null
    done
    [ ! -f "$dir/epmd.pid" ] || end_process "$(cat "$dir/epmd.pid")"
    rm -f "$dir/epmd.pid"
}

# PostgreSQL refuses to run as root: then it runs as the user `postgres`.
as_postgres() {
    if [ "$(id -u)" = 0 ]; then
        setpriv --reuid postgres --regid postgres --clear-groups "$@"
    else
        "$@"
    fi
}

# Who a server runs as, and who may enter its database.
postgres_user() {
    if [ "$(id -u)" = 0 ]; then echo postgres; else id -un; fi
}

# A folder that the server may write into.
postgres_folder() {
    mkdir -p "$1" && { [ "$(id -u)" != 0 ] || chown postgres: "$1"; }
}

# The server of DIR/data, on a port. Further arguments are its own, such as -c NAME=VALUE.
run_postgres() {
    local dir=$1 port=$2 postgres
    shift 2
    postgres=$(service_program postgres) || return 1
    (
        cd "$dir" || exit 1
        # Durable, as in production: Baton refuses anything else.
        as_postgres "$postgres" -D "$dir/data" -p "$port" -c listen_addresses=127.0.0.1 -c unix_socket_directories="$dir" \
            -c max_connections=200 "$@" >"$dir/postgres.log" 2>&1 &
    )
}

# Further arguments are the server's own, such as -c NAME=VALUE.
start_postgres() {
    local dir=$1 port initdb createdb ready user
    shift
    initdb=$(service_program initdb) && createdb=$(service_program createdb) && ready=$(service_program pg_isready) || return 1
    port=$(free_port) user=$(postgres_user)
    postgres_folder "$dir" || return 1
    (
        cd "$dir" || exit 1
        as_postgres "$initdb" -D "$dir/data" -U "$user" --auth=trust --encoding=UTF8 --no-sync >"$dir/initdb.log" 2>&1
    ) && run_postgres "$dir" "$port" "$@"
    if ! wait_for "$ready" -h 127.0.0.1 -p "$port" -q || ! "$createdb" -h 127.0.0.1 -p "$port" -U "$user" baton; then
        cat "$dir"/*.log >&2
        stop_postgres "$dir"
        return 1
    fi
    echo "postgres://$user@127.0.0.1:$port/baton"
}

# A server in DIR that follows the one which is reached on PORT; with `sync` a commit there is acknowledged once it is durable here as
# well.
start_standby() {
    local dir=$1 from=$2 how=${3-} port base ready psql user
    base=$(service_program pg_basebackup) && ready=$(service_program pg_isready) && psql=$(service_program psql) || return 1
    port=$(free_port) user=$(postgres_user)
    postgres_folder "$dir" || return 1
    (
        cd "$dir" || exit 1
        as_postgres "$base" -h 127.0.0.1 -p "$from" -U "$user" -D "$dir/data" -R -X stream -c fast --no-sync >"$dir/base.log" 2>&1
    ) && run_postgres "$dir" "$port" -c cluster_name=standby -c dynamic_shared_memory_type=mmap
    primary() { "$psql" -h 127.0.0.1 -p "$from" -U "$user" -d postgres -qAt "$@"; }
    follows() { [ "$(primary -c "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming' AND sync_state = '$1'")" = 1 ]; }
    if ! wait_for "$ready" -h 127.0.0.1 -p "$port" -q || ! wait_for follows async; then
        cat "$dir"/*.log >&2
        stop_postgres "$dir"
        return 1
    fi
    if [ "$how" = sync ]; then
        primary -c "ALTER SYSTEM SET synchronous_standby_names = 'standby'" -c "SELECT pg_reload_conf()" >/dev/null
        wait_for follows sync || return 1
    fi
    echo "postgres://$user@127.0.0.1:$port/baton"
}

# Waits until the standby of the server which is reached on PORT has everything that is committed there by now.
await_standby() {
    local port=$1 psql user committed
    psql=$(service_program psql) || return 1
    user=$(postgres_user)
    primary() { "$psql" -h 127.0.0.1 -p "$port" -U "$user" -d postgres -qAt "$@"; }
    committed=$(primary -c "SELECT pg_current_wal_flush_lsn()") || return 1
    has_it() { [ "$(primary -c "SELECT count(*) FROM pg_stat_replication WHERE flush_lsn >= '$committed'")" = 1 ]; }
    wait_for has_it
}

# A standby becomes a server that takes writes.
promote_postgres() {
    local ctl
    ctl=$(service_program pg_ctl) || return 1
    (cd "$1" && as_postgres "$ctl" promote -D "$1/data" -w >&2)
}

# With all of its processes, as when its machine loses power. One that is to be killed is started with `-c
# dynamic_shared_memory_type=mmap`: what it shares goes with its folder.
kill_postgres() {
    local pid segment
    pid=$(head -n 1 "$1/data/postmaster.pid") segment=$(awk 'NR == 7 { print $2 }' "$1/data/postmaster.pid")
    # shellcheck disable=SC2046 # one word for each process
    kill -KILL "$pid" $(ps -o pid= --ppid "$pid")
    # Nobody else tidies up after it.
    ipcrm -m "$segment" 2>/dev/null || true
    rm -f "$1/data/postmaster.pid"
}

stop_postgres() {
    local dir=$1
    # The server's own file; it goes with the server.
    [ -f "$dir/data/postmaster.pid" ] || return 0
    # Fast shutdown: sessions are ended, not waited for.
    end_process "$(head -n 1 "$dir/data/postmaster.pid")" INT
}
