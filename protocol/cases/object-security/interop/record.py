#!/usr/bin/python3
"""Records exchanges made by an implementation that shares nothing with ours.

It follows the wire description at the head of ../object-security.ts, on Python's own base64 and
UTF-8, the `cryptography` package (P-384, HKDF) and PyCryptodome (CFB). Private keys and IVs are
fixed, so that running it again writes the same file:

    apt-get install python3-cryptography python3-pycryptodome
    /usr/bin/python3 record.py          # writes recorded-exchange.json beside it

The tests only read the file; they need no Python.
"""
import base64
import hashlib
import json
import pathlib
import re

import cryptography
import Cryptodome
from Cryptodome.Cipher import AES
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

CURVE = ec.SECP384R1()
BUFFER_BYTES = 64
IV_ALPHABET = "".join(chr(c) for r in ((65, 91), (97, 123), (48, 58)) for c in range(*r))
GRANTED = "Successful authentication"
REFUSED = "Unsuccessful authentication"
USER, PASSWORD = "admin", "supersafepw"


def fixed_bytes(label, size):
    return hashlib.shake_256(label.encode()).digest(size)


def fixed_iv(label):
    return "".join(IV_ALPHABET[b % len(IV_ALPHABET)] for b in fixed_bytes(label, 16)).encode()


class Half:
    """What both ends do alike: one private key, one derived key, IVs in a fixed order."""

    def __init__(self, label, segment):
        self.label, self.segment = label, segment
        self.private = ec.derive_private_key(int.from_bytes(fixed_bytes(label, 47), "big"), CURVE)
        self.ivs = []
        self.key = None

    def point(self):
        return self.private.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)

    def derive(self, point):
        peer = ec.EllipticCurvePublicKey.from_encoded_point(CURVE, point)
        hkdf = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"handshake data")
        self.key = hkdf.derive(self.private.exchange(ec.ECDH(), peer))

    def seal(self, text):
        iv = fixed_iv(f"{self.label} iv {len(self.ivs)}")
        self.ivs.append(iv)
        data = AES.new(self.key, AES.MODE_CFB, iv, segment_size=self.segment).encrypt(text)
        # A second opinion on the cipher, from OpenSSL.
        mode = modes.CFB8(iv) if self.segment == 8 else modes.CFB(iv)
        openssl = Cipher(algorithms.AES(self.key), mode).encryptor()
        assert data == openssl.update(text) + openssl.finalize()
        return [iv, base64.b64encode(data)]

    def unseal(self, iv, text):
        cipher = AES.new(self.key, AES.MODE_CFB, iv, segment_size=self.segment)
        return cipher.decrypt(base64.b64decode(text)).decode()


def client(half, password, payload):
    """A coroutine: yields what it sends, is sent what it receives."""
    yield [b"Hello"]
    server_point = yield None
    yield [half.point()]
    half.derive(server_point)
    yield half.seal(USER.encode())
    yield half.seal(password.encode())
    iv = yield None
    status = half.unseal(iv, (yield None))
    if status == GRANTED:
        yield half.seal(payload.encode())
    return [status]


def server(half):
    seen = [(yield None).decode()]
    yield [half.point()]
    half.derive((yield None))
    for _ in range(2):
        iv = yield None
        seen.append(half.unseal(iv, (yield None)))
    granted = seen[1:] == [USER, PASSWORD]
    yield half.seal((GRANTED if granted else REFUSED).encode())
    if granted:
        iv = yield None
        seen.append(half.unseal(iv, (yield None)))
    return seen


def run(pair):
    """Lets two coroutines talk until both have ended; receivers get at most 64 bytes."""
    inbox, wants, ended, wire = {"client": [], "server": []}, {}, {}, []
    other = {"client": "server", "server": "client"}

    def step(name, value):
        try:
            wants[name] = pair[name].send(value)
            for datagram in wants[name] or []:
                wire.append({"from": name, "hex": datagram.hex()})
                inbox[other[name]].append(datagram[:BUFFER_BYTES])
        except StopIteration as end:
            ended[name] = end.value

    for name in ("server", "client"):
        step(name, None)
    for _ in range(1000):
        for name in ("client", "server"):
            if name in ended:
                continue
            if wants[name] is not None:
                step(name, None)
            elif inbox[name]:
                step(name, inbox[name].pop(0))
    assert len(ended) == 2, "both ends have to come to an end"
    return wire, ended


