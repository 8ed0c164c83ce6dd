#!/usr/bin/python3
"""Records conversations made by an implementation that shares nothing with ours.

It follows the wire description at the head of ../envelope.ts, on the `cryptography` package's own
Fernet, Python's hashlib and Python's way to print and read dates. Keys, IVs and times are fixed,
so that running it again writes the same file:

    apt-get install python3-cryptography
    /usr/bin/python3 record.py          # writes recorded-exchange.json beside it

The tests only read the file; they need no Python.
"""
import base64
import hashlib
import json
import pathlib
from datetime import datetime, timedelta, timezone

import cryptography
from cryptography.fernet import Fernet, InvalidToken

START = datetime(2018, 10, 22, 9, 0, 0)
DATE, HASH = 26, 64


def fixed(label, size):
    return hashlib.shake_256(label.encode()).digest(size)


class End:
    """One end: its IVs in a fixed order, and the session key."""

    def __init__(self, label, key):
        self.label, self.ivs, self.fernet = label, [], Fernet(key)

    def seal(self, when, data):
        iv = fixed(f"{self.label} {len(self.ivs)}", 16)
        self.ivs.append(iv.hex())
        seconds = int(when.replace(tzinfo=timezone.utc).timestamp())
        return self.fernet._encrypt_from_parts(data, seconds, iv)


def message(end, layout, when, text):
    date = str(when).encode()
    if layout == "in":
        return end.seal(when, hashlib.sha512(date + text).digest() + date + text)
    digest = hashlib.sha512(text).digest()
    if layout == "inText":
        return end.seal(when, date + digest + text)
    return date + digest + end.seal(when, text)


def receive(end, layout, wire):
    """What the receiver makes of a message: hash, date, text, and whether it finds them in order."""
    if layout == "out":
        date, digest = wire[:DATE], wire[DATE:DATE + HASH]
        text = end.fernet.decrypt(wire[DATE + HASH:])
    else:
        clear = end.fernet.decrypt(wire)
        text = clear[DATE + HASH:]
        if layout == "in":
            digest, date = clear[:HASH], clear[HASH:HASH + DATE]
        else:
            date, digest = clear[:DATE], clear[DATE:DATE + HASH]
    hashed = date + text if layout == "in" else text
    try:
        datetime.strptime(date.decode(), "%Y-%m-%d %H:%M:%S.%f")
        dated = True
    except ValueError:
        dated = False
    return digest, text, hashlib.sha512(hashed).digest() == digest, dated


def conversation(layout, times, texts):
    label = f"{layout} {times}"
    raw = fixed(f"key {label}", 32)
    key = base64.urlsafe_b64encode(raw)
    alice, bob = End(f"alice {label}", key), End(f"bob {label}", key)
    rounds = []

    def about():
        return {
            "layout": layout,
            "key": key.decode(),
            "keyBytes": raw.hex(),
            "aliceIvs": alice.ivs,
            "bobIvs": bob.ivs,
            "rounds": rounds,
        }

    for ms, text in zip(times, texts):
        when = START + timedelta(milliseconds=ms)
        token = message(bob, layout, when, text.encode())
        try:
            digest, got, intact, dated = receive(alice, layout, token)
        except InvalidToken:  # caught nowhere: the receiver's program ends
            return {**about(), "endsWith": token.hex(), "endsMs": ms}
        rounds.append({
            "ms": ms,
            "text": text,
            "token": token.hex(),
            "got": got.hex(),
            "intact": intact,
            "dated": dated,
            "ack": alice.seal(when, digest).hex(),
        })
    return about()


def tokens():
    """What Python's Fernet makes of bytes that no honest end sends: the text, or its exception."""
    key = base64.urlsafe_b64encode(fixed("tokens", 32))
    end = End("tokens", key)
    # Plaintext lengths whose tokens end in no, one and two equals signs.
    some = [end.seal(START, b"x" * size) for size in (90, 64, 100, 0, 17)]
    tries = [b"", b"=", b"gAAA", b"A" * 44, b"\x00" * 8, b"\xff" * 300, b"!!!!"]
    for one in some:
        middle = len(one) // 2
        flipped = one[:middle] + bytes([one[middle] ^ 1]) + one[middle + 1:]
        tries += [one, one + one, one + some[0], one + b"\n", b"#" + one, one[:middle], one[middle:],
                  one[:-1], one.rstrip(b"="), one + b"=", one.lower(), flipped, one + b"AAAA",
                  one.replace(b"-", b"+").replace(b"_", b"/"), b" ".join([one[:50], one[50:]])]
    rows = []
    for one in tries:
        row = {"token": one.hex()}
        try:
            row["text"] = end.fernet.decrypt(one).hex()
        except InvalidToken:
            row["raises"] = "InvalidToken"
        rows.append(row)
    return {"key": key.decode(), "rows": rows}


def keys():
    """What Python takes for a key, by the token it makes with it."""
    good = base64.urlsafe_b64encode(fixed("keys", 32))
    tries = [good, good + b"\n", b"#" + good, good[:-1], good[:20], good + good, b"", b"A" * 44,
             b"A" * 43 + b"=", b"\xff" * 44, good.rstrip(b"="), good + b"more of it",
             good.replace(b"-", b"+").replace(b"_", b"/")]
    rows = []
    for one in tries:
        row = {"key": one.hex()}
        try:
            row["token"] = Fernet(one)._encrypt_from_parts(b"test", 1, bytes(16)).decode()
        except ValueError:
            row["raises"] = "ValueError"
        rows.append(row)
    return rows


def main():
    texts = ["hello over there", "", "a longer one, to be sure: " + "0123456789" * 20]
    result = {
        "madeBy": f"record.py with cryptography {cryptography.__version__}",
        "exchanges": [conversation(layout, times, texts)
                      for layout in ("in", "inText", "out")
                      for times in ((40, 1250, 59999), (1000, 2001, 86_400_000))],
        "tokens": tokens(),
        "keys": keys(),
    }
    path = pathlib.Path(__file__).with_name("recorded-exchange.json")
    path.write_text(json.dumps(result, indent=2) + "\n")


main()
