# Private services for tests: a RabbitMQ node and a PostgreSQL server on loopback, each in a directory of its own, on free
# ports, beside whatever else runs on the machine. To be sourced:
#
#   . tests/services.sh
#   BATON_TEST_AMQP=$(start_rabbitmq "$dir/rabbitmq")     BATON_TEST_RABBITMQCTL=$dir/rabbitmq/rabbitmqctl
#   BATON_TEST_PG=$(start_postgres "$dir/postgres")
#   stop_rabbitmq "$dir/rabbitmq"; stop_postgres "$dir/postgres"
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
    local dir=$1 port dist_port epmd_port server ctl epmd
    server=$(rabbitmq_program rabbitmq-server) && ctl=$(rabbitmq_program rabbitmqctl) && epmd=$(service_program epmd) || return 1
    port=$(free_port) dist_port=$(free_port) epmd_port=$(free_port)
    mkdir -p "$dir"/{mnesia,log,home} || return 1
    cat >"$dir/rabbitmq.conf" <<CONF
listeners.tcp.1 = 127.0.0.1:$port
log.console = false
disk_free_limit.absolute = 50MB
CONF
    echo '[].' >"$dir/enabled_plugins"
    : >"$dir/rabbitmq-env.conf"
    # Everything that both the node and its control program must know.
    cat >"$dir/env" <<ENV
export HOME='$dir/home'
export ERL_EPMD_PORT=$epmd_port ERL_EPMD_ADDRESS=127.0.0.1
export RABBITMQ_NODENAME=baton-$port@localhost RABBITMQ_NODE_PORT=$port RABBITMQ_DIST_PORT=$dist_port
export RABBITMQ_MNESIA_BASE='$dir/mnesia' RABBITMQ_LOG_BASE='$dir/log'
export RABBITMQ_CONF_ENV_FILE='$dir/rabbitmq-env.conf' RABBITMQ_CONFIG_FILE='$dir/rabbitmq.conf'
export RABBITMQ_ENABLED_PLUGINS_FILE='$dir/enabled_plugins'
export RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='-kernel inet_dist_use_interface {127,0,0,1}'
ENV
    printf '#!/bin/sh\n. "%s/env"\nexec "%s" "$@"\n' "$dir" "$ctl" >"$dir/rabbitmqctl"
    chmod +x "$dir/rabbitmqctl"
    (
        . "$dir/env"
        "$epmd" -port "$epmd_port" -address 127.0.0.1 >"$dir/log/epmd" 2>&1 &
        echo $! >"$dir/epmd.pid"
        "$server" >"$dir/log/start" 2>&1 &
        echo $! >"$dir/rabbitmq.pid"
    )
    if ! wait_for "$dir/rabbitmqctl" await_startup --timeout 5; then
        cat "$dir"/log/* >&2
        stop_rabbitmq "$dir"
        return 1
    fi
    echo "amqp://guest:guest@127.0.0.1:$port/%2f"
}

stop_rabbitmq() {
    local dir=$1
    [ -f "$dir/rabbitmq.pid" ] || return 0
    "$dir/rabbitmqctl" shutdown >/dev/null 2>&1
    end_process "$(cat "$dir/rabbitmq.pid")"
    end_process "$(cat "$dir/epmd.pid")"
    rm -f "$dir/rabbitmq.pid" "$dir/epmd.pid"
}

# PostgreSQL refuses to run as root: then it runs as the user `postgres`.
as_postgres() {
    if [ "$(id -u)" = 0 ]; then
        setpriv --reuid postgres --regid postgres --clear-groups "$@"
    else
        "$@"
    fi
}

# Further arguments are the server's own, such as -c NAME=VALUE.
start_postgres() {
    local dir=$1 port initdb postgres createdb ready user
    shift
    initdb=$(service_program initdb) && postgres=$(service_program postgres) || return 1
    createdb=$(service_program createdb) && ready=$(service_program pg_isready) || return 1
    port=$(free_port)
    mkdir -p "$dir" || return 1
    user=$(id -un)
    if [ "$(id -u)" = 0 ]; then
        user=postgres
        chown postgres: "$dir" || return 1
    fi
    (
        cd "$dir" || exit 1
        as_postgres "$initdb" -D "$dir/data" -U "$user" --auth=trust --encoding=UTF8 --no-sync >"$dir/initdb.log" 2>&1 || exit 1
        # Durable, as in production: Baton refuses anything else.
        as_postgres "$postgres" -D "$dir/data" -p "$port" -c listen_addresses=127.0.0.1 -c unix_socket_directories="$dir" \
            -c max_connections=200 "$@" >"$dir/postgres.log" 2>&1 &
    )
    if ! wait_for "$ready" -h 127.0.0.1 -p "$port" -q || ! "$createdb" -h 127.0.0.1 -p "$port" -U "$user" baton; then
        cat "$dir"/*.log >&2
        stop_postgres "$dir"
        return 1
    fi
    echo "postgres://$user@127.0.0.1:$port/baton"
}

stop_postgres() {
    local dir=$1
    # The server's own file; it goes with the server.
    [ -f "$dir/data/postmaster.pid" ] || return 0
    # Fast shutdown: sessions are ended, not waited for.
    end_process "$(head -n 1 "$dir/data/postmaster.pid")" INT
}
