#!/usr/bin/python3
"""Records what an implementation that shares nothing with ours puts on the wire.

It follows the wire description at the head of ../chatsecure.ts, on Python's own pickle, json and
base64, the `cryptography` package (RSA-OAEP, PEM, AES-CBC) and PyCryptodome (as a second opinion).
RSA pairs are the lab's numbers 0 to 2; symmetric keys and IVs are fixed. OAEP draws its own
randomness, so that running it again changes M3, M6 and nothing else:

    apt-get install python3-cryptography python3-pycryptodome
    /usr/bin/python3 record.py          # writes recorded-exchange.json beside it

The tests only read the file; they need no Python.
"""
import base64
import hashlib
import hmac
import io
import json
import pathlib
import pickle
import struct

import cryptography
import Cryptodome
from Cryptodome.Cipher import AES, PKCS1_OAEP
from Cryptodome.Hash import SHA256
from Cryptodome.PublicKey import RSA
from cryptography.hazmat.primitives import hashes, padding, serialization
from cryptography.hazmat.primitives.asymmetric import padding as rsa_padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

HERE = pathlib.Path(__file__).parent
LAB_KEYS = HERE / "../../../kit/primitives/rsa-lab-keys.json"
SUITES = ["RSA-AES-256-CBC-HMAC-SHA256", "RSA-AES-128-CBC-HMAC-SHA256"]


class Pickler2(pickle._Pickler):
    """Python 3's own pickler, with byte strings written as Python 2 writes its `str`."""

    dispatch = dict(pickle._Pickler.dispatch)

    def save_string(self, obj):
        if len(obj) < 256:
            self.write(pickle.SHORT_BINSTRING + bytes([len(obj)]) + obj)
        else:
            self.write(pickle.BINSTRING + struct.pack("<i", len(obj)) + obj)
        self.memoize(obj)

    dispatch[bytes] = save_string


def distinct(value):
    """The same value made of new objects, so that the pickler's memo is never asked."""
    if isinstance(value, bytes):
        return bytes(bytearray(value))
    if isinstance(value, list):
        return [distinct(v) for v in value]
    if isinstance(value, dict):
        return {distinct(k): distinct(v) for k, v in value.items()}
    return value


def dumps(value):
    out = io.BytesIO()
    Pickler2(out, 2).dump(distinct(value))
    assert pickle.loads(out.getvalue(), encoding="bytes") == value
    return out.getvalue()


def rsa_pair(index):
    der = base64.b64decode(json.loads(LAB_KEYS.read_text())["2048"][index])
    return serialization.load_der_private_key(der, None)


def pem(private):
    kind = serialization.PublicFormat.SubjectPublicKeyInfo
    return private.public_key().public_bytes(serialization.Encoding.PEM, kind)


def oaep(private, clear):
    """base64(RSA-OAEP-SHA256); a second library reads it back."""
    sha = hashes.SHA256()
    scheme = rsa_padding.OAEP(rsa_padding.MGF1(sha), sha, None)
    data = private.public_key().encrypt(clear, scheme)
    pkcs8 = serialization.PrivateFormat.PKCS8
    plain = serialization.NoEncryption()
    der = private.private_bytes(serialization.Encoding.DER, pkcs8, plain)
    assert PKCS1_OAEP.new(RSA.import_key(der), SHA256).decrypt(data) == clear
    return base64.b64encode(data)


def seal(keys, value):
    key, iv = keys
    padder = padding.PKCS7(128).padder()
    clear = padder.update(dumps(value)) + padder.finalize()
    encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    data = encryptor.update(clear) + encryptor.finalize()
    assert data == AES.new(key, AES.MODE_CBC, iv).encrypt(clear)
    mac_key = hashlib.sha256(key).hexdigest().encode()
    mac = hmac.new(mac_key, data, hashlib.sha256).hexdigest()
    return base64.b64encode(data), mac.encode()


def frame(**fields):
    return json.dumps(fields, separators=(",", ":")) + "\n\n"


def fixed(label, size):
    return hashlib.shake_256(label.encode()).digest(size)


def exchange(key_bytes):
    """Adam connects, sends Eve his public key, gets the key between them, and writes to her."""
    server, adam = rsa_pair(0), rsa_pair(1)
    outer = fixed("outer key", key_bytes), fixed("outer iv", 16)
    inner = fixed("inner key", key_bytes), fixed("inner iv", 16)
    ciphers = SUITES if key_bytes == 32 else SUITES[1:]
    connect = {b"type": b"client-connect", b"phase": 1, b"src": b"adam", b"dst": b"eve",
               b"ciphers": [s.encode() for s in SUITES], b"data": pem(adam)}
    answer = {b"type": b"client-connect", b"phase": 2, b"src": b"eve", b"dst": b"adam",
              b"data": oaep(adam, dumps(list(inner)))}
    data, mac = seal(inner, b"hello Eve")
    com = {b"type": b"client-com", b"src": b"adam", b"dst": b"eve", b"data": data, b"hmac": mac}

    def secure(value):
        payload, tag = seal(outer, value)
        return frame(type="secure", payload=payload.decode(), hmac=tag.decode())

    return {
        "keyBytes": key_bytes,
        "outer": [part.hex() for part in outer],
        "inner": [part.hex() for part in inner],
        "m1": frame(type="connect", phase=1, name="adam", id="adam", ciphers=ciphers),
        "m2": frame(type="connect", phase=2, ciphers=ciphers, data=pem(server).decode()),
        "m3": frame(type="connect", phase=3, data=oaep(server, dumps(list(outer))).decode()),
        "m5": secure(connect),
        "m6": secure(answer),
        "m7": secure(com),
        "text": "hello Eve",
    }


class Harmless:
    def __reduce__(self):
        return (print, ("mallory was here",))


def pickles():
    """Pickles of several protocols, with what Python makes of them, or the call they make."""
    values = [b"", b"text", bytes(300), [], [b"one"], [b"one", b"two"], {}, {b"a": b"b"}, 7,
              {b"a": [b"x", b"y"], b"b": 1}, [[], {}, [b"deep", [b"deeper"]]]]
    rows = [{"value": repr(v), "pickle": dumps(v).hex()} for v in values]
    calls = [b"cos\nsystem\n(S'id'\ntR.", b"cos\nsystem\n(U\x02idtR.",
             b"(lp0\ncos\nsystem\np1\n(S'echo \\'x\\' \\x41'\ntRa.",
             pickle.dumps(Harmless(), 0), pickle.dumps(Harmless(), 2)]
    text = [b"(lp0\nS'one'\np1\naS'two'\np2\na.", b"(dp0\nS'a'\np1\nS'b'\np2\ns."]
    return {
        "same": rows,
        "calls": [c.hex() for c in calls],
        "text": [{"pickle": t.hex(), "value": repr(pickle.loads(t, encoding="bytes"))}
                 for t in text],
    }


def main():
    made_by = f"cryptography {cryptography.__version__}, pycryptodome {Cryptodome.__version__}"
    attack = b"cos\nsystem\n(S'touch /tmp/mallory-was-here'\ntR."
    result = {
        "madeBy": f"record.py with {made_by}",
        "exchanges": [exchange(32), exchange(16)],
        "pickles": pickles(),
        "executingM3": frame(type="connect", phase=3, data=oaep(rsa_pair(0), attack).decode()),
    }
    text = json.dumps(result, indent=2)
    (HERE / "recorded-exchange.json").write_text(text + "\n")


main()
