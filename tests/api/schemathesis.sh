#!/usr/bin/env bash
# Requests made up from the API's own description, sent to a running worker: nothing may fail on our side, and every answer must
# be one that the description names, of the type and the shape that it names.
#
#   tests/api/schemathesis.sh http://127.0.0.1:8080 TOKEN [OPTION…]
#
# The token needs every scope but admin. Leads, feedback and reassignments are stored: use a worker that is made for it. The seed
# is fixed, so that a run can be repeated. More options go to the tool (`--include-path /v1/leads`, `--max-examples 500`). Exit code
# 1 if an answer is not as described; 2 if the tool cannot be had.
set -euo pipefail

if [ $# -lt 2 ]; then
    echo "usage: schemathesis.sh URL TOKEN [OPTION…]" >&2
    exit 1
fi
url=${1%/} token=$2
shift 2
folder=$("$(dirname "$0")/../platforms/libraries.sh" python)

# Where it lies, no settings of another project are found above.
cd "$folder"
bin/python -m schemathesis.cli run "$url/v1/openapi.json" \
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
