#!/usr/bin/env bash
# Prometheus' own checker of rules, for tests: prints where it is.
#
#   tests/operate/promtool.sh
#
# That of the machine, or of Debian's package, unpacked once below ${XDG_CACHE_HOME:-~/.cache}/baton-promtool: nothing is installed, and
# no server is started. BATON_OFFLINE=1: what is not there yet is not looked for. Exit code 2: it cannot be had here, and stderr says why.
set -euo pipefail
cache=${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/baton-promtool

cannot() {
    echo "$*" >&2
    exit 2
}

if command -v promtool; then
    exit
fi
if [ -x "$cache/promtool" ]; then
    echo "$cache/promtool"
    exit
fi
[ -z "${BATON_OFFLINE-}" ] || cannot "promtool is not there, and BATON_OFFLINE is set"
command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || cannot "promtool is not installed (Debian: apt-get install prometheus)"

# In a folder of this run: tests ask at the same time, and the last step is one rename.
mkdir -p "$cache"
mine=$(mktemp -d "$cache/unpacked-XXXXXX")
trap 'rm -rf "$mine"' EXIT
cd "$mine"
downloads() { apt-get -q -o APT::Sandbox::User= download prometheus >&2; }
# A fresh machine has no lists of packages yet: they are read below the cache, by whoever this is.
reads_lists() {
    mkdir -p "$mine/lists/partial" "$mine/archives/partial"
    printf 'Dir::State::Lists "%s/lists";\nDir::Cache "%s/archives";\n' "$mine" "$mine" >"$mine/apt.conf"
    export APT_CONFIG="$mine/apt.conf"
    apt-get -q -o APT::Sandbox::User= update >&2
}
downloads || { reads_lists && downloads; } || cannot "Debian's package prometheus cannot be downloaded here"
dpkg-deb -x prometheus_*.deb "$mine/tree" >&2 || cannot "Debian's package prometheus cannot be unpacked here"
mv "$mine/tree/usr/bin/promtool" "$cache/promtool"
echo "$cache/promtool"
