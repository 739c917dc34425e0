#!/usr/bin/env bash
# Telephony that none of us wrote, for tests: Debian's Asterisk 16 and 22, its SIP tester, and two programs that speak.
#
#   tests/telephony/asterisk.sh install SET…                      prints the folder of each set, one a line
#   tests/telephony/asterisk.sh start FOLDER STATE NAME=PORT…     a private instance; prints KEY=VALUE lines once it takes calls
#   tests/telephony/asterisk.sh stop STATE                        ends it; STATE stays, with its log
#
#   16, 22    Asterisk and sipp of Debian bullseye, and of sid       FOLDER/bin/asterisk, FOLDER/bin/sipp
#   speech    espeak-ng and flite of bullseye                        FOLDER/bin/espeak-ng, FOLDER/bin/flite, and flite-to-stdout,
#                                                                    for flite alone writes no sound into a pipe
#
# Nothing is installed on the machine: apt resolves the packages against a state of its own, they are unpacked below a folder of
# ${XDG_CACHE_HOME:-~/.cache}/baton-telephony, and run there by the loader and with the libraries of their own release. No
# root, no chroot, no service. A set is installed once and needs no network from then on; sid moves, so that another Asterisk
# than 22 may come of it: it is run, and named. To have a newer one, remove its folder. BATON_OFFLINE=1: what is not there yet is
# not looked for. Exit code 2: it cannot be had here, and stderr says why.
#
# An instance listens on loopback alone. Each NAME=PORT is an endpoint whose phone is at that port: `trunk`, the carrier that any
# caller comes from, `agent`, the voice agent, `people`, a phone on somebody's desk, and reps' phones by their digits. Calls of the
# trunk go to the app `baton` as (inbound, DIALLED); where no worker has it, the dialplan rings the agent, and whom Baton gives back
# because the agent cannot be had, the desk. On hold one hears 300 Hz.
set -euo pipefail
cache=${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/baton-telephony

cannot() {
    echo "$*" >&2
    exit 2
}

# ---- install ---------------------------------------------------------------------------------------------------------

# What only scripts of the packages would call, or parts of them that are never loaded: taken to be there. It is two thirds of
# what would be downloaded.
NOT_NEEDED=(adduser debconf dpkg init-system-helpers lsb-base perl perl-base python3 sysvinit-utils ucf
    libpq5 libradcli4 libsnmp40 libsnmp40t64 libsnmp45 libsnmp45t64 alsa-utils sox)

# RELEASE of the set, its packages, and the programs to be run.
describe() {
    case $1 in
    16) release=bullseye packages=(asterisk sip-tester) programs=(sbin/asterisk bin/sipp) ;;
    22) release=sid packages=(asterisk sip-tester) programs=(sbin/asterisk bin/sipp) ;;
    speech) release=bullseye packages=(espeak-ng flite) programs=(bin/espeak-ng bin/flite) ;;
    *) cannot "there is no set $1; allowed: 16 22 speech" ;;
    esac
}

# The machine's own archive of Debian, then those that everybody has; what is too old for them is in the last.
mirrors() {
    # shellcheck disable=SC2016 # apt expands it
    { apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null || true; } | grep '/debian/*$' | sort -u
    echo http://deb.debian.org/debian
    echo http://archive.debian.org/debian
}

# apt with a state of its own below $1, and nothing of the machine's but how it reaches the network.
apt_in() {
    local state=$1
    shift
    APT_CONFIG=$state/apt.conf apt-get -q "$@" 2>&1 </dev/null
}

prepare_apt() {
    local state=$1 arch=$2 package
    mkdir -p "$state"/{lists,archives}/partial
    {
        apt-config dump | grep '^Acquire::.*Proxy' || true
        printf '%s;\n' 'Dir::Etc::main "/dev/null"' 'Dir::Etc::parts "/dev/null"' 'Dir::Etc::sourceparts "/dev/null"' \
            'Dir::Etc::preferences "/dev/null"' 'Dir::Etc::preferencesparts "/dev/null"' \
            "Dir::Etc::sourcelist \"$state/sources.list\"" "Dir::State \"$state\"" "Dir::State::status \"$state/status\"" \
            "Dir::State::lists \"$state/lists\"" "Dir::Cache \"$state\"" "Dir::Cache::archives \"$state/archives\"" \
            "Dir::Log \"$state\"" 'APT::Install-Recommends "false"' 'APT::Sandbox::User ""' 'Debug::NoLocking "true"' \
            'Acquire::Languages "none"' 'Acquire::Check-Valid-Until "false"' 'Acquire::Retries "3"' \
            'Acquire::http::Timeout "30"' 'Acquire::https::Timeout "30"'
    } >"$state/apt.conf"
    for package in "${NOT_NEEDED[@]}"; do
        printf 'Package: %s\nStatus: install ok installed\nArchitecture: %s\nMulti-Arch: allowed\nVersion: 999:1\n' "$package" "$arch"
        printf 'Maintainer: nobody\nDescription: taken to be there\n\n'
    done >"$state/status"
}

