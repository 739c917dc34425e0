#!/usr/bin/env bash
# A rep holds the caller and hangs up: the hold music outlives the rep, and in a plain bridge it plays over the next one, too.
#
# The rep presses "hold" (a re-INVITE with sendonly) to ask a colleague, and then hangs up. One would guess that a hold ends with
# the one who holds. Nothing ends it: no ChannelUnhold comes, the caller who stays alone in the bridge hears the music, and ending
# the bridge's music is refused (409), for this music is not the bridge's. What happens when the next rep joins hangs on a word of
# the bridge's type that is about keys. With `dtmf_events` (or `proxy_media`) two people share a simple_bridge, which ends the hold
# of both at a join. Of the default, `mixing` alone, they get native_rtp, which does not: the next rep's packets and those of the
# music go to the caller side by side, twice as many as a phone can play, until somebody acts. The rep hears the caller well and
# notices nothing, and all events look as they should. So when somebody leaves who holds, end the music of whoever stays
# (`DELETE channels/{id}/moh`, 204 also where there is none), before the next one joins.
#
# Seen on 30 November 2026 with Asterisk 16.28.0 of Debian 11 (run below) and 22.10.1 of sid (run with the argument sid), both
# alike; what the caller hears, in packets a second:
#   type of the bridge              rep holds  rep gone  next rep joins                        DELETE of the caller's moh
#   mixing                          50 music   50 music  native_rtp     50 music and 50 voice  50 voice
#   mixing,dtmf_events              50 music   50 music  simple_bridge  50 voice               50 voice
#   mixing,proxy_media              50 music   50 music  simple_bridge  50 voice               50 voice
#   mixing, DELETE before the join  50 music   nothing   native_rtp     50 voice               50 voice
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
import atexit, json, os, random, re, socket, subprocess, threading, time, urllib.error, urllib.parse, urllib.request
import websocket


