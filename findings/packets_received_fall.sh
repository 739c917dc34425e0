#!/usr/bin/env bash
# How many packets came from a caller is a number that falls in the middle of the call, and the losses go with it.
#
# To see that a caller is heard, or how good the line was, an app asks ARI for CHANNEL(rtcp,rxcount) or channels/{id}/rtp_statistics:
# "number of packets received", per channel. One would guess that it grows until the end. It is the count of the present source
# (SSRC) alone: whenever the other side changes that, as it may at any time, received and lost begin again at 0, without an event,
# and coming back to a former source does not bring its numbers back. An Asterisk 22 at the other end changes it whenever the
# channel joins a bridge or leaves one (tried on 22.10.1; 16.28.0 kept its own). So "now minus before" is negative one day, in an
# unsigned number 4 billion packets, and a call that lost a quarter of its packets ends as one that lost none, also in the summary
# at its hangup (RTPAUDIOQOS, tried on 22.10.1: lp=0, rxcount=10). Nor is it sound that is counted: keys, keep-alives of an unused
# payload type (RFC 6263) and what a mute throws away count like speech. Read `remote_ssrc` beside it, sum up per source, and take
# it for "never heard" only while it is 0.
#
# Seen on 30 November 2026 with Asterisk 16.28.0 of Debian 11 (run below) and 22.10.1 of sid (run with the argument sid), both alike:
#   sent by the phone                     rxcount of both  rxploss
#   nothing yet                           0                0
#   300 of voice, 100 lost on the way     300              more than 0
#   10 of a key (telephone-event)         310
#   10 keep-alives, empty                 320
#   10 of voice, ARI's mute on            330
#   10 of voice, another source           10               0
#   10 of voice, the first source again   10               0
set -euo pipefail
release=${1:-bullseye}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

# Debian's Asterisk, unpacked beside the system: apt resolves against an empty package database of its own.
mkdir -p apt/lists/partial apt/archives/partial root etc spool/recording run
# shellcheck disable=SC2016 # apt expands it
archive=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -m1 '/debian/*$')
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $archive $release main" >apt/sources.list
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
loader=$(find root -type f \( -name 'ld-2.*.so' -o -name 'ld-linux*.so.*' \) -print -quit)
libraries=$(find "$dir/root" -name '*.so*' -not -path '*/asterisk/*' -printf '%h\n' | sort -u | paste -sd:)
printf '#!/bin/sh\nexec "%s" --library-path "%s" "%s" "$@"\n' \
  "$dir/$loader" "$libraries" "$dir/root/usr/sbin/asterisk" >run/asterisk
chmod +x run/asterisk
run/asterisk -V

python3 -m venv env
env/bin/pip install --quiet websocket-client==1.9.0

cat >call.py <<'PY'
import atexit, json, os, re, socket, subprocess, threading, time, urllib.parse, urllib.request
import websocket


class Phone:
    def __init__(self):
        self.sip, self.rtp = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
        for each in (self.sip, self.rtp):
            each.bind(("127.0.0.1", 0))
        self.port, self.far, self.sent, self.time = self.sip.getsockname()[1], None, 0, 0
        threading.Thread(target=self.listen, daemon=True).start()

    def answer(self, first, header):
        to = header("To") if "tag=" in header("To") else header("To") + ";tag=2"
        lines = [f"{name}: {header(name)}" for name in ("Via", "From", "Call-ID", "CSeq")] + [f"To: {to}"]
        body = ("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
                f"m=audio {self.rtp.getsockname()[1]} RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\n")
        body = body if first.startswith("INVITE") else ""
        lines += [f"Contact: <sip:phone@127.0.0.1:{self.port}>"] + (["Content-Type: application/sdp"] if body else [])
        self.sip.sendto("\r\n".join(["SIP/2.0 200 OK", *lines, f"Content-Length: {len(body)}", "", body]).encode(),
                        ("127.0.0.1", sip_port))

    def listen(self):
        while True:
            text = self.sip.recvfrom(9000)[0].decode()
            first, header = text.split("\r\n")[0], lambda name: "".join(re.findall(rf"(?im)^{name}: (.*?)\r$", text)[:1])
            if audio := re.search(r"m=audio (\d+)", text):
                self.far = int(audio.group(1))
            if first and not first.startswith(("SIP/", "ACK")):
                self.answer(first, header)

    def speak(self, packets, source, kind=0, sound=b"\x90" * 160, lost=0):
        """One in 20 ms; each so many-th is lost on the way."""
        for n in range(packets):
            time.sleep(0.02)
            self.sent, self.time = self.sent + 1, self.time + 160
            head = bytes([128, kind]) + self.sent.to_bytes(2, "big") + self.time.to_bytes(4, "big") + source.to_bytes(4, "big")
            if not lost or n % lost:
                self.rtp.sendto(head + sound, ("127.0.0.1", self.far))
        time.sleep(0.3)


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