# Into $state/archives, from the first archive that has them.
download() {
    local state=$1 keyring=/usr/share/keyrings/debian-archive-keyring.gpg mirror told=""
    shift
    [ -r $keyring ] || cannot "$keyring is missing (Debian: apt-get install debian-archive-keyring)"
    while read -r mirror; do
        echo "deb [signed-by=$keyring] $mirror $release main" >"$state/sources.list"
        told=$(apt_in "$state" update --error-on=any && apt_in "$state" install --yes --download-only "$@") && return
        echo "$mirror does not serve ${*} of $release: $(tail -n 3 <<<"$told")" >&2
    done < <(mirrors)
    return 1
}

# A program of the folder, by the loader and with the libraries that were unpacked beside it.
wrap() {
    local folder=$1 program=$2 root=$1/root loader libraries
    loader=$(find "$root" -type f \( -name 'ld-linux*.so.*' -o -name 'ld-2.*.so' \) -print -quit)
    libraries=$(find "$root" -name '*.so*' -not -path '*/asterisk/*' -printf '%h\n' | sort -u | paste -sd:)
    cat >"$folder/bin/${program##*/}" <<RUN
#!/bin/sh
export ESPEAK_DATA_PATH="\$(echo '$root'/usr/lib/*/espeak-ng-data)"
exec '$loader' --library-path '$libraries' '$root/usr/$program' "\$@"
RUN
    chmod +x "$folder/bin/${program##*/}"
}

unpack() {
    local folder=$1 state=$1/apt deb program
    mkdir -p "$folder/root" "$folder/bin"
    for deb in "$state"/archives/*.deb; do
        dpkg-deb --extract "$deb" "$folder/root" || return
    done
    for program in "${programs[@]}"; do
        wrap "$folder" "$program"
    done
    [ ! -x "$folder/bin/flite" ] || to_stdout "$folder/bin/flite"
}

# A program that reads stdin and writes its sound to stdout, of one that wants a file.
to_stdout() {
    cat >"$1-to-stdout" <<RUN
#!/bin/sh
sound=\$(mktemp) && trap 'rm -f "\$sound"' EXIT
'$1' -o "\$sound" /dev/stdin && cat "\$sound"
RUN
    chmod +x "$1-to-stdout"
}

# What of the set runs, in its own words, whatever it ends with; fails where something does not.
versions() {
    local folder=$1 program
    for program in "${programs[@]}"; do
        { "$folder/bin/${program##*/}" "$(version_flag "$program")" || true; } 2>&1 | grep -m 1 '[0-9]\.[0-9]' || return
    done
}

version_flag() {
    case $1 in
    */asterisk) echo -V ;;
    */sipp) echo -v ;;
    *) echo --version ;;
    esac
}

install_set() {
    local folder=$1 state=$1/apt tool
    for tool in apt-get apt-config dpkg dpkg-deb; do
        command -v "$tool" >/dev/null || cannot "$tool is missing: Asterisk is installed from Debian's packages, on Debian and its kin"
    done
    rm -rf "$folder"
    prepare_apt "$state" "$(dpkg --print-architecture)"
    download "$state" "${packages[@]}" && unpack "$folder" && versions "$folder" >"$folder/versions" || return
    rm -rf "$state" && mv "$folder/versions" "$folder/installed"
}

# Of several sets those that can be had are installed, whatever becomes of the others.
install() {
    local set folder failed=""
    mkdir -p "$cache" || cannot "$cache cannot be written: say with XDG_CACHE_HOME where telephony may be kept"
    for set in "$@"; do
        describe "$set"
        folder=$cache/$set
        (
            exec 9>"$cache/$set.lock"
            command -v flock >/dev/null && flock 9
            [ -f "$folder/installed" ] && exit
            if [ -n "${BATON_OFFLINE-}" ]; then
                echo "$folder is not there, and with BATON_OFFLINE=1 it is not looked for: \
unset that, or run tests/telephony/asterisk.sh install $set once where an archive of Debian is within reach"
                exit 1
            fi >&2
            echo "installing ${packages[*]} of Debian $release into $folder" >&2
            install_set "$folder" >&2 || {
                echo "${packages[*]} of Debian $release could not be installed: is an archive of Debian within reach?" >&2
                exit 1
            }
        ) || {
            failed=yes
            continue
        }
        echo "$folder"
    done
    [ -z "$failed" ] || exit 2
}

