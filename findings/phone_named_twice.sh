#!/usr/bin/env bash
# One phone that stands twice in pjsip.conf takes all phones away, but only at the next restart.
#
# Whoever writes pjsip.conf out of a roster (a section for each rep, named by the number) will one day name two alike: a lead's number
# that is a rep's, a person with two rows. One would guess that the second is refused, or wins. A reload says "reloaded successfully"
# and keeps what was there: the twin is not, and neither is any other phone that was added with it. At the next restart, maybe weeks
# later, Asterisk comes up, says that it is ready, and has no endpoint at all: every call is refused, the trunk's among them. The only
# trace is one line of the log: "Config file 'pjsip.conf' could not be loaded; configuration contains a duplicate object". So hold a
# generated file against doubles before it is written, and after every reload count the endpoints, not the word of the reload.
#
# Seen on 30 November 2026 with Asterisk 16.28.0 of Debian 11 (run below) and 22.10.1 of sid, both alike:
#   started with trunk, agent, rep              3 endpoints
#   "rep" once more, and "new", then a reload   "reloaded successfully", 3 endpoints, without "new"
#   the same file, at a restart                 ready, 0 endpoints
set -euo pipefail
dir=$(mktemp -d)
stop() {
  cli 'core stop now' >/dev/null 2>&1 || true
  sleep 1
  rm -rf "$dir"
}
trap stop EXIT
cd "$dir"

# Asterisk of Debian 11, unpacked beside the system: apt resolves against an empty package database of its own.
mkdir -p apt/lists/partial apt/archives/partial root etc spool/recording run
# shellcheck disable=SC2016 # apt expands it
archive=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -m1 '/debian/*$')
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $archive bullseye main" >apt/sources.list
: >apt/status
# What only its install scripts would call counts as there already.
for unused in adduser debconf dpkg init-system-helpers lsb-base perl perl-base python3 libsnmp40 libpq5; do
  printf '%s\n' "Package: $unused" "Status: install ok installed" "Maintainer: none" "Architecture: $(dpkg --print-architecture)" \
    "Multi-Arch: allowed" "Version: 999:1" "Description: none" "" >>apt/status
done
own=(-qq -o "Dir::State=$dir/apt" -o "Dir::State::status=$dir/apt/status" -o "Dir::Cache=$dir/apt"
  -o "Dir::Etc::sourcelist=$dir/apt/sources.list" -o Dir::Etc::sourceparts=/dev/null
  -o APT::Install-Recommends=false -o Acquire::Check-Valid-Until=false -o Acquire::Languages=none
  -o APT::Sandbox::User= -o Debug::NoLocking=true -o Acquire::Retries=3)
apt-get "${own[@]}" update
apt-get "${own[@]}" install --yes --download-only asterisk >/dev/null
for deb in apt/archives/*.deb; do dpkg-deb --extract "$deb" root; done
loader=$(find root -type f -name 'ld-2.*.so' -print -quit)
libraries=$(find "$dir/root" -name '*.so*' -not -path '*/asterisk/*' -printf '%h\n' | sort -u | paste -sd:)
printf '#!/bin/sh\nexec "%s" --library-path "%s" "%s" "$@"\n' \
  "$dir/$loader" "$libraries" "$dir/root/usr/sbin/asterisk" >run/asterisk
chmod +x run/asterisk
run/asterisk -V

modules=$(dirname "$(find "$dir/root/usr/lib" -name res_pjsip.so -print -quit)")
{
  printf '[directories]\nastetcdir=%s/etc\nastmoddir=%s\nastdatadir=%s/root/usr/share/asterisk\n' "$dir" "$modules" "$dir"
  for kind in varlib db run key log spool; do printf 'ast%sdir=%s/run\n' "$kind" "$dir"; done
} >etc/asterisk.conf
printf '[logfiles]\nlog=error\n' >etc/logger.conf
touch etc/{stasis,pjproject,acl}.conf
{
  printf '[modules]\nautoload=no\n'
  printf 'load=%s.so\n' res_sorcery_config res_sorcery_memory res_sorcery_astdb res_pjproject res_pjsip res_pjsip_session
} >etc/modules.conf
port=$((20000 + RANDOM % 20000))
printf '[loopback]\ntype=transport\nprotocol=udp\nbind=127.0.0.1:%d\n' "$port" >etc/pjsip.conf

phone() { printf '[%s]\ntype=aor\n[%s]\ntype=endpoint\naors=%s\ncontext=in\n' "$1" "$1" "$1" >>etc/pjsip.conf; }
cli() { run/asterisk -C "$dir/etc/asterisk.conf" -rx "$1" 2>/dev/null; }
start() {
  run/asterisk -F -C "$dir/etc/asterisk.conf" >/dev/null 2>&1
  for _ in $(seq 100); do
    cli 'core waitfullybooted' | grep -q 'fully booted' && return
    sleep 0.2
  done
  echo "Asterisk does not come up" >&2
  exit 1
}
# How many, and whether "new" is among them.
endpoints() { cli 'pjsip show endpoints' | awk '/^ Endpoint: +[a-z]/ { n++; if ($2 ~ /^new/) new = 1 } END { printf "%d%s", n, new ? " with new" : "" }'; }

for name in trunk agent rep; do phone "$name"; done
start
before=$(endpoints)
phone rep
phone new
word=$(cli 'module reload res_pjsip.so')
sleep 1
reloaded=$(endpoints)
cli 'core stop now' >/dev/null || true
sleep 2
start
restarted=$(endpoints)
said=$(grep -rho 'contains a duplicate object' run/ | wc -l)
printf 'started: %s\nreload: %s %s\nrestart: %s\n' "$before" "$word" "$reloaded" "$restarted"
[ "$before" = 3 ] && [ "$reloaded" = 3 ] && [ "$restarted" = 0 ] && [[ $word == *'reloaded successfully'* ]] && [ "$said" -gt 0 ] || {
  echo "it behaves otherwise now" >&2
  exit 1
}
