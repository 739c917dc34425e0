#!/usr/bin/env bash
# The name under which the rep's phone rings is sent to the caller's carrier when the two are joined.
#
# Over ARI a rep's phone is rung with `callerId`, and its name is a good place for a brief: "HOT, 50k, wants a discount" stands on
# the display before the rep answers. One would guess that it stays on that leg. When the leg is added to the bridge, Asterisk
# takes it for the identity of the caller's new partner and sends it to the other side at once: a re-INVITE with
# P-Asserted-Identity, the brief in it, and the lead's own number as the one that now speaks. It takes `send_pai = yes` on the
# trunk, which carriers ask for, and nothing tells the app. So what is meant for the rep reaches the carrier and perhaps the
# caller's display. `send_connected_line = no` on the trunk stops it. Put no more into callerId than the caller may read, and have
# a test look at what the trunk is sent at the join.
#
# Seen on 30 November 2026 with Asterisk 16.28.0 of Debian 11 (run below) and 22.10.1 of sid, both alike; sent to the caller at
# the join:
#   send_pai = yes              INVITE with P-Asserted-Identity: "HOT, 50k, wants a discount" <sip:+14155550100@127.0.0.1>
#   + send_connected_line = no  nothing
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
import json, os, random, re, socket, subprocess, threading, time, urllib.parse, urllib.request
import websocket


class Phone:
    def __init__(self):
        self.sip = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sip.bind(("127.0.0.1", 0))
        self.port, self.got = self.sip.getsockname()[1], []
        self.number = 1
        threading.Thread(target=self.listen, daemon=True).start()

    def sdp(self):
        return ("v=0\r\no=- 1 %d IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio %d RTP/AVP 0\r\na=%s\r\n"
                % (self.number, self.port + 1, "sendrecv"))

    def send(self, first, headers, body=""):
        lines = [first, *headers, f"Contact: <sip:phone@127.0.0.1:{self.port}>", "Max-Forwards: 70"]
        lines += ["Content-Type: application/sdp"] if body else []
        self.sip.sendto("\r\n".join([*lines, f"Content-Length: {len(body)}", "", body]).encode(), ("127.0.0.1", sip_port))

    def request(self, method, body="", number=None):
        headers = [f"Via: SIP/2.0/UDP 127.0.0.1:{self.port};branch=z9hG4bK{random.random()}", f"Call-ID: {self.call_id}"]
        headers += [f"From: {self.us}", f"To: {self.them}", f"CSeq: {number or self.number} {method}"]
        self.send(f"{method} {self.target} SIP/2.0", headers, body)

    def call(self, number, caller):
        self.target, self.call_id = f"sip:{number}@127.0.0.1:{sip_port}", str(random.random())
        self.us, self.them = f"<sip:{caller}@127.0.0.1>;tag=1", f"<sip:{number}@127.0.0.1>"
        self.request("INVITE", self.sdp())

    def listen(self):
        while True:
            text = self.sip.recvfrom(9000)[0].decode()
            first, header = text.split("\r\n")[0], lambda name: "".join(re.findall(rf"(?im)^{name}: (.*?)\r$", text)[:1])
            self.got.append(text)
            if first.startswith("SIP/2.0 2") and "INVITE" in header("CSeq"):
                self.them, self.target = header("To"), header("Contact").strip("<>")
                self.request("ACK", number=header("CSeq").split()[0])
            elif not first.startswith(("SIP/", "ACK")) and first:
                to = header("To") if "tag=" in header("To") else header("To") + ";tag=2"
                echoed = [f"{name}: {header(name)}" for name in ("Via", "From", "Call-ID", "CSeq")] + [f"To: {to}"]
                self.send("SIP/2.0 200 OK", echoed, self.sdp() if first.startswith("INVITE") else "")


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