# ---- start and stop --------------------------------------------------------------------------------------------------

# A port of loopback that nobody has, for TCP or UDP, and not out of those that the kernel gives out.
pick_port() {
    local port taken
    taken=$(awk 'NR > 1 { sub(/.*:/, "", $2); print $2 }' /proc/net/{tcp,udp,tcp6,udp6} 2>/dev/null || true)
    while :; do
        port=$((11000 + (RANDOM << 3 ^ RANDOM) % 20000))
        grep -qix "$(printf %04X "$port")" <<<"$taken" || break
    done
    echo "$port"
}

# A file of mu-law: 300 Hz, a tenth of full scale, four seconds.
hold_tone() {
    LC_ALL=C awk 'BEGIN {
        for (i = 0; i < 32000; i++) {
            x = int(8000 * sin(2 * 3.14159265358979 * 300 * i / 8000))
            sign = x < 0 ? 128 : 0
            magnitude = (x < 0 ? -x : x) + 132
            for (exponent = 7; magnitude < 128 * 2 ^ exponent; exponent--) ;
            printf "%c", 255 - sign - 16 * exponent - int(magnitude / 2 ^ (exponent + 3)) % 16
        }
    }'
}

# What a call needs, and what this version has of it.
MODULES="app_dial app_stasis app_verbose bridge_holding bridge_native_rtp bridge_simple bridge_softmix chan_bridge_media chan_pjsip
codec_alaw codec_resample codec_ulaw format_pcm format_sln format_wav func_callerid func_channel func_logic pbx_config res_ari
res_ari_applications res_ari_asterisk res_ari_bridges res_ari_channels res_ari_device_states res_ari_endpoints res_ari_events
res_ari_model res_ari_playbacks res_ari_recordings res_ari_sounds res_http_websocket res_musiconhold res_pjproject res_pjsip
res_pjsip_caller_id res_pjsip_diversion res_pjsip_dtmf_info res_pjsip_empty_info res_pjsip_endpoint_identifier_ip
res_pjsip_endpoint_identifier_user res_pjsip_header_funcs res_pjsip_logger res_pjsip_pubsub res_pjsip_refer res_pjsip_rfc3326 res_pjsip_sdp_rtp
res_pjsip_session res_rtp_asterisk res_sorcery_astdb res_sorcery_config res_sorcery_memory res_stasis res_stasis_answer
res_stasis_device_state res_stasis_playback res_stasis_recording res_stasis_snoop res_timing_timerfd res_websocket_client"

configure() {
    local folder=$1 state=$2 etc=$2/etc modules module phone
    shift 2
    modules=$(dirname "$(find "$folder/root/usr/lib" -name app_stasis.so -print -quit)")
    rm -rf "$etc" "$state/log"
    mkdir -p "$etc" "$state"/{var,run,log,spool,sounds,hold}
    # Files that this or that module would miss loudly.
    touch "$etc"/{acl,ccss,cdr,cel,codecs,features,indications,pjproject,stasis,udptl,websocket_client}.conf
    printf '[directories]\n' >"$etc/asterisk.conf"
    printf '%s => %s\n' astetcdir "$etc" astmoddir "$modules" astvarlibdir "$state/var" astdbdir "$state/var" astkeydir "$state/var" \
        astdatadir "$folder/root/usr/share/asterisk" astagidir "$state/var" astspooldir "$state/spool" astrundir "$state/run" astlogdir "$state/log" \
        >>"$etc/asterisk.conf"
    printf '[options]\nnocolor = yes\nverbose = 3\n' >>"$etc/asterisk.conf"
    printf '[general]\ndateformat = %%F %%T.%%3q\n[logfiles]\nfull => notice,warning,error,verbose\n' >"$etc/logger.conf"
    printf '[general]\nenabled = yes\nbindaddr = 127.0.0.1\nbindport = %d\n' "$ari" >"$etc/http.conf"
    printf '[general]\nenabled = yes\n[baton]\ntype = user\npassword = %s\n' "$password" >"$etc/ari.conf"
    printf '[general]\nrtpstart = %d\nrtpend = %d\nicesupport = no\n' "$rtp" $((rtp + 1199)) >"$etc/rtp.conf"
    printf '[default]\nmode = files\ndirectory = %s\n' "$state/hold" >"$etc/musiconhold.conf"
    hold_tone >"$state/hold/tone.ulaw"
    echo '[modules]
autoload = no' >"$etc/modules.conf"
    for module in $MODULES; do
        [ ! -f "$modules/$module.so" ] || echo "load = $module.so"
    done >>"$etc/modules.conf"
    cat >"$etc/extensions.conf" <<'CONF'
[from-trunk]
exten => _[+0-9].,1,Stasis(baton,inbound,${EXTEN})
 same => n,GotoIf($["${STASISSTATUS}" = "FAILED"]?alone)
 same => n,GotoIf($["${BATON}" = "no_agent"]?people)
 same => n,Hangup()
 same => n(alone),Dial(PJSIP/agent,20)
 same => n,Hangup()
 same => n(people),Dial(PJSIP/people,20,m)
 same => n,Hangup()
exten => _bato[n].,1,Stasis(baton,inbound,${EXTEN})
 same => n,Hangup()
[nowhere]
CONF
    {
        printf '[global]\ntype = global\nendpoint_identifier_order = username,ip\n'
        printf '[loopback]\ntype = transport\nprotocol = udp\nbind = 127.0.0.1:%d\n' "$sip"
        printf '[carrier]\ntype = identify\nendpoint = trunk\nmatch = 127.0.0.1\n'
        for phone in "$@"; do
            endpoint "${phone%=*}" "${phone#*=}"
        done
    } >"$etc/pjsip.conf"
}

