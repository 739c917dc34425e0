#!/usr/bin/env python3
"""Receives webhooks on a loopback port and verifies each with PyPI's `standardwebhooks`.

    receive.py PORT SECRET     port 0: a free one, told in the first line

Prints one JSON object a line: {"port": 1234} first, then {"id": ..., "event": {...}} for each request that is believed and
{"refused": "why"} for each that is not; answers 204 or 400.
"""
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks import Webhook


def say(line):
    print(json.dumps(line), flush=True)


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        try:
            event = Webhook(sys.argv[2]).verify(body, dict(self.headers.items()))
            say({"id": self.headers["webhook-id"], "event": event})
            self.send_response(204)
        except Exception as why:
            say({"refused": f"{type(why).__name__}: {why}"})
            self.send_response(400)
        self.end_headers()

    def log_message(self, *_):
        pass


if len(sys.argv) != 3:
    sys.exit("usage: receive.py PORT SECRET")
server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver)
say({"port": server.server_address[1]})
server.serve_forever()