def start(caller, rep, trunk):
    """An Asterisk of its own on loopback, and the events of the app."""
    global sip_port, ari_port, events
    here, sip_port, ari_port, events = os.getcwd(), free(socket.SOCK_DGRAM), free(socket.SOCK_STREAM), []
    modules = next(folder for folder, _, files in os.walk(f"{here}/root/usr/lib") if "app_stasis.so" in files)
    wanted = re.compile(r"res_(pjproject|pjsip|rtp_asterisk|sorcery|timing_timerfd|http_websocket|stasis|ari)"
                        r"|app_stasis|chan_(pjsip|bridge_media)|bridge|codec_(ulaw|resample)|format_(pcm|wav\.)|pbx_config|func_ch")
    no_use = re.compile("phoneprov|wizard|regist|publish|transport|mwi|notify|voicemail|mailbox|test|acl|pidf|dialog|exten")
    loaded = [module for module in sorted(os.listdir(modules)) if wanted.match(module) and not no_use.search(module)]
    pjsip = f"[loopback]\ntype=transport\nprotocol=udp\nbind=127.0.0.1:{sip_port}\n"
    for name, phone in (("trunk", caller), ("rep", rep)):
        pjsip += f"[{name}]\ntype=aor\ncontact=sip:{name}@127.0.0.1:{phone.port}\n"
        pjsip += f"[{name}]\ntype=endpoint\naors={name}\ncontext=in\n"
        pjsip += "allow=!all,ulaw\ndirect_media=no\n" + (trunk if name == "trunk" else "")
    files = {
        "asterisk": f"[directories]\nastetcdir={here}/etc\nastmoddir={modules}\nastspooldir={here}/spool\n"
                    f"astdatadir={here}/root/usr/share/asterisk\n"
                    + "".join(f"ast{kind}dir={here}/run\n" for kind in "varlib db run key log".split()),
        "modules": "[modules]\nautoload=no\n" + "".join(f"load={module}\n" for module in loaded),
        "http": f"[general]\nenabled=yes\nbindaddr=127.0.0.1\nbindport={ari_port}\n",
        "ari": "[general]\nenabled=yes\n[us]\ntype=user\npassword=none\n",
        "pjsip": pjsip + "[carrier]\ntype=identify\nendpoint=trunk\nmatch=127.0.0.1\n",
        "extensions": "[in]\nexten=_X.,1,Stasis(leads)\n",
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


for trunk in ("send_pai=yes\n", "send_pai=yes\nsend_connected_line=no\n"):
    caller, rep = Phone(), Phone()
    server = start(caller, rep, trunk)
    try:
        caller.call("18005550100", "+14155550100")
        lead = wait(lambda: seen("StasisStart"))[0]["channel"]["id"]
        ari("POST", f"channels/{lead}/answer")
        wait(lambda: any(text.startswith("SIP/2.0 200") for text in caller.got))
        ari("POST", "channels/leg", endpoint="PJSIP/rep", app="leads", callerId='"HOT, 50k, wants a discount" <+14155550100>')
        wait(lambda: seen("StasisStart", "leg"))
        time.sleep(1)
        before = len(caller.got)
        ari("POST", "bridges/talk", type="mixing,dtmf_events")
        ari("POST", "bridges/talk/addChannel", channel=f"{lead},leg")
        time.sleep(2)
        lines = [line for text in caller.got[before:] for line in text.split("\r\n")]
        sent = [line.split(" sip:")[0] for line in lines if line.startswith(("INVITE", "UPDATE", "P-Asserted"))]
        print(trunk.replace("\n", " ") + "->", " | ".join(sent) or "nothing")
    finally:
        server.kill()
        server.wait()
PY
timeout 120 env/bin/python call.py | tee seen
diff - seen <<'EXPECTED'
send_pai=yes -> INVITE | P-Asserted-Identity: "HOT, 50k, wants a discount" <sip:+14155550100@127.0.0.1>
send_pai=yes send_connected_line=no -> nothing
EXPECTED
echo "as it was"
