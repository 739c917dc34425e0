#!/usr/bin/env bash
# Other people's libraries that tests run: the vendors' SDKs, the clients that agents are built on, readers of what Baton sends.
#
#   tests/platforms/libraries.sh SET…    prints the folder of each set, one a line; what is not there yet is installed first
#
#   node          npm: the SDKs that sign requests, @modelcontextprotocol/sdk    FOLDER/node_modules
#   python        PyPI: mcp 2, standardwebhooks, schemathesis                    FOLDER/bin/python -m NAME
#   python-mcp1   PyPI: mcp 1                                                    FOLDER/bin/python
#   caldav        PyPI: servers of CalDAV (Radicale, xandikos)                   FOLDER/bin/NAME
#   deploy        PyPI: readers of what is deployed (hadolint, check-jsonschema,
#                 kubernetes-validate), each with all that it needs, 200 MB      FOLDER/bin/NAME
#   livekit       PyPI: livekit-agents with mcp, 420 MB                          FOLDER/bin/python
#   pipecat       PyPI: pipecat-ai with mcp, 570 MB                              FOLDER/bin/python
#
# libraries/ pins each set with all that it depends on. It is installed once, into a folder of target/libraries whose name
# changes with the pins and with Python or Node, and needs no network from then on. Exit code 2: it cannot be had here, and
# stderr says why.
#
# To pin newer ones: install them by name into an empty environment and `pip freeze` it into SET.txt; for node, change
# package.json and run `npm install --package-lock-only --ignore-scripts --omit-lockfile-registry-resolved` beside it.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
target=${CARGO_TARGET_DIR:-$here/../../target}
mkdir -p "$target/libraries"
home=$(cd "$target/libraries" && pwd)

cannot() {
    echo "$*" >&2
    exit 2
}

# The version in front of which a set is installed.
python_version() {
    python3 -c 'import ensurepip, platform, sys, venv; print(platform.python_version()); sys.exit(sys.version_info < (3, 11))' \
        2>/dev/null || cannot "Python 3.11 or newer with venv is needed (Debian: apt-get install python3-venv)"
}

node_version() {
    local needed="Node 20 or newer with npm is needed (Debian 13 or newer: apt-get install nodejs npm)"
    command -v npm >/dev/null || cannot "$needed"
    node -p 'process.exitCode = Number(process.versions.node.split(".")[0] < 20); process.version' || cannot "$needed"
}

install_python() {
    python3 -m venv --clear "$1" || return
    "$1/bin/pip" install --quiet --disable-pip-version-check --no-input --retries 2 --requirement "$here/libraries/$2.txt"
}

# What the packages would run after their installation is not run.
install_node() {
    rm -rf "$1" && mkdir "$1" && cp "$here/libraries/$2"/package*.json "$1" || return
    (cd "$1" && npm ci --loglevel=error --no-audit --no-fund --ignore-scripts \
        --fetch-retries=2 --fetch-retry-mintimeout=1000 --fetch-retry-maxtimeout=3000)
}

# FOLDER KIND SET: once, whoever else is at it. A folder without `whole` was broken off.
have() {
    [ ! -f "$1/whole" ] || return 0
    echo "installing the libraries of $3 into $1" >&2
    "install_$2" "$1" "$3" >&2 && touch "$1/whole"
}

for set in "$@"; do
    case $set in
    node) kind=node pins=$here/libraries/node/package-lock.json ;;
    python | python-mcp1 | caldav | deploy | livekit | pipecat) kind=python pins=$here/libraries/$set.txt ;;
    *) cannot "there is no set $set; allowed: node python python-mcp1 caldav deploy livekit pipecat" ;;
    esac
    version=$("${kind}_version")
    folder=$home/$set-$({ echo "$version"; cat "$pins"; } | cksum | cut -d ' ' -f 1)
    (
        exec 9>"$home/$set.lock"
        command -v flock >/dev/null && flock 9
        have "$folder" "$kind" "$set"
    ) || cannot "the libraries of $set could not be installed: is a registry within reach?"
    echo "$folder"
done
