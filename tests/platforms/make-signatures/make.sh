#!/bin/sh
# Writes fixtures/signatures anew, the same bytes every time. Needs npm with a Node 20 or newer, Python 3 with venv, and their
# registries; takes a minute or two. The libraries stay out of the repository: they go to a new folder, or to the one given.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
lab=${1:-$(mktemp -d)}
cp "$here/package.json" "$here"/*.mjs "$lab"
cd "$lab"
npm install --silent --no-audit --no-fund --no-package-lock --ignore-scripts
[ -x python/bin/python ] || python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check slack_sdk==3.48.0
PYTHON=python/bin/python node sign.mjs "$here/../../../fixtures/signatures"
