#!/usr/bin/env bash
# Builds the package of Debian and its kin, and prints where it is.
#
#   deploy/deb.sh                      builds the program (cargo build --profile ship) and packs it
#   deploy/deb.sh --no-build PROGRAM   packs this program instead
#
# Line numbers of backtraces go into a second package, baton-dbgsym. Needs cargo-deb 3 (cargo install cargo-deb --locked)
# and dpkg-dev; without the first, exits with 2.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! cargo deb --version >/dev/null 2>&1; then
    echo "cargo-deb is not installed: cargo install cargo-deb --locked" >&2
    exit 2
fi
if [ "${1-}" != --no-build ]; then
    exec cargo deb --locked --dbgsym
fi
program=$(realpath "$2")
target=$(mktemp -d)
trap 'rm -rf "$target"' EXIT
mkdir -p "$target/ship" target/debian
# A name of its own: another program may lie where this one would be built.
cp "$program" "$target/ship/baton"
CARGO_TARGET_DIR=$target cargo deb --no-build --strip --fast --output "$PWD/target/debian/"
