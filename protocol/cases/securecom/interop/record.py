#!/usr/bin/python3
"""Records exchanges made by an implementation that shares nothing with ours.

It follows the wire description at the head of ../securecom.ts, on Python's own integers and
hashlib and on PyCryptodome (AES-GCM); `cryptography` gives a second opinion on each ciphertext.
Exponents and nonces are fixed, so that running it again writes the same file:

    apt-get install python3-cryptography python3-pycryptodome
    /usr/bin/python3 record.py          # writes recorded-exchange.json beside it

The tests only read the file; they need no Python.
"""
import hashlib
import json
import pathlib

import cryptography
import Cryptodome
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from Cryptodome.Cipher import AES

GROUPS = {
    "faithful": (
        102150844268582279743963567642866292146597817740326061484646815060717023295547,
        299595018713354297367975003823880561987,
    ),
    "small": (13472191940534212447, 621316108144945437),
}
PASSWORDS = {"Alice": "correct horse", "Bob": "battery staple"}


def fixed_bytes(label, size):
    return hashlib.shake_256(label.encode()).digest(size)


class Party:
    def __init__(self, name, label, group, kdf):
        self.n, self.g = GROUPS[group]
        self.name, self.label, self.kdf = name, label, kdf
        self.private = fixed_bytes(f"{label} {name} exponent", 16)
        self.exponent = int.from_bytes(self.private, "big")
        self.value = pow(self.g, self.exponent, self.n)
        self.nonces = []

    def key(self, value):
        shared = pow(int(value), self.exponent, self.n)
        if self.kdf == "raw":
            return shared.to_bytes(32, "big")
        size = (self.n.bit_length() + 7) // 8
        return hashlib.sha256(shared.to_bytes(size, "big")).digest()[:16]

    def seal(self, key, text):
        nonce = fixed_bytes(f"{self.label} {self.name} nonce {len(self.nonces)}", 16)
        self.nonces.append(nonce)
        ciphertext, tag = AES.new(key, AES.MODE_GCM, nonce=nonce).encrypt_and_digest(text)
        assert AESGCM(key).encrypt(nonce, text, None) == ciphertext + tag
        return [ciphertext, tag, nonce]


def unseal(key, ciphertext, tag, nonce):
    return AES.new(key, AES.MODE_GCM, nonce=nonce).decrypt_and_verify(ciphertext, tag)


def credential(name, auth):
    login = f"{name}:{PASSWORDS[name]}".encode()
    return login if auth == "password" else hashlib.sha256(login).hexdigest().encode()


def exchange(modulus, auth, outer, kdf, text):
    label = f"{modulus} {auth} {outer} {kdf} {text}"
    alice, bob = (Party(name, label, modulus, kdf) for name in ("Alice", "Bob"))
    # The server draws a number for each connection.
    ends = {p.name: Party(f"server for {p.name}", label, modulus, kdf) for p in (alice, bob)}
    wire = []

    def send(source, target, data):
        wire.append({"from": source, "to": target, "hex": data.hex()})
        return data

    for party in (alice, bob):
        own = ends[party.name]
        send(party.name, "server", credential(party.name, auth))
        send("server", party.name, b"200: login accepted")
        to_server = send(party.name, "server", str(party.value).encode())
        to_client = send("server", party.name, str(own.value).encode())
        send("server", party.name, b"keys exchanged, go ahead")
        party.link = party.key(to_client)
        own.link = own.key(to_server)
        assert party.link == own.link
    send("Alice", "server", b"Bob")
    answer = send("server", "Alice", f"200: {bob.value}".encode())
    key = alice.key(answer[len("200: "):])
    segments = alice.seal(key, text.encode())
    if outer == "yes":
        sent = alice.seal(alice.link, b"".join(segments))
        passed = unseal(ends["Alice"].link, *sent)
        assert passed == b"".join(segments)
    else:
        sent = segments
    for segment in sent:
        send("Alice", "server", segment)
    header = send("server", "Bob", f"Alice: {alice.value}".encode())
    for segment in segments:
        send("server", "Bob", segment)
    assert bob.key(header[len("Alice: "):]) == key
    assert unseal(key, *segments) == text.encode()
    return {
        "options": {"modulus": modulus, "auth": auth, "outer": outer, "kdf": kdf},
        "text": text,
        "passwords": PASSWORDS,
        "exponents": {
            "Alice": alice.private.hex(),
            "Bob": bob.private.hex(),
            "server": [ends[name].private.hex() for name in ("Alice", "Bob")],
        },
        "nonces": [nonce.hex() for nonce in alice.nonces],
        "keys": {"link": alice.link.hex(), "endToEnd": key.hex()},
        "wire": wire,
    }


def integers():
    """What Python's int() makes of the bytes in the place of a public value."""
    texts = ["0", "1", "007", " 12", "12 ", "\t12\r\n", "+5", "-1", "- 1", "1_000", "1__0", "_1",
             "1_", "", " ", "None", "0x10", "1.0", "1e3", "12a", "++1", "\v3\f", "1 2", "-0"]
    rows = []
    for text in texts:
        try:
            rows.append({"text": text, "residue": str(int(text) % GROUPS["faithful"][0])})
        except ValueError:
            rows.append({"text": text, "residue": None})
    return rows


def main():
    text = "Good morning, Bob.\nIt is me."
    result = {
        "madeBy": f"record.py with cryptography {cryptography.__version__}, "
        f"pycryptodome {Cryptodome.__version__}",
        "exchanges": [
            exchange("faithful", "token", "yes", "sha256", text),
            exchange("faithful", "password", "no", "raw", text),
            exchange("small", "token", "yes", "sha256", "a short one"),
            exchange("faithful", "token", "no", "sha256", "x"),
        ],
        "integers": integers(),
    }
    path = pathlib.Path(__file__).with_name("recorded-exchange.json")
    path.write_text(json.dumps(result, indent=2) + "\n")


main()