def exchange(segment, password, payload):
    label = f"{segment} {password} {payload}"
    halves = {n: Half(f"{n} {label}", segment) for n in ("client", "server")}
    wire, ended = run({
        "client": client(halves["client"], password, payload),
        "server": server(halves["server"]),
    })
    assert halves["client"].key == halves["server"].key
    return {
        "seg": str(segment),
        "password": password,
        "payload": payload,
        "derivedKey": halves["client"].key.hex(),
        "clientPrivateKey": f"{halves['client'].private.private_numbers().private_value:096x}",
        "serverPrivateKey": f"{halves['server'].private.private_numbers().private_value:096x}",
        "clientIvs": [iv.decode() for iv in halves["client"].ivs],
        "serverIvs": [iv.decode() for iv in halves["server"].ivs],
        "wire": wire,
        "clientSaw": ended["client"],
        "serverSaw": ended["server"],
    }


def receptions():
    """What Python makes of pairs that no honest end sends: the text, or the exception's name."""
    half = Half("receptions", 8)
    half.key = fixed_bytes("receptions key", 32)
    iv, honest = half.seal(b"a text of twenty-five chr")
    accents = half.seal(("n" * 41 + "\u00e9" * 5).encode())
    texts = [b"", b"!!!!", b"====", b"A", b"AA", b"AA=", b"AA==", b"AAA", b"AAA=", b"A===",
             b"AAAAA", b"AA==AA==", b"AA=A", b"AA=A=", b"A=A=A=", b"=AAA=", b"AAA=AAA=",
             b"\xff\xfe", b"-_-_", b"\x00" * 8, honest, honest[:-1], honest[:-2], honest[:-4],
             honest + b"\n", b" ".join(honest[i:i + 1] for i in range(len(honest))),
             b"#" + honest, honest * 2, honest.rstrip(b"="), honest.lower()]
    ivs = [iv, iv[:15], iv + b"x", b"", bytes(16), b"\xff" * 16, b"Hello"]
    # Constant runs: many copies of one unknown byte, which half of the time is valid UTF-8.
    runs = [(bytes([c]) * 16, base64.b64encode(bytes([c]) * 8)) for c in range(0, 256, 15)]
    # Cut behind whole groups: in front of, and in the middle of, a character of two bytes.
    cuts = [(accents[0], accents[1][:size]) for size in (68, 64, 60, 56)]
    rows = []
    for one_iv, text in [(iv, t) for t in texts] + [(i, honest) for i in ivs] + cuts + runs:
        row = {"iv": one_iv.hex(), "ct": text.hex()}
        try:
            row["text"] = half.unseal(one_iv, text).encode().hex()
        except Exception as error:  # whatever Python raises would end the process
            row["raises"] = type(error).__name__
        rows.append(row)
    return {"key": half.key.hex(), "rows": rows}


def points():
    """What Python makes of 64 bytes or fewer in the place of a point."""
    half = Half("points", 8)
    good = Half("another", 8).point()
    x = good[1:]
    prime = 2**384 - 2**128 - 2**96 + 2**32 - 1
    tries = [good, bytes([good[0] ^ 1]) + x, b"", b"Hello", b"\x00", good[:48], good + b"\x00",
             b"\x04" + x, b"\x04" + x + x[:15], b"\x05" + x, b"\x06" + x, b"\x00" + x,
             b"\x02" + bytes(48), b"\x02" + b"\xff" * 48, b"\x02" + prime.to_bytes(48, "big"),
             half.point()]
    tries += [b"\x02" + n.to_bytes(48, "big") for n in range(1, 9)]
    rows = []
    for one in tries:
        try:
            half.derive(one)
            rows.append({"point": one.hex(), "key": half.key.hex()})
        except Exception as error:
            rows.append({"point": one.hex(), "raises": type(error).__name__})
    return {"privateKey": f"{half.private.private_numbers().private_value:096x}", "rows": rows}


def short_lists_on_one_line(text):
    """Lays the file out as the project's formatter does, so that recording changes nothing."""
    def join(match):
        line = f"{match[1]}[{re.sub(chr(10) + ' *', ' ', match[2].strip())}]"
        return line if len(line) + len(",") <= 100 else match[0]

    return re.sub(r'(?m)^(.*)\[\n((?:\s*"[^"\n]*",?\n)+)\s*\]', join, text)


def main():
    exchanges = [
        exchange(segment, password, payload)
        for segment in (8, 128)
        for password, payload in (
            (PASSWORD, "unlock 7"),
            (PASSWORD, "Good morning, device no. 12: a secret awaits you"),
            (PASSWORD, "this message is a little too long for a buffer of sixty-four"),
            ("supersafepx", "never sent"),
        )
    ]
    made_by = f"cryptography {cryptography.__version__}, pycryptodome {Cryptodome.__version__}"
    result = {
        "madeBy": f"record.py with {made_by}",
        "exchanges": exchanges,
        "receptions": receptions(),
        "points": points(),
    }
    path = pathlib.Path(__file__).with_name("recorded-exchange.json")
    path.write_text(short_lists_on_one_line(json.dumps(result, indent=2)) + "\n")


main()