def start(**phones):
    """An Asterisk of its own on loopback, and the events of the app."""
    global sip_port, ari_port, events
    here, sip_port, ari_port, events = os.getcwd(), free(socket.SOCK_DGRAM), free(socket.SOCK_STREAM), []
    modules = next(folder for folder, _, files in os.walk(f"{here}/root/usr/lib") if "app_stasis.so" in files)
    wanted = re.compile(r"res_(pjproject|pjsip|rtp_asterisk|sorcery|timing_timerfd|http_websocket|websocket_client|stasis|ari)"
                        r"|app_stasis|chan_(pjsip|bridge_media)|bridge|codec_(ulaw|resample)|format_(pcm|wav\.)|pbx_config|func_ch")
    no_use = re.compile("phoneprov|wizard|regist|publish|transport|mwi|notify|voicemail|mailbox|test|acl|pidf|dialog|exten")
    loaded = [module for module in sorted(os.listdir(modules)) if wanted.match(module) and not no_use.search(module)]
    pjsip = f"[loopback]\ntype=transport\nprotocol=udp\nbind=127.0.0.1:{sip_port}\n"
    for name, phone in phones.items():
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
        "stasis": "", "websocket_client": "", "logger": "[logfiles]\nlog=warning,error\n", "cdr": "[general]\nenable=no\n",
    }
    for name, text in files.items():
        with open(f"etc/{name}.conf", "w") as out:
            out.write(text)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    server = subprocess.Popen(["run/asterisk", "-f", "-C", f"{here}/etc/asterisk.conf"], **quiet)
    atexit.register(server.kill)

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


def tell(what):
    count = ari("GET", "channels/caller/variable", variable="CHANNEL(rtcp,rxcount)")[1]["value"]
    numbers = ari("GET", "channels/caller/rtp_statistics")[1]
    print(f"{what}: {count} {numbers['rxcount']} {'some' if numbers['rxploss'] else 'none'} lost", flush=True)


caller = Phone()
server = start(caller=caller)
try:
    ari("POST", "channels/caller", endpoint="PJSIP/caller", app="leads", callerId='"Ada" <+14155550100>')
    wait(lambda: seen("StasisStart", "caller"))
    tell("answered")
    caller.speak(400, source=1, lost=4)
    tell("300 of 400")
    caller.speak(10, source=1, kind=101, sound=b"\x05\x0a\x01\x40")
    tell("10 of a key")
    caller.speak(10, source=1, kind=96, sound=b"")
    tell("10 keep-alives")
    ari("POST", "channels/caller/mute", direction="in")
    caller.speak(10, source=1)
    tell("10 while muted")
    caller.speak(10, source=2)
    tell("10 of another source")
    caller.speak(10, source=1)
    tell("10 of the first again")
finally:
    server.kill()
    server.wait()
PY
timeout 60 env/bin/python call.py | tee seen
diff - seen <<'EXPECTED'
answered: 0 0 none lost
300 of 400: 300 300 some lost
10 of a key: 310 310 some lost
10 keep-alives: 320 320 some lost
10 while muted: 330 330 some lost
10 of another source: 10 10 none lost
10 of the first again: 10 10 none lost
EXPECTED
echo "as it was"
