"""A voice platform whose calls Baton commands: `telephony.mode = "agent"`, `commands = "http://127.0.0.1:PORT"`.

    python3 examples/agent_mode.py http://127.0.0.1:8080 PORT

Its one caller is worth a rep, and every rep picks up and says yes. docs/agent-mode.md has the picture of the sequence."""
import json, sys, threading, time, urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BATON, PORT = sys.argv[1], int(sys.argv[2])
legs, seen, joined = {}, set(), threading.Event()

def tell(kind, id, data):
    event = {"specversion": "1.0", "id": id, "source": "example", "type": kind, "data": data}
    to = urllib.request.Request(f"{BATON}/v1/events?wait=1500ms", json.dumps(event).encode(), {"Content-Type": "application/json"})
    return json.load(urllib.request.urlopen(to))

def happened(leg, word, status):
    legs[leg]["status"] = status
    tell("call.event", f"{leg}:{word}", {"platform": "example", "call": legs[leg]["call"], "leg": leg, "event": word})

def carry_out(command):
    print(f"{command['type']} {command.get('say') or command.get('phone') or ''}\n", end="", flush=True)  # one write: lines of two threads stay whole
    leg = command.get("leg")
    if command["type"] == "ring":  # dial command["phone"], and never after command["ring_until"]
        legs[leg] = {"call": command["call"], "status": "ringing"}
        happened(leg, "answered", "answered")
    elif command["type"] == "whisper":  # speak command["say"] to the rep alone, and ask; an answered phone has accepted nothing
        happened(leg, "accepted", "answered")
    elif command["type"] == "join":  # take the rep into the caller's call
        happened(leg, "joined", "joined")
        joined.set()
    elif command["type"] == "hang_up" and leg in legs:
        legs[leg]["status"] = "ended"

class Platform(BaseHTTPRequestHandler):
    def do_POST(self):  # the same id, or the same leg of a ring, is the same command
        command = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if (key := command.get("id") or command["leg"]) not in seen:
            seen.add(key) or threading.Thread(target=carry_out, args=[command]).start()
        self.send_response(202) or self.end_headers()
    def do_GET(self):  # how a leg stands; 404: never heard of
        status = json.dumps(legs.get(self.path.rsplit("/", 1)[1])).encode()
        self.send_response(404 if status == b"null" else 200) or self.end_headers() or self.wfile.write(status)
    def log_message(self, *_): pass

threading.Thread(target=ThreadingHTTPServer(("127.0.0.1", PORT), Platform).serve_forever, daemon=True).start()
call = {"platform": "example", "id": "call-1", "live": True, "direction": "inbound", "from": "+14155550142"}
lead = {"call": call, "contact": {"name": "Dana Whitfield"}, "company": {"country": "US"}, "qualification": {"score": 82}}
print(f"say {tell('lead.qualified', 'lead-1', lead).get('instruction', {}).get('say', 'One moment.')}\n", end="", flush=True)
sys.exit("nobody was joined" if not joined.wait(30) else time.sleep(1))  # what Baton says last is still answered