# A phone that is forwarded is followed within its leg, and nobody transfers calls but Baton.
endpoint() {
    local name=$1 port=$2 context=nowhere
    [ "$name" != trunk ] || context=from-trunk
    cat <<CONF
[$name]
type = aor
contact = sip:$name@127.0.0.1:$port
[$name]
type = endpoint
aors = $name
context = $context
disallow = all
allow = ulaw
direct_media = no
redirect_method = uri_pjsip
allow_transfer = no
media_address = 127.0.0.1
bind_rtp_to_media_address = yes
CONF
}

cli() {
    "$1/bin/asterisk" -C "$2/etc/asterisk.conf" -rx "$3" 2>/dev/null
}

# Up, and on its own ports: where another had one of them first, Asterisk comes up all the same.
takes_calls() {
    local folder=$1 state=$2 ports
    for _ in $(seq 150); do
        if cli "$folder" "$state" 'core waitfullybooted' >/dev/null; then
            ports=$(cli "$folder" "$state" 'pjsip show transports'; cli "$folder" "$state" 'http show status')
            [[ $ports == *"127.0.0.1:$sip"* && $ports == *"127.0.0.1:$ari"* ]]
            return
        fi
        kill -0 "$pid" 2>/dev/null || return
        sleep 0.1
    done
    return 1
}

start() {
    local folder=$1 state sip ari rtp password pid
    [ -x "$folder/bin/asterisk" ] || cannot "$folder holds no Asterisk: tests/telephony/asterisk.sh install 22 prints a folder that does"
    mkdir -p "$2"
    state=$(cd "$2" && pwd)
    shift 2
    [ ${#state} -le 80 ] || cannot "$state is too long a path for a control socket: allowed are 80 characters"
    password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
    for _ in 1 2 3; do
        sip=$(pick_port) ari=$(pick_port) rtp=$(($(pick_port) / 2 * 2))
        configure "$folder" "$state" "$@"
        "$folder/bin/asterisk" -f -C "$state/etc/asterisk.conf" >"$state/log/console" 2>&1 </dev/null &
        pid=$!
        echo "$pid" >"$state/pid"
        if takes_calls "$folder" "$state"; then
            echo "VERSION=$("$folder/bin/asterisk" -V)"
            echo "ARI=127.0.0.1:$ari"
            echo "PASSWORD=$password"
            echo "SIP=127.0.0.1:$sip"
            echo "SOUNDS=$state/sounds"
            echo "LOG=$state/log/full"
            return
        fi
        stop "$state"
    done
    tail -n 30 "$state"/log/* >&2
    echo "Asterisk of $folder did not come up: its log is above" >&2
    return 1
}

# The number may be another program's by now.
stop() {
    local state=$1 pid
    [ -f "$state/pid" ] || return 0
    pid=$(cat "$state/pid")
    rm -f "$state/pid"
    ! tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline" | grep -qF "$state/etc" || kill -KILL "$pid"
}

verb=${1-}
shift || true
case $verb in
install) install "$@" ;;
start) start "$@" ;;
stop) stop "$@" ;;
*) cannot "there is no $verb; allowed: install SET…, start FOLDER STATE NAME=PORT…, stop STATE" ;;
esac
