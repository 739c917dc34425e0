#!/usr/bin/env bash
# A caller given away by ARI's redirect: the answer is the same whether the carrier does it or refuses, and no event comes.
#
# To give a caller away without staying in the call, an app posts `channels/{id}/redirect`; to an answered caller Asterisk sends a
# SIP REFER. One would guess an error when the carrier refuses, or an event that says how it went. The request is answered 204
# before the REFER is; after that a 202, a 603 and a 404 look alike: no event of any kind, the channel still there, up, in the
# app, with nobody talking to it. A caller whose transfer was refused hears silence until giving up, and the app's log says "204".
# Only the end of the channel (the carrier hangs up our leg when it has done it) tells success. So: after a redirect wait for
# StasisEnd with a short deadline, and if it does not come, take the caller back: play, bridge, ring the next rep. Better stay in
# the call.
#
# Seen on 30 November 2026 with Asterisk 16.28.0 of Debian 11 (run below) and 22.10.1 of sid, both alike; each waited for 4 s:
#   the carrier answers REFER with   redirect   events   the channel afterwards
#   202 Accepted                     204        none     Up
#   603 Decline                      204        none     Up
#   404 Not Found                    204        none     Up
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
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

python3 -m venv env
env/bin/pip install --quiet websocket-client==1.9.0

cat >call.py <<'PY'
import json, os, re, socket, subprocess, threading, time, urllib.parse, urllib.request
import websocket


class Phone:
    def __init__(self):
        self.sip = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sip.bind(("127.0.0.1", 0))
        self.port, self.got = self.sip.getsockname()[1], []
        self.refer = None
        threading.Thread(target=self.listen, daemon=True).start()

    def sdp(self):
        return ("v=0\r\no=- 1 %d IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio %d RTP/AVP 0\r\na=%s\r\n"
                % (1, self.port + 1, "sendrecv"))

    def send(self, first, headers, body=""):
        lines = [first, *headers, f"Contact: <sip:phone@127.0.0.1:{self.port}>", "Max-Forwards: 70"]
        lines += ["Content-Type: application/sdp"] if body else []
        self.sip.sendto("\r\n".join([*lines, f"Content-Length: {len(body)}", "", body]).encode(), ("127.0.0.1", sip_port))

    def listen(self):
        while True:
            text = self.sip.recvfrom(9000)[0].decode()
            first, header = text.split("\r\n")[0], lambda name: "".join(re.findall(rf"(?im)^{name}: (.*?)\r$", text)[:1])
            self.got.append(text)
            if not first.startswith(("SIP/", "ACK")) and first:
                to = header("To") if "tag=" in header("To") else header("To") + ";tag=2"
                echoed = [f"{name}: {header(name)}" for name in ("Via", "From", "Call-ID", "CSeq")] + [f"To: {to}"]
                answer = self.refer if first.startswith("REFER") else "200 OK"
                self.send(f"SIP/2.0 {answer}", echoed, self.sdp() if first.startswith("INVITE") else "")


def ari(method, path, **query):
    query = urllib.parse.urlencode(query | {"api_key": "us:none"})
    request = urllib.request.Request(f"http://127.0.0.1:{ari_port}/ari/{path}?{query}", method=method)
    with urllib.request.urlopen(request, timeout=20) as answer:
        return answer.status, json.loads(answer.read() or b"null")


def wait(test, seconds=20):
    end = time.time() + seconds
    while time.time() < end:
        if found := test():
            return found
        time.sleep(0.05)
    raise SystemExit("waited in vain")


def seen(kind, channel=None):
    return [e for e in events if e["type"] == kind and channel in (None, e["channel"]["id"])]


