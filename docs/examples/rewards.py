"""A consumer of the events, in Python 3.9 or newer with the standard library only.

It receives the signed deliveries of functions/event-delivery, counts each reward once, and tells each
user's balance. It is written from the contract alone: functions/event-publisher/README.md,
functions/event-delivery/README.md and docs/schemas/asyncapi.json. Take what you need into a web
framework and a database of your own.

    EVENT_DELIVERY_SECRETS=whsec_... python3 docs/examples/rewards.py serve 8080 rewards.db
    python3 docs/examples/rewards.py count < deliveries.ndjson
"""

import base64
import hashlib
import hmac
import json
import os
import sqlite3
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOLERANCE_SECONDS = 300
# An event has at most 256 KB.
MOST_BYTES = 1_000_000


def is_signed(secrets, headers, body, now):
    """Whether one of the secrets, separated by spaces, signed this body within the last minutes."""
    stamp = headers.get("webhook-timestamp", "")
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) < 20):
        return False
    if abs(now - int(stamp)) > TOLERANCE_SECONDS:
        return False
    signed = f"{headers.get('webhook-id', '')}.{stamp}.".encode() + body
    given = [one.encode() for one in headers.get("webhook-signature", "").split()]
    for secret in secrets.split():
        key = base64.b64decode(secret[len("whsec_") :])
        expected = b"v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest())
        if any(hmac.compare_digest(one, expected) for one in given):
            return True
    return False


class Rewards:
    """Under each purchase key: the event with the highest version that names it."""

    def __init__(self, file):
        self.lock = threading.Lock()
        self.db = sqlite3.connect(file, check_same_thread=False)
        self.db.execute("CREATE TABLE IF NOT EXISTS entry (key TEXT PRIMARY KEY, version INTEGER, event TEXT)")

    def take(self, event):
        """Stores the detail of a transaction's event. Repeats and older versions change nothing."""
        text = json.dumps(event)
        with self.lock, self.db:
            for key in event["purchaseKeys"]:
                self.db.execute(
                    "INSERT INTO entry VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE"
                    " SET version = excluded.version, event = excluded.event"
                    " WHERE excluded.version > entry.version",
                    (key, event["version"], text),
                )

    def balances(self):
        """By user and currency, in minor units: what is pending, and what may be paid."""
        with self.lock:
            stored = {key: json.loads(text) for key, text in self.db.execute("SELECT key, event FROM entry")}
        found = {}
        for key, event in stored.items():
            # An entry stands under several keys, and counts while it stands under all of them.
            if key != event["transactionKey"] or not event["rewardable"]:
                continue
            if any(stored[other] != event for other in event["purchaseKeys"]):
                continue
            # No user has an empty name: what stands under it is owed to nobody.
            user = event.get("publisherCustomerId") or event.get("pubRef") or ""
            balance = found.setdefault(user, {}).setdefault(event["currency"], {"pending": 0, "payable": 0})
            balance["payable" if event["final"] else "pending"] += event["amountMinor"] or 0
        return found


def handler(rewards, secrets):
    class Handler(BaseHTTPRequestHandler):
        timeout = 30

        def do_POST(self):
            length = self.headers.get("content-length", "0")
            # Before the signature is checked, whoever sends this may be anybody.
            if not (length.isascii() and length.isdigit() and len(length) < 10 and int(length) <= MOST_BYTES):
                return self.answer(413)
            body = self.rfile.read(int(length))
            if not is_signed(secrets, self.headers, body, time.time()):
                return self.answer(401)
            delivery = json.loads(body)
            # Others, such as checkout.received, reward nobody.
            if delivery["type"].startswith("transaction."):
                rewards.take(delivery["data"])
            return self.answer(204)

        def do_GET(self):
            self.answer(200, json.dumps(rewards.balances()).encode())

        def answer(self, status, body=b""):
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            """Says nothing: what arrives may name people."""

    return Handler


def main(command, port=8080, file=":memory:"):
    rewards = Rewards(file)
    if command == "serve":
        ThreadingHTTPServer(("127.0.0.1", int(port)), handler(rewards, os.environ["EVENT_DELIVERY_SECRETS"])).serve_forever()
    for line in sys.stdin:
        delivery = json.loads(line)
        if delivery["type"].startswith("transaction."):
            rewards.take(delivery["data"])
    print(json.dumps(rewards.balances()))


if __name__ == "__main__":
    main(*sys.argv[1:])
