#!/usr/bin/env bash
# Requests of this minute, signed by the vendors' own libraries and sent to a running worker (vendors.mjs).
#
#   tests/platforms/sdks/sdks.sh secrets                    new secrets as JSON: what Baton holds of each platform, and its vendor
#   SECRETS=… tests/platforms/sdks/sdks.sh http://127.0.0.1:8080   sends; a line of JSON for each request, with both answers
#
# Exit code 1 if a library refuses what it signed itself, or takes it changed; 2 if the libraries cannot be had.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
NODE_LIBRARIES=$("$here/../libraries.sh" node)
export NODE_LIBRARIES
exec node "$here/send.mjs" "$@"
