#!/usr/bin/python3
"""Records an exchange made by an implementation that shares nothing with ours.

It follows the wire description at the head of ../smart-iot.ts, on Python's own hashlib, base64 and
pow, and PyCryptodome (RSA-OAEP, PEM). Numbers, salts and OAEP seeds are fixed, so that running it
again writes the same file; every block is opened once more by the `cryptography` package:

    apt-get install python3-cryptography python3-pycryptodome
    /usr/bin/python3 record.py          # writes recorded-exchange.json beside it

The tests only read the file; they need no Python. The forged blocks are those of the scenario
files scenarios/smart-iot-*.yaml. The RSA keys are the lab's, which all the world can read.
"""
import base64
import hashlib
import json
import pathlib
import uuid

import cryptography
import Cryptodome
from Cryptodome.Cipher import PKCS1_OAEP
from Cryptodome.Hash import SHA1
from Cryptodome.PublicKey import RSA
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

HERE = pathlib.Path(__file__).resolve().parent
LAB_KEYS = json.loads((HERE.parents[2] / "kit/primitives/rsa-lab-keys.json").read_text())["4096"]
CLIENT, DEVICE = (base64.b64decode(LAB_KEYS[i]) for i in (0, 1))
PRIME = 105341
USER, PASSWORD = "homeowner", "blue wheelbarrow"
HOST = "garden-hub"


def fixed_bytes(label, size):
    return hashlib.shake_256(label.encode()).digest(size)


def sha256_hex(text):
    return hashlib.sha256(text.encode()).hexdigest()


def pem(private_der):
    return RSA.import_key(private_der).publickey().export_key("PEM").decode()


def seal(private_der, text, seeds):
    """One datagram to the owner of the key; the seed is noted, so that ours can use it too."""
    seed = fixed_bytes(f"seed {text}", 20)
    seeds.append(seed.hex())
    key = RSA.import_key(pem(private_der))
    cipher = PKCS1_OAEP.new(key, SHA1, randfunc=lambda n: seed[:n])
    block = cipher.encrypt(text.encode())
    oaep = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)
    opened = serialization.load_der_private_key(private_der, None).decrypt(block, oaep)
    assert opened == text.encode()
    return base64.encodebytes(block)


def exchange(a, b, texts):
    salt, csalt = (uuid.UUID(bytes=fixed_bytes(f"{a} {b} {n}", 16), version=4).hex for n in (1, 2))
    row = sha256_hex(PASSWORD)
    wire, client_seeds, device_seeds = [], [], []

    def send(who, data):
        wire.append({"from": who, "hex": data.hex()})

    send("device", f"CONNECT:{salt},1,{HOST}".encode())
    login = [USER, sha256_hex(row + salt), csalt, str(pow(3, a) % PRIME), pem(CLIENT)]
    send("client", ("ACK:PASS,1," + ",".join(login)).encode())
    answer = [pem(DEVICE), sha256_hex(row + csalt), str(pow(3, b) % PRIME)]
    send("device", ("ACK:ENCRYPT," + ",".join(answer)).encode())
    number = pow(int(answer[2]), a) % PRIME
    assert number == pow(int(login[3]), b) % PRIME
    first = number
    for text in texts:
        send("client", seal(DEVICE, f"DATA:{text},{number}", client_seeds))
        send("device", seal(CLIENT, f"You sent IOT: {text},{number + 1}", device_seeds))
        number += 2
    send("client", seal(DEVICE, f"FIN:{number}", client_seeds))
    return {
        "a": a, "b": b, "salt": salt, "csalt": csalt, "texts": texts, "firstNumber": first,
        "clientSeeds": client_seeds, "deviceSeeds": device_seeds, "wire": wire,
    }


def forged():
    to_device = ["DATA:open the garage door,1", "FIN:1", "FIN:100764"]
    to_client = ["You sent IOT: open the greenhouse window,2", "You sent IOT: all is well,x"]
    rows = [(DEVICE, "device", t) for t in to_device] + [(CLIENT, "client", t) for t in to_client]
    return [{"to": who, "text": t, "datagram": seal(k, t, []).decode()} for k, who, t in rows]


def receptions():
    """What Python makes of things that no honest end sends: a value, or the exception's name."""
    numbers = ["1", " 7 ", "+5", "-3", "", "x", "1.0", "0x10", "12 3", "007", "9" * 30]
    rows = []
    for text in numbers:
        try:
            rows.append({"text": text, "value": str(int(text))})
        except ValueError as error:
            rows.append({"text": text, "raises": type(error).__name__})
    lengths = []
    for size in (0, 1, 449, 470, 471):
        try:
            lengths.append({"bytes": size, "datagram": len(seal(DEVICE, "x" * size, []))})
        except ValueError as error:
            lengths.append({"bytes": size, "raises": type(error).__name__})
    return {"numbers": rows, "lengths": lengths}


def main():
    made_by = f"cryptography {cryptography.__version__}, pycryptodome {Cryptodome.__version__}"
    result = {
        "madeBy": f"record.py with {made_by}",
        "exchanges": [
            exchange(31337, 271828, ["open the greenhouse window", "water, and the beds too"]),
            exchange(0, 499999, ["secret zero gives the number one"]),
            exchange(500000, 1, ["x" * 449]),
        ],
        "forged": forged(),
        "receptions": receptions(),
    }
    (HERE / "recorded-exchange.json").write_text(json.dumps(result, indent=2) + "\n")


main()
