#!/usr/bin/env bash
# Requests made up from the API's own description, sent to a running worker: nothing may fail on our side, and every answer must
# be one that the description names, of the type and the shape that it names.
#
#   tests/api/schemathesis.sh http://127.0.0.1:8080 TOKEN [OPTION…]
#
# The token needs every scope but admin. Leads, feedback and reassignments are stored: use a worker that is made for it. The tool
# is installed at a fixed version into a temporary folder that is deleted at the end; the seed is fixed, so that a run can be
# repeated. More options go to the tool (`--include-path /v1/leads`, `--max-examples 500`). Exit code 1 if an answer is not as
# described; 2 if the tool cannot be had.
set -euo pipefail

if [ $# -lt 2 ]; then
    echo "usage: schemathesis.sh URL TOKEN [OPTION…]" >&2
    exit 2
fi
url=${1%/} token=$2
shift 2

dir=$(mktemp -d "${TMPDIR:-/tmp}/baton-api-XXXXXX")
trap 'rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM

if ! python3 -m venv "$dir/venv" || ! "$dir/venv/bin/pip" install --quiet --disable-pip-version-check 'schemathesis==4.32.5'; then
    echo "schemathesis cannot be installed: python3 with venv and its package registry are needed" >&2
    exit 2
fi

# Where it lies, no settings of another project are found above.
cd "$dir"
"$dir/venv/bin/schemathesis" run "$url/v1/openapi.json" \
    --url "$url" \
    --header "Authorization: Bearer $token" \
    --checks not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance \
    --phases examples,coverage,fuzzing \
    --max-examples 60 \
    --seed 20261101 \
    --generation-database none \
    --request-timeout 20 \
    --continue-on-failure \
    --no-color \
    "$@"
