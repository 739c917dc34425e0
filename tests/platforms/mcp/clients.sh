#!/usr/bin/env bash
# Every tool of a running worker, called by the clients that agents are built on: PyPI `mcp` of both generations, npm
# `@modelcontextprotocol/sdk`, and the client classes of livekit-agents and pipecat.
#
#   tests/platforms/mcp/clients.sh http://127.0.0.1:8080/mcp TOKEN [CLIENT…]
#
# Each client tells whole calls of its own (story.py, sdk.mjs), about which leads are stored, and prints of each call a line of
# JSON: the client, the call's id, and what each tool said last. Exit code 1 if one does not hear what it should; 2 if one
# cannot be had. With BATON_DECIDED=WORDS no client goes on before what is said of its lead contains them.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

if [ $# -lt 2 ]; then
    echo "usage: clients.sh URL TOKEN [py py1 sdk livekit pipecat]" >&2
    exit 2
fi
export BATON_URL=$1 BATON_TOKEN=$2 PYTHONDONTWRITEBYTECODE=1 LOGURU_LEVEL=ERROR
shift 2
[ $# -gt 0 ] || set -- py py1 sdk livekit pipecat

lost=() failed=()
# NAME SET PROGRAM: tells the call with the libraries of a set; what went wrong is told on stderr by the client itself.
tells() {
    local libraries
    if ! libraries=$("$here/../libraries.sh" "$2"); then
        lost+=("$1")
        return
    fi
    export BATON_CLIENT=$1 BATON_CALL="$1-$$-$RANDOM" NODE_LIBRARIES=$libraries
    case $3 in
    *.py) "$libraries/bin/python" "$here/$3" ;;
    *) node "$here/$3" ;;
    esac || failed+=("$1")
}

for client; do
    case $client in
    py) tells py python official.py ;;
    py1) tells py1 python-mcp1 official.py ;;
    sdk) tells sdk node sdk.mjs ;;
    livekit) tells livekit livekit livekit_client.py ;;
    pipecat) tells pipecat pipecat pipecat_client.py ;;
    *)
        echo "there is no client $client; allowed: py py1 sdk livekit pipecat" >&2
        exit 2
        ;;
    esac
done

[ ${#failed[@]} -eq 0 ] || { echo "not told what they should be: ${failed[*]}" >&2; exit 1; }
[ ${#lost[@]} -eq 0 ] || { echo "cannot be had: ${lost[*]}" >&2; exit 2; }