class Phone:
    def __init__(self):
        self.sip = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sip.bind(("127.0.0.1", 0))
        self.port = self.sip.getsockname()[1]
        self.rtp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.rtp.bind(("127.0.0.1", 0))
        self.number, self.way, self.far, self.heard = 1, "sendrecv", None, []
        threading.Thread(target=self.hear, daemon=True).start()
        threading.Thread(target=self.speak, daemon=True).start()
        threading.Thread(target=self.listen, daemon=True).start()

    def sdp(self):
        return ("v=0\r\no=- 1 %d IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio %d RTP/AVP 0\r\na=%s\r\n"
                % (self.number, self.rtp.getsockname()[1], self.way))

    def send(self, first, headers, body=""):
        lines = [first, *headers, f"Contact: <sip:phone@127.0.0.1:{self.port}>", "Max-Forwards: 70"]
        lines += ["Content-Type: application/sdp"] if body else []
        self.sip.sendto("\r\n".join([*lines, f"Content-Length: {len(body)}", "", body]).encode(), ("127.0.0.1", sip_port))

    def request(self, method, body="", number=None):
        headers = [f"Via: SIP/2.0/UDP 127.0.0.1:{self.port};branch=z9hG4bK{random.random()}", f"Call-ID: {self.call_id}"]
        headers += [f"From: {self.us}", f"To: {self.them}", f"CSeq: {number or self.number} {method}"]
        self.send(f"{method} {self.target} SIP/2.0", headers, body)

    def hold(self):
        self.way, self.number = "sendonly", self.number + 100
        self.request("INVITE", self.sdp())

    def hang_up(self):
        self.number += 1
        self.request("BYE")

    def hears(self):
        """Packets a second, over two of them; the music's bytes and those of a voice are never the same."""
        since = time.time()
        time.sleep(2)
        sounds = [sound for at, sound in self.heard if at > since]
        counts = [(sum(byte in sound for sound in sounds) + 10) // 20 * 10 for byte in (b"\x20", b"\x90")]
        return " and ".join(f"{count} {what}" for count, what in zip(counts, ("music", "voice")) if count) or "nothing"

    def hear(self):
        while True:
            self.heard.append((time.time(), self.rtp.recvfrom(4000)[0][12:]))

    def speak(self):
        for n in range(1 << 20):
            time.sleep(0.02)
            if self.far and self.way == "sendrecv":
                head = b"\x80\0" + (n & 65535).to_bytes(2, "big") + (n * 160).to_bytes(4, "big") + b"\0\0\0\1"
                self.rtp.sendto(head + b"\x90\x90\x90\x90\x10\x10\x10\x10" * 20, ("127.0.0.1", self.far))

    def listen(self):
        while True:
            text = self.sip.recvfrom(9000)[0].decode()
            first, header = text.split("\r\n")[0], lambda name: "".join(re.findall(rf"(?im)^{name}: (.*?)\r$", text)[:1])
            if audio := re.search(r"m=audio (\d+)", text):
                self.far = int(audio.group(1))
            if first.startswith("SIP/2.0 2") and "INVITE" in header("CSeq"):
                self.them, self.target = header("To"), header("Contact").strip("<>")
                self.request("ACK", number=header("CSeq").split()[0])
            elif not first.startswith(("SIP/", "ACK")) and first:
                to = header("To") if "tag=" in header("To") else header("To") + ";tag=2"
                echoed = [f"{name}: {header(name)}" for name in ("Via", "From", "Call-ID", "CSeq")] + [f"To: {to}"]
                if first.startswith("INVITE"):
                    self.us, self.them, self.call_id = to, header("From"), header("Call-ID")
                    self.target = header("Contact").strip("<>")
                self.send("SIP/2.0 200 OK", echoed, self.sdp() if first.startswith("INVITE") else "")


def ari(method, path, **query):
    query = urllib.parse.urlencode(query | {"api_key": "us:none"})
    request = urllib.request.Request(f"http://127.0.0.1:{ari_port}/ari/{path}?{query}", method=method)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as refused:
        return refused.code, None


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
    wanted = re.compile(r"res_(pjproject|pjsip|rtp_asterisk|sorcery|timing_timerfd|http_websocket|websocket_client|stasis|ari|musiconhold)"
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
        "musiconhold": f"[default]\nmode=files\ndirectory={here}/music\n",
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


def come(name):
    ari("POST", f"channels/{name}", endpoint=f"PJSIP/{name}", app="leads", callerId='"Ada" <+14155550100>')
    wait(lambda: seen("StasisStart", name))


def run(kind, first):
    caller, rep, second = Phone(), Phone(), Phone()
    server = start(caller=caller, rep=rep, second=second)
    try:
        for name in ("caller", "rep", "second"):
            come(name)
        ari("POST", "bridges/talk", type=kind)
        ari("POST", "bridges/talk/addChannel", channel="caller,rep")
        time.sleep(1)
        rep.hold()
        wait(lambda: seen("ChannelHold", "rep"))
        time.sleep(0.5)
        print(f"{kind}{', DELETE first' if first else ''}: {caller.hears()}", end=" | ")
        rep.hang_up()
        wait(lambda: seen("ChannelDestroyed", "rep"))
        refused = ari("DELETE", "bridges/talk/moh")[0]
        if first:
            ari("DELETE", "channels/caller/moh")
        time.sleep(0.5)
        print(f"bridge's {refused}, {caller.hears()}", end=" | ")
        ari("POST", "bridges/talk/addChannel", channel="second")
        time.sleep(0.5)
        print(ari("GET", "bridges/talk")[1]["technology"], caller.hears(), end=" | ")
        print("rep hears", second.hears(), end=" | ")
        status, _ = ari("DELETE", "channels/caller/moh")
        time.sleep(0.5)
        print(f"caller's {status}, {caller.hears()} | {len(seen('ChannelUnhold'))} unholds", flush=True)
    finally:
        server.kill()
        server.wait()


os.mkdir("music")
with open("music/tone.ulaw", "wb") as out:
    out.write((b"\x20" * 13 + b"\xa0" * 13) * 2000)
for kind, first in (("mixing", False), ("mixing,dtmf_events", False), ("mixing,proxy_media", False), ("mixing", True)):
    run(kind, first)
PY
timeout 180 env/bin/python call.py | tee seen
diff - seen <<'EXPECTED'
mixing: 50 music | bridge's 409, 50 music | native_rtp 50 music and 50 voice | rep hears 50 voice | caller's 204, 50 voice | 0 unholds
mixing,dtmf_events: 50 music | bridge's 409, 50 music | simple_bridge 50 voice | rep hears 50 voice | caller's 204, 50 voice | 0 unholds
mixing,proxy_media: 50 music | bridge's 409, 50 music | simple_bridge 50 voice | rep hears 50 voice | caller's 204, 50 voice | 0 unholds
mixing, DELETE first: 50 music | bridge's 409, nothing | native_rtp 50 voice | rep hears 50 voice | caller's 204, 50 voice | 0 unholds
EXPECTED
echo "as it was"
