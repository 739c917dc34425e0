#!/usr/bin/env bash
# Every tool of a running worker, called by the clients that agents are built on: PyPI `mcp` of both generations, npm
# `@modelcontextprotocol/sdk`, and the client classes of livekit-agents and pipecat.
#
#   tests/platforms/mcp/clients.sh http://127.0.0.1:8080/mcp TOKEN [CLIENT…]
#
# Each client is installed from its registry into a temporary folder that is deleted at the end, and tells one whole call of its
# own (story.py, sdk.mjs): leads are stored. Exit code 1 if one of them does not hear what it should; 2 if one cannot be had.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

if [ $# -lt 2 ]; then
    echo "usage: clients.sh URL TOKEN [py py1 livekit pipecat sdk]" >&2
    exit 2
fi
export BATON_URL=$1 BATON_TOKEN=$2 PYTHONDONTWRITEBYTECODE=1 LOGURU_LEVEL=ERROR
shift 2
clients=("$@")
[ ${#clients[@]} -gt 0 ] || clients=(py py1 livekit pipecat sdk)

dir=$(mktemp -d "${TMPDIR:-/tmp}/baton-agents-XXXXXX")
trap 'rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM

# NAME REQUIREMENT: a Python of its own with this package in it.
python_with() {
    python3 -m venv "$dir/$1" && "$dir/$1/bin/pip" install --quiet --disable-pip-version-check "$2"
}

lost=() failed=()
# NAME COMMAND…: tells the call; what went wrong is told on stderr by the client itself.
tells() {
    local name=$1
    shift
    export BATON_CALL="$name-$$-$RANDOM"
    if "$@"; then printf '%-8s ok\n' "$name"; else failed+=("$name"); fi
}

for client in "${clients[@]}"; do
    case $client in
    py) if python_with py mcp; then tells py "$dir/py/bin/python" "$here/official.py"; else lost+=(py); fi ;;
    py1) if python_with py1 'mcp<2'; then tells py1 "$dir/py1/bin/python" "$here/official.py"; else lost+=(py1); fi ;;
    livekit)
        if python_with livekit 'livekit-agents[mcp]'; then
            tells livekit "$dir/livekit/bin/python" "$here/livekit_client.py"
        else
            lost+=(livekit)
        fi
        ;;
    pipecat)
        if python_with pipecat 'pipecat-ai[mcp]'; then
            tells pipecat "$dir/pipecat/bin/python" "$here/pipecat_client.py"
        else
            lost+=(pipecat)
        fi
        ;;
    sdk)
        mkdir -p "$dir/sdk" && cp "$here/sdk.mjs" "$dir/sdk/"
        if (cd "$dir/sdk" && npm install --silent --no-fund --no-audit --no-save @modelcontextprotocol/sdk >&2); then
            tells sdk node "$dir/sdk/sdk.mjs"
        else
            lost+=(sdk)
        fi
        ;;
    *)
        echo "there is no client $client; allowed: py py1 livekit pipecat sdk" >&2
        exit 2
        ;;
    esac
done

[ ${#failed[@]} -eq 0 ] || { echo "not told what they should be: ${failed[*]}" >&2; exit 1; }
[ ${#lost[@]} -eq 0 ] || { echo "could not be installed: ${lost[*]}" >&2; exit 2; }
