# How a bench is built; to be sourced.
# shellcheck shell=bash

# Builds the bench NAME of the checkout in DIR, and prints where the executable lies.
build_bench() {
    local name=$1 dir=$2 executable
    executable=$(cd "$dir" && cargo bench --bench "$name" --no-run --message-format=json-render-diagnostics |
        sed -n '/"kind":\["bench"\]/s/.*"executable":"\([^"]*\)".*/\1/p' | tail -n 1)
    if [ -z "$executable" ]; then
        echo "cargo names no executable of the bench $name in $dir" >&2
        return 1
    fi
    echo "$executable"
}