def free(kind):
    with socket.socket(socket.AF_INET, kind) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def start(caller):
    """An Asterisk of its own on loopback, and the events of the app."""
    global sip_port, ari_port, events
    here, sip_port, ari_port, events = os.getcwd(), free(socket.SOCK_DGRAM), free(socket.SOCK_STREAM), []
    modules = next(folder for folder, _, files in os.walk(f"{here}/root/usr/lib") if "app_stasis.so" in files)
    wanted = re.compile(r"res_(pjproject|pjsip|rtp_asterisk|sorcery|timing_timerfd|http_websocket|stasis|ari)"
                        r"|app_stasis|chan_(pjsip|bridge_media)|bridge|codec_(ulaw|resample)|format_(pcm|wav\.)|pbx_config|func_ch")
    no_use = re.compile("phoneprov|wizard|regist|publish|transport|mwi|notify|voicemail|mailbox|test|acl|pidf|dialog|exten")
    loaded = [module for module in sorted(os.listdir(modules)) if wanted.match(module) and not no_use.search(module)]
    pjsip = f"[loopback]\ntype=transport\nprotocol=udp\nbind=127.0.0.1:{sip_port}\n"
    for name, phone in (("caller", caller),):
        pjsip += f"[{name}]\ntype=aor\ncontact=sip:{name}@127.0.0.1:{phone.port}\n"
        pjsip += f"[{name}]\ntype=endpoint\naors={name}\ncontext=in\n"
        pjsip += "allow=!all,ulaw\ndirect_media=no\n"
    files = {
        "asterisk": f"[directories]\nastetcdir={here}/etc\nastmoddir={modules}\nastspooldir={here}/spool\n"
                    f"astdatadir={here}/root/usr/share/asterisk\n"
                    + "".join(f"ast{kind}dir={here}/run\n" for kind in "varlib db run key log".split()),
        "modules": "[modules]\nautoload=no\n" + "".join(f"load={module}\n" for module in loaded),
        "http": f"[general]\nenabled=yes\nbindaddr=127.0.0.1\nbindport={ari_port}\n",
        "ari": "[general]\nenabled=yes\n[us]\ntype=user\npassword=none\n",
        "pjsip": pjsip,
        "stasis": "", "logger": "[logfiles]\nlog=warning,error\n", "cdr": "[general]\nenable=no\n",
    }
    for name, text in files.items():
        with open(f"etc/{name}.conf", "w") as out:
            out.write(text)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    server = subprocess.Popen(["run/asterisk", "-f", "-C", f"{here}/etc/asterisk.conf"], **quiet)

    def connected():
        try:
            return websocket.create_connection(f"ws://127.0.0.1:{ari_port}/ari/events?app=leads&api_key=us:none")
        except (OSError, websocket.WebSocketException):
            return None

    def read(line):
        try:
            while True:
                events.append(json.loads(line.recv()))
        except (ValueError, OSError, websocket.WebSocketException):
            pass

    threading.Thread(target=read, args=(wait(connected),), daemon=True).start()
    return server


caller = Phone()
server = start(caller)
try:
    for caller.refer in ("202 Accepted", "603 Decline", "404 Not Found"):
        leg = "leg" + caller.refer[:3]
        ari("POST", f"channels/{leg}", endpoint="PJSIP/caller", app="leads", callerId='"Ada" <+14155550100>')
        wait(lambda: seen("StasisStart", leg))
        time.sleep(1)
        before = len(events)
        status, _ = ari("POST", f"channels/{leg}/redirect", endpoint="PJSIP/sip:+14155550101@127.0.0.1")
        wait(lambda: any(text.startswith("REFER") for text in caller.got))
        time.sleep(4)
        after = [event["type"] for event in events[before:]]
        print(caller.refer, "->", status, " ".join(after) or "none", ari("GET", f"channels/{leg}")[1]["state"])
        ari("DELETE", f"channels/{leg}")
        time.sleep(1)
        caller.got.clear()
finally:
    server.kill()
    server.wait()
PY
timeout 120 env/bin/python call.py | tee seen
diff - seen <<'EXPECTED'
202 Accepted -> 204 none Up
603 Decline -> 204 none Up
404 Not Found -> 204 none Up
EXPECTED
echo "as it was"
