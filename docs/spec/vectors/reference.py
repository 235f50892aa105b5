#!/usr/bin/env python3
"""Independent reference implementation of MMT Chain's formats, and the maker of the golden vectors.

It was written from ../formats.md alone and is sectioned like it. Python 3.11, standard library only.

    python3 reference.py --write    runs the self-checks, writes the *.json files beside this file
    python3 reference.py --check    runs the self-checks, exit 1 unless the files are what --write would write

It is for reading and for testing: slow, and not safe against timing attacks. ML-DSA-65 (suite 3) is left out;
its keys are only encoded.
"""

import hashlib
import hmac
import json
import re
import sys
from pathlib import Path


class Refused(Exception):
    """Bytes, JSON, a key or a signature that formats.md does not allow. The message is the `why` of the vectors."""


def need(condition, why):
    if not condition:
        raise Refused(why)


# ---------------------------------------------------------------------------------------------- 1 Notation

ZERO32 = bytes(32)


def H(x):
    """1.1: SHA-256."""
    return hashlib.sha256(x).digest()


def tag(name):
    """1.2: the ASCII name, padded on the right with zero bytes to 16."""
    raw = name.encode("ascii")
    assert len(raw) <= 16, name
    return raw.ljust(16, b"\0")


def from_hex(text):
    """1.1, 3.2: lower-case hex without prefix."""
    need(isinstance(text, str) and re.fullmatch(r"([0-9a-f]{2})*", text), "not lower-case hex")
    return bytes.fromhex(text)


# -------------------------------------------------------------------------- 2 BCS profile, 3 JSON form
# A type is its JSON Schema (3.4), a value is its JSON form (3.1 to 3.3). So encode() shows that bytes can be made
# from the schema alone.

UINT_BYTES = {"u8": 1, "u16": 2, "u32": 4, "u64": 8, "u128": 16, "amount": 8, "amountSum": 16}
MAX_LENGTH = 2**31 - 1

BOOL = {"type": "boolean", "x-bcs": "bool"}
U8, U16, U32 = ({"type": "integer", "minimum": 0, "maximum": 256 ** UINT_BYTES[n] - 1, "x-bcs": n}
                for n in ("u8", "u16", "u32"))
U64, U128, AMOUNT, AMOUNT_SUM = ({"type": "string", "pattern": "^(0|[1-9][0-9]*)$", "x-bcs": n}
                                 for n in ("u64", "u128", "amount", "amountSum"))
HASH = {"type": "string", "pattern": "^[0-9a-f]{64}$", "x-bcs": "hash"}
ADDRESS = {"type": "string", "x-bcs": "address"}
UNIT = {"type": "null", "x-bcs": "unit"}


def Bytes(most):
    return {"type": "string", "pattern": "^([0-9a-f]{2})*$", "x-bcs": "bytes", "x-bytesMax": most}


def FixedBytes(n):
    return {"type": "string", "pattern": "^[0-9a-f]{%d}$" % (2 * n), "x-bcs": "fixedBytes", "x-bytes": n}


def Text(most):
    return {"type": "string", "x-bcs": "text", "x-bytesMax": most}


def Option(inner):
    assert inner["x-bcs"] not in ("option", "unit")  # 2.6; null could not be told from null in 3.3
    return {"anyOf": [inner, {"type": "null"}], "x-bcs": "option"}


def List(item, most, least=0):
    return {"type": "array", "items": item, "minItems": least, "maxItems": most, "x-bcs": "list"}


def Set(item, most, least=0):
    return {"type": "array", "items": item, "minItems": least, "maxItems": most, "uniqueItems": True, "x-bcs": "set"}


def Map(key, value, most):
    pair = {"type": "array", "prefixItems": [key, value], "items": False, "minItems": 2, "maxItems": 2}
    return {"type": "array", "maxItems": most, "items": pair, "x-bcs": "map", "x-key": key, "x-value": value}


def Tuple(*members):
    n = len(members)
    return {"type": "array", "prefixItems": list(members), "items": False, "minItems": n, "maxItems": n,
            "x-bcs": "tuple"}


def Struct(**fields):
    return {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False,
            "x-bcs": "struct"}


def Union(**variants):
    return {"oneOf": [{"type": "object", "properties": {"kind": {"const": kind}, "value": value},
                       "required": ["kind", "value"], "additionalProperties": False}
                      for kind, value in variants.items()], "x-bcs": "union"}


def uleb(n):
    """2.3: a length, as ULEB128."""
    need(0 <= n <= MAX_LENGTH, "length over 2^31 - 1")
    out = bytearray()
    while n >= 128:
        out.append(n & 127 | 128)
        n >>= 7
    return bytes(out) + bytes([n])


def ascending(encodings, what):
    """2.8, 2.9: strictly ascending in byte order."""
    need(all(a < b for a, b in zip(encodings, encodings[1:])), what + " not strictly ascending")


def encode(t, v, prefix="mmt"):
    """BCS(t, v): the bytes of section 2 from a value in the JSON form of section 3."""
    kind = t["x-bcs"]
    if kind == "bool":
        need(isinstance(v, bool), "not a boolean")
        return bytes([v])
    if kind in ("u8", "u16", "u32"):
        need(type(v) is int, "not an integer")
        need(0 <= v < 256 ** UINT_BYTES[kind], "integer out of range")
        return v.to_bytes(UINT_BYTES[kind], "little")
    if kind in UINT_BYTES:
        need(isinstance(v, str) and re.fullmatch("0|[1-9][0-9]*", v), "not a canonical decimal string")
        need(int(v) < 256 ** UINT_BYTES[kind], "integer out of range")
        return int(v).to_bytes(UINT_BYTES[kind], "little")
    if kind in ("bytes", "text"):
        if kind == "bytes":
            raw = from_hex(v)
        else:
            need(isinstance(v, str), "not a string")
            try:
                raw = v.encode("utf-8")
            except UnicodeEncodeError:
                raise Refused("text with a lone surrogate") from None
        need(len(raw) <= t["x-bytesMax"], "length over the bound")
        return uleb(len(raw)) + raw
    if kind in ("fixedBytes", "hash"):
        raw = from_hex(v)
        need(len(raw) == t.get("x-bytes", 32), "wrong number of bytes")
        return raw
    if kind == "address":
        return address_bytes(v, prefix)
    if kind == "option":
        return b"\0" if v is None else b"\1" + encode(t["anyOf"][0], v, prefix)
    if kind == "unit":
        need(v is None, "not null")
        return b""
    if kind in ("list", "set", "map"):
        need(isinstance(v, list), "not an array")
        need(t.get("minItems", 0) <= len(v) <= t["maxItems"], "length over or under the bound")
        if kind == "map":
            need(all(isinstance(entry, list) and len(entry) == 2 for entry in v), "map entry not [key, value]")
            # A reader sorts sets and maps (3.4); what remains to refuse are repetitions.
            pairs = sorted((encode(t["x-key"], k, prefix), encode(t["x-value"], w, prefix)) for k, w in v)
            ascending([key for key, _ in pairs], "map keys")
            items = [key + value for key, value in pairs]
        else:
            items = [encode(t["items"], item, prefix) for item in v]
            if kind == "set":
                items.sort()
                ascending(items, "set items")
        return uleb(len(items)) + b"".join(items)
    if kind == "tuple":
        need(isinstance(v, list) and len(v) == len(t["prefixItems"]), "wrong number of members")
        return b"".join(encode(m, w, prefix) for m, w in zip(t["prefixItems"], v))
    if kind == "struct":
        need(isinstance(v, dict) and set(v) == set(t["required"]), "not exactly the struct's fields")
        return b"".join(encode(t["properties"][f], v[f], prefix) for f in t["required"])
    if kind == "union":
        need(isinstance(v, dict) and set(v) == {"kind", "value"}, "not {kind, value}")
        for position, variant in enumerate(t["oneOf"]):
            if variant["properties"]["kind"]["const"] == v["kind"]:
                return uleb(position) + encode(variant["properties"]["value"], v["value"], prefix)
        raise Refused("unknown variant")
    raise AssertionError(kind)


class Reader:
    def __init__(self, raw):
        self.raw, self.at = raw, 0

    def take(self, n, why="value cut short"):
        need(n <= len(self.raw) - self.at, why)
        self.at += n
        return self.raw[self.at - n:self.at]

    def uleb(self):
        """2.3: at most 5 bytes, at most 2^31 - 1, minimal."""
        n = 0
        for i in range(5):
            byte = self.take(1)[0]
            n |= (byte & 127) << 7 * i
            if byte < 128:
                need(byte != 0 or i == 0, "length not minimal")
                need(n <= MAX_LENGTH, "length over 2^31 - 1")
                return n
        raise Refused("length longer than 5 bytes")

    def length(self, least, most):
        n = self.uleb()
        need(n <= most, "length over the bound")
        need(n >= least, "length under the least")
        return n


def decode(t, raw, prefix="mmt"):
    """The JSON form of the value that `raw` encodes. 2.13: everything that is not the one encoding is refused."""
    reader = Reader(raw)
    value = read(t, reader, prefix)
    need(reader.at == len(raw), "trailing bytes")
    return value


def read(t, r, prefix):
    kind = t["x-bcs"]
    if kind == "bool":
        byte = r.take(1)[0]
        need(byte <= 1, "bool other than 00 or 01")
        return byte == 1
    if kind in UINT_BYTES:
        n = int.from_bytes(r.take(UINT_BYTES[kind]), "little")
        return n if kind in ("u8", "u16", "u32") else str(n)
    if kind in ("bytes", "text"):
        body = r.take(r.length(0, t["x-bytesMax"]), "length over the bytes that remain")
        if kind == "bytes":
            return body.hex()
        try:
            return body.decode("utf-8")
        except UnicodeDecodeError:
            raise Refused("invalid UTF-8") from None
    if kind in ("fixedBytes", "hash"):
        return r.take(t.get("x-bytes", 32)).hex()
    if kind == "address":
        return address_text(r.take(32), prefix)
    if kind == "option":
        byte = r.take(1)[0]
        need(byte <= 1, "option tag other than 00 or 01")
        return read(t["anyOf"][0], r, prefix) if byte else None
    if kind == "unit":
        return None
    if kind in ("list", "set", "map"):
        n = r.length(t.get("minItems", 0), t["maxItems"])
        key, value = (t["x-key"], t["x-value"]) if kind == "map" else (t["items"], None)
        # No item type used by the vectors has an encoding of zero bytes, so n items need at least n bytes.
        need(n <= len(r.raw) - r.at, "length over the bytes that remain")
        items, encodings = [], []
        for _ in range(n):
            start = r.at
            item = read(key, r, prefix)
            encodings.append(r.raw[start:r.at])
            if kind != "list":
                ascending(encodings[-2:], "set items" if kind == "set" else "map keys")
            items.append([item, read(value, r, prefix)] if kind == "map" else item)
        return items
    if kind == "tuple":
        return [read(m, r, prefix) for m in t["prefixItems"]]
    if kind == "struct":
        return {f: read(t["properties"][f], r, prefix) for f in t["required"]}
    if kind == "union":
        position = r.uleb()
        need(position < len(t["oneOf"]), "unknown variant")
        variant = t["oneOf"][position]["properties"]
        return {"kind": variant["kind"]["const"], "value": read(variant["value"], r, prefix)}
    raise AssertionError(kind)


# ---------------------------------------------------------------------------------------------- 4 Addresses

BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
BECH32M_CONST = 0x2BC830A3


def bech32_polymod(values):
    """BIP-173 / BIP-350: the checksum."""
    c = 1
    for v in values:
        top, c = c >> 25, (c & 0x1FFFFFF) << 5 ^ v
        for i, g in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            c ^= g if top >> i & 1 else 0
    return c


def hrp_expand(hrp):
    return [ord(c) >> 5 for c in hrp] + [0] + [ord(c) & 31 for c in hrp]


def bech32_text(hrp, groups, const=BECH32M_CONST):
    """BIP-350: five-bit groups to text."""
    check = bech32_polymod(hrp_expand(hrp) + groups + [0] * 6) ^ const
    return hrp + "1" + "".join(BECH32[g] for g in groups + [check >> 5 * (5 - i) & 31 for i in range(6)])


def bech32_parse(text, const=BECH32M_CONST):
    """BIP-350 in full (either case): text to (hrp, groups)."""
    need(all(33 <= ord(c) <= 126 for c in text), "character out of range")
    need(text in (text.lower(), text.upper()), "mixed case")
    need(len(text) <= 90, "too long")
    text = text.lower()
    hrp, one, data = text.rpartition("1")
    need(one and hrp and len(data) >= 6, "no separator, prefix or checksum")
    need(all(c in BECH32 for c in data), "not a bech32 character")
    groups = [BECH32.index(c) for c in data]
    need(bech32_polymod(hrp_expand(hrp) + groups) == const, "wrong bech32m checksum")
    return hrp, groups[:-6]


def address_text(raw, prefix):
    """4.2: 32 bytes to text: 52 groups, the last with four zero bits of padding."""
    need(re.fullmatch("[a-z]{1,16}", prefix), "prefix not 1 to 16 letters a-z")
    assert len(raw) == 32
    bits = int.from_bytes(raw, "big") << 4
    return bech32_text(prefix, [bits >> 5 * (51 - i) & 31 for i in range(52)])


def address_bytes(text, prefix):
    """4.2: text to 32 bytes."""
    need(re.fullmatch("[a-z]{1,16}", prefix), "prefix not 1 to 16 letters a-z")
    need(isinstance(text, str), "not a string")
    need(text == text.lower(), "not lower case")
    hrp, groups = bech32_parse(text)
    need(hrp == prefix, "another prefix")
    need(len(groups) == 52, "not 32 bytes")
    need(groups[51] & 15 == 0, "padding not zero")
    return (sum(g << 5 * (51 - i) for i, g in enumerate(groups)) >> 4).to_bytes(32, "big")


def authority_address(authority):
    """4.1: the address of the account whose first authority this is (JSON form in, 32 bytes out)."""
    check_authority(authority)
    return H(tag("mmt/address/1") + encode(AUTHORITY, authority))


def module_address(module, label):
    """4.3: the address of an account of a module."""
    return H(tag("mmt/module/1") + encode(Text(32), module) + encode(Bytes(64), label.hex()))


# ----------------------------------------------------------------------------- 5 Keys, suites, authorities

# 5.2 secp256k1 (SEC 2). Points are affine (x, y); None is the point at infinity.
SECP_P = 2**256 - 2**32 - 977
SECP_N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
SECP_G = (0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
          0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8)


def secp_add(a, b):
    if a is None or b is None:
        return a or b
    if a[0] == b[0]:
        if (a[1] + b[1]) % SECP_P == 0:
            return None
        slope = 3 * a[0] * a[0] * pow(2 * a[1], -1, SECP_P)
    else:
        slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, SECP_P)
    x = (slope * slope - a[0] - b[0]) % SECP_P
    return x, (slope * (a[0] - x) - a[1]) % SECP_P


def secp_mul(k, point):
    total = None
    while k:
        total = secp_add(total, point) if k & 1 else total
        point, k = secp_add(point, point), k >> 1
    return total


def secp_lift(x, odd):
    """The point with this x and this parity of y."""
    need(x < SECP_P, "x not below p")
    y = pow(x**3 + 7, (SECP_P + 1) // 4, SECP_P)
    need((y * y - x**3 - 7) % SECP_P == 0, "not on the curve")
    return x, y if y & 1 == odd else SECP_P - y


def secp_public(secret):
    """5.2: the compressed key, 33 bytes."""
    x, y = secp_mul(int.from_bytes(secret, "big"), SECP_G)
    return bytes([2 + (y & 1)]) + x.to_bytes(32, "big")


def rfc6979_nonces(x, digest, q):
    """RFC 6979, 3.2, HMAC-SHA-256, no extra entropy, for an order q of 256 bits and a digest of 32 bytes."""
    seed = x.to_bytes(32, "big") + (int.from_bytes(digest, "big") % q).to_bytes(32, "big")
    v, k = b"\1" * 32, b"\0" * 32

    def mac(key, data):
        return hmac.new(key, data, hashlib.sha256).digest()
    for mark in (b"\0", b"\1"):
        k = mac(k, v + mark + seed)
        v = mac(k, v)
    while True:
        v = mac(k, v)
        nonce = int.from_bytes(v, "big")
        if 0 < nonce < q:
            yield nonce
        k = mac(k, v + b"\0")
        v = mac(k, v)


def ecdsa_sign(secret, digest):
    """ECDSA with low s. Returns (r, s, recovery id: the parity of the nonce point's y, with bit 1 if its x >= n)."""
    d, e = int.from_bytes(secret, "big"), int.from_bytes(digest, "big")
    assert 0 < d < SECP_N
    for nonce in rfc6979_nonces(d, digest, SECP_N):
        x, y = secp_mul(nonce, SECP_G)
        r = x % SECP_N
        s = pow(nonce, -1, SECP_N) * (e + r * d) % SECP_N
        if r and s:
            recovery = (y & 1) | (2 if x >= SECP_N else 0)
            return (r, s, recovery) if s <= SECP_N // 2 else (r, SECP_N - s, recovery ^ 1)


def ecdsa_recover(digest, r, s, odd):
    """The public point from a signature whose nonce point has x = r and this parity of y (SEC 1, 4.1.6)."""
    need(0 < r < SECP_N and 0 < s <= SECP_N // 2, "r or s out of range")
    w, e = pow(r, -1, SECP_N), int.from_bytes(digest, "big")
    point = secp_add(secp_mul(s * w % SECP_N, secp_lift(r, odd)), secp_mul(-e * w % SECP_N, SECP_G))
    need(point is not None, "no key recovers")
    return point


def secp_sign(secret, message):
    """5.2: r and s, big-endian, over H(message)."""
    r, s, _ = ecdsa_sign(secret, H(message))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def secp_verify(public, message, signature):
    """5.2."""
    if len(signature) != 64:
        return False
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    if not (0 < r < SECP_N and 0 < s <= SECP_N // 2):
        return False
    try:
        key = secp_lift(int.from_bytes(public[1:], "big"), public[0] & 1)
    except Refused:
        return False
    w, e = pow(s, -1, SECP_N), int.from_bytes(H(message), "big")
    point = secp_add(secp_mul(e * w % SECP_N, SECP_G), secp_mul(r * w % SECP_N, key))
    return point is not None and point[0] % SECP_N == r


# 5.3 Ed25519 (RFC 8032, 5.1). Points are affine (x, y) on -x^2 + y^2 = 1 + d x^2 y^2.
ED_P = 2**255 - 19
ED_L = 2**252 + 27742317777372353535851937790883648493
ED_D = -121665 * pow(121666, -1, ED_P) % ED_P
ED_I = pow(2, (ED_P - 1) // 4, ED_P)


def ed_add(a, b):
    cross = ED_D * a[0] * b[0] * a[1] * b[1]
    return ((a[0] * b[1] + b[0] * a[1]) * pow(1 + cross, -1, ED_P) % ED_P,
            (a[1] * b[1] + a[0] * b[0]) * pow(1 - cross, -1, ED_P) % ED_P)


def ed_mul(k, point):
    total = (0, 1)
    while k:
        total = ed_add(total, point) if k & 1 else total
        point, k = ed_add(point, point), k >> 1
    return total


def ed_encode(point):
    """RFC 8032, 5.1.2."""
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


def ed_decode(raw):
    """RFC 8032, 5.1.3."""
    number = int.from_bytes(raw, "little")
    sign, y = number >> 255, number & (1 << 255) - 1
    need(y < ED_P, "y not below p")
    square = (y * y - 1) * pow(ED_D * y * y + 1, -1, ED_P) % ED_P
    x = pow(square, (ED_P + 3) // 8, ED_P)
    if (x * x - square) % ED_P:
        x = x * ED_I % ED_P
    need((x * x - square) % ED_P == 0, "not on the curve")
    need(x or not sign, "x is zero and its sign is one")
    return (x if x & 1 == sign else ED_P - x), y


ED_B = ed_decode((4 * pow(5, -1, ED_P) % ED_P).to_bytes(32, "little"))


def ed_expand(secret):
    """RFC 8032, 5.1.5: the scalar and the prefix of a 32-byte secret."""
    h = hashlib.sha512(secret).digest()
    return int.from_bytes(h[:32], "little") & (1 << 254) - 8 | 1 << 254, h[32:]


def ed_hash(*parts):
    return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little") % ED_L


def ed_public(secret):
    return ed_encode(ed_mul(ed_expand(secret)[0], ED_B))


def ed_sign(secret, message):
    """RFC 8032, 5.1.6."""
    a, seed = ed_expand(secret)
    r = ed_hash(seed, message)
    R = ed_encode(ed_mul(r, ED_B))
    s = (r + ed_hash(R, ed_public(secret), message) * a) % ED_L
    return R + s.to_bytes(32, "little")


def ed_verify(public, message, signature):
    """RFC 8032, 5.1.7, with the factor 8 as written there."""
    if len(signature) != 64:
        return False
    try:
        A, R, s = ed_decode(public), ed_decode(signature[:32]), int.from_bytes(signature[32:], "little")
    except Refused:
        return False
    if s >= ED_L:
        return False
    k = ed_hash(signature[:32], public, message)
    return ed_mul(8 * s, ED_B) == ed_mul(8, ed_add(R, ed_mul(k, A)))


PUBLIC_KEY = Struct(suite=U8, key=Bytes(4096))
AUTHORITY = Struct(threshold=U8, keys=List(PUBLIC_KEY, 16))
KEY_SIGNATURE = Struct(index=U8, signature=Bytes(65536))
KEY_BYTES = {1: 33, 2: 32, 3: 1952}


def check_authority(a):
    """5.2 to 5.4: the rules that the types do not hold."""
    need(1 <= a["threshold"] <= len(a["keys"]), "threshold not between 1 and the count of keys")
    ascending([encode(PUBLIC_KEY, k) for k in a["keys"]], "keys")
    for k in a["keys"]:
        raw = from_hex(k["key"])
        need(len(raw) == KEY_BYTES.get(k["suite"], len(raw)), "wrong key length for the suite")
        need(k["suite"] != 1 or raw[0] in (2, 3), "first byte of a secp256k1 key not 02 or 03")


def verify(public_key, message, signature):
    raw = from_hex(public_key["key"])
    return {1: secp_verify, 2: ed_verify}[public_key["suite"]](raw, message, signature)


def check_signatures(authority, message, signatures):
    """5.5: raises Refused unless the authority signed the message."""
    check_authority(authority)
    keys, indexes = authority["keys"], [s["index"] for s in signatures]
    need(len(indexes) == authority["threshold"], "not exactly threshold signatures")
    need(all(a < b for a, b in zip(indexes, indexes[1:])), "indexes not strictly ascending")
    need(all(i < len(keys) for i in indexes), "index without a key")
    need(all(verify(keys[s["index"]], message, from_hex(s["signature"])) for s in signatures), "signature not valid")


# ------------------------------------------------------------------------------------------- 6 Transactions

CALL = Struct(module=Text(32), command=Text(32), input=Bytes(1048576))
BODY = Struct(fingerprint=HASH, sender=ADDRESS, authority=AUTHORITY, nonce=U64, validUntil=U64, fee=AMOUNT,
              weightMax=U64, payer=Option(ADDRESS), calls=List(CALL, 16, least=1))
PAYER_CONSENT = Struct(authority=AUTHORITY, feeMax=AMOUNT, signatures=List(KEY_SIGNATURE, 16))
TRANSACTION = Struct(body=BODY, signatures=List(KEY_SIGNATURE, 16), payerConsent=Option(PAYER_CONSENT))


def transaction_id(body):
    """6.4."""
    return H(tag("mmt/tx/1") + encode(BODY, body))


def sender_message(fp, id):
    """6.5."""
    return tag("mmt/tx/sender/1") + fp + id


def payer_message(fp, id, fee_max):
    """6.5."""
    return tag("mmt/tx/payer/1") + fp + id + encode(U64, fee_max)


def check_transaction(tx, fp):
    """6.1 to 6.5, as far as one transaction alone shows."""
    body, consent, id = tx["body"], tx["payerConsent"], transaction_id(tx["body"])
    need(body["fingerprint"] == fp.hex(), "another chain")
    check_signatures(body["authority"], sender_message(fp, id), tx["signatures"])
    need((body["payer"] is None) == (consent is None), "payer without consent, or consent without payer")
    if consent:
        need(int(body["fee"]) <= int(consent["feeMax"]), "fee over feeMax")
        check_signatures(consent["authority"], payer_message(fp, id, consent["feeMax"]), consent["signatures"])


# ------------------------------------------------------------------------------------- 7 Receipts and events

EVENT = Struct(module=Text(32), name=Text(32), data=Bytes(65536))
RECEIPT_ERROR = Struct(code=Text(96), call=U8)
RECEIPT = Struct(error=Option(RECEIPT_ERROR), fee=AMOUNT, weight=U64, events=List(EVENT, 1024))
HOOK_EVENTS = List(EVENT, 65536)


def receipt_items(begin, receipts, end):
    """7.3: the list items of a block's receipts."""
    return [encode(HOOK_EVENTS, begin), *(encode(RECEIPT, r) for r in receipts), encode(HOOK_EVENTS, end)]


# --------------------------------------------------------------------------------------------- 8 List roots

def list_leaf(x):
    """8.1."""
    return H(tag("mmt/list/leaf/1") + H(x))


def inner(left, right):
    """8.1, 10.1."""
    return H(left + right)


def list_root(items):
    """8.2."""
    if len(items) < 2:
        return list_leaf(items[0]) if items else ZERO32
    k = 1
    while 2 * k < len(items):
        k *= 2
    return inner(list_root(items[:k]), list_root(items[k:]))


# --------------------------------------------------------------------------------------------- 9 State keys

def order_key(t, v, prefix="mmt"):
    """9.2: the order-preserving form of a key."""
    kind = t["x-bcs"]
    if kind in UINT_BYTES:
        return encode(t, v, prefix)[::-1]
    if kind in ("bool", "address", "hash", "fixedBytes"):
        return encode(t, v, prefix)
    if kind in ("text", "bytes"):
        encoded = encode(t, v, prefix)
        body = Reader(encoded)
        body.uleb()
        return encoded[body.at:].replace(b"\0", b"\0\xff") + b"\0\1"
    if kind == "tuple":
        return b"".join(order_key(m, w, prefix) for m, w in zip(t["prefixItems"], v, strict=True))
    raise Refused("not a type of keys")


def state_key(module, table, t=None, v=None):
    """9.1; without a type, the empty key of a cell."""
    for name in (module, table):
        need(re.fullmatch("[a-z][a-zA-Z0-9]{0,31}", name), "not a name")
    return module.encode() + b"\0" + table.encode() + b"\0" + (order_key(t, v) if t else b"")


# --------------------------------------------------------------------------------------------- 10 State tree

def state_leaf(key, value):
    """10.1."""
    return H(tag("mmt/state/leaf/1") + H(key) + H(value))


def path_bit(path, d):
    """10.1: bit d of a path, from the highest."""
    return path[d // 8] >> 7 - d % 8 & 1


def state_root(rows, depth=0):
    """10.2: `rows` is a list of (key, value)."""
    if len(rows) < 2:
        return state_leaf(*rows[0]) if rows else ZERO32
    sides = [[r for r in rows if path_bit(H(r[0]), depth) == bit] for bit in (0, 1)]
    return inner(state_root(sides[0], depth + 1), state_root(sides[1], depth + 1))


# ----------------------------------------------------------------------------------------- 11 Validator sets

VALIDATOR = Struct(address=ADDRESS, key=PUBLIC_KEY)
VALIDATOR_SET = Struct(epoch=U64, epochStartTurn=U64, seed=HASH, validators=List(VALIDATOR, 1024))


def validators_hash(fp, validator_set, prefix="mmt"):
    """11.2."""
    return H(tag("mmt/validators/1") + fp + encode(VALIDATOR_SET, validator_set, prefix))


def seed_after(fp, parent):
    """11.3."""
    return H(tag("mmt/seed/1") + fp + parent)


def genesis_set(fp, genesis):
    """11.3."""
    return {"epoch": "0", "epochStartTurn": "1", "seed": seed_after(fp, ZERO32).hex(),
            "validators": genesis["validators"]}


# ---------------------------------------------------------------------------------------- 12 Headers and blocks

HEADER = Struct(version=U16, height=U64, parent=HASH, timeMs=U64, round=U32, proposer=ADDRESS, protocolHash=HASH,
                txRoot=HASH, receiptRoot=HASH, stateRoot=HASH, evidenceRoot=HASH, validatorsHash=HASH,
                nextValidatorsHash=HASH, consensus=Bytes(4096))
BLOCK = Struct(header=HEADER, transactions=List(TRANSACTION, 65536), evidence=List(Bytes(65536), 256),
               missProofs=List(Bytes(65536), 256))


def block_id(fp, header, prefix="mmt"):
    """12.2."""
    return H(tag("mmt/block/1") + fp + encode(HEADER, header, prefix))


def tx_root(transactions):
    """12.4."""
    return list_root([encode(TRANSACTION, t) for t in transactions])


def evidence_items(evidence, miss_proofs):
    """12.4."""
    return [b"\0" + e for e in evidence] + [b"\1" + p for p in miss_proofs]


def seal_message(fp, id):
    """12.5."""
    return tag("mmt/seal/1") + fp + id


# ------------------------------------------------------------------------------------------- 19 The engine dpos

DPOS_FIELDS = Struct(turn=U64, reveal=Option(Bytes(64)), maxHeightPrevoted=U64, maxHeightGenerated=U64)
DPOS_SIGNED = Struct(id=HASH, turn=U64, height=U64, maxHeightPrevoted=U64, maxHeightGenerated=U64)
SEALED_HEADER = Struct(header=HEADER, seal=Bytes(8192))
DPOS_EVIDENCE = Struct(epoch=U64, first=SEALED_HEADER, second=SEALED_HEADER)
DPOS_MESSAGE = Union(status=Struct(height=U64, id=HASH, maxHeightPrevoted=U64), ask=Struct(**{"from": U64}, count=U16))


def dpos_seal_message(fp, header, fields):
    """19.2."""
    signed = {"id": block_id(fp, header).hex(), "turn": fields["turn"], "height": header["height"],
              "maxHeightPrevoted": fields["maxHeightPrevoted"], "maxHeightGenerated": fields["maxHeightGenerated"]}
    return tag("mmt/dpos/seal/1") + fp + encode(DPOS_SIGNED, signed)


def dpos_contradict(a, b):
    """19.3: LIP 0058, areDistinctHeadersContradicting, of (proposer, height, generated, prevoted)."""
    first, second = sorted((a, b), key=lambda h: (h[2], h[3], h[1]))
    if a[0] != b[0]:
        return False
    return (first[3] == second[3] and first[1] >= second[1]) or first[1] > second[2] or first[3] > second[3]


def dpos_heights(rosters, headers):
    """19.4: after each header (proposer, generated) of heights 1, 2, ...: the largest prevoted and precommitted height."""
    prevotes, precommits, told = {}, {}, []
    prevoted = precommitted = 0
    for h, (who, generated) in enumerate(headers, 1):
        roster = rosters[h - 1]
        low = max(1, h - 3 * len(roster) + 1)
        active = h
        while active > 1 and who in rosters[active - 2]:
            active -= 1
        prevotes[h], precommits[h] = set(), set()
        if generated < h:
            gap, at = low - 1, generated
            while at >= low:
                if headers[at - 1][0] != who or headers[at - 1][1] >= at:
                    gap = at
                    break
                at = headers[at - 1][1]
            done = max([k for k in range(active, h) if who in precommits[k]], default=active - 1)
            for k in range(max(active, gap + 1, done + 1), h + 1):
                if k >= low and len(prevotes[k]) >= 2 * len(rosters[k - 1]) // 3 + 1:
                    precommits[k].add(who)
            for k in range(max(active, generated + 1, low), h + 1):
                prevotes[k].add(who)
        quorate = lambda votes: [k for k in range(low, h + 1) if len(votes[k]) >= 2 * len(rosters[k - 1]) // 3 + 1]
        prevoted, precommitted = max([prevoted] + quorate(prevotes)), max([precommitted] + quorate(precommits))
        told.append([prevoted, precommitted])
    return told


# ----------------------------------------------------------------------- 13 Genesis, fingerprint, protocol hash

ENGINE = Struct(name=Text(32), params=Bytes(65536))
GENESIS_MODULE = Struct(name=Text(32), version=U32, params=Bytes(65536), governable=Set(Text(32), 64),
                        fees=Map(Text(32), AMOUNT, 256), grants=Map(Text(32), Set(Text(32), 64), 64))
GENESIS_DOCUMENT = Struct(module=Text(32), bytes=U32, hash=HASH)
GENESIS = Struct(version=U16, chainId=Text(64), addressPrefix=Text(16), timeMs=U64, slotMs=U32, engine=ENGINE,
                 suites=Set(U8, 16), modules=List(GENESIS_MODULE, 256), documents=List(GENESIS_DOCUMENT, 256),
                 validators=List(VALIDATOR, 1024))
PROTOCOL_MODULE = Struct(name=Text(32), version=U32, governed=Map(Text(32), Bytes(65536), 64))
PROTOCOL = Struct(modules=List(PROTOCOL_MODULE, 256), sandbox=Option(HASH))
ACCOUNT = Struct(nonce=U64, authority=AUTHORITY)


def document_hash(raw):
    """13.1."""
    return H(tag("mmt/document/1") + raw)


def fingerprint(genesis):
    """13.2."""
    return H(tag("mmt/genesis/1") + encode(GENESIS, genesis, genesis["addressPrefix"]))


def protocol_hash(fp, protocol):
    """13.3."""
    return H(tag("mmt/protocol/1") + fp + encode(PROTOCOL, protocol))


def header_zero(genesis, protocol, root):
    """13.4."""
    fp, prefix, zero = fingerprint(genesis), genesis["addressPrefix"], ZERO32.hex()
    rulers = validators_hash(fp, genesis_set(fp, genesis), prefix).hex()
    return {"version": 1, "height": "0", "parent": zero, "timeMs": genesis["timeMs"], "round": 0,
            "proposer": address_text(ZERO32, prefix), "protocolHash": protocol_hash(fp, protocol).hex(),
            "txRoot": zero, "receiptRoot": zero, "stateRoot": root.hex(), "evidenceRoot": zero,
            "validatorsHash": rulers, "nextValidatorsHash": rulers, "consensus": ""}


# ------------------------------------------------------------------------------- 14 Claims of Ethereum holders

def keccak256(data, padding=0x01):
    """Keccak-256 as Ethereum uses it: rate 136, padding 01 .. 80; with 06 for 01 it is FIPS 202's SHA3-256."""
    def rol(x, n):
        return (x << n | x >> 64 - n) & (1 << 64) - 1 if n else x

    lanes = [[0] * 5 for _ in range(5)]
    padded = bytearray(data + bytes(136 - len(data) % 136))
    padded[len(data)] ^= padding
    padded[-1] ^= 0x80
    for block in range(0, len(padded), 136):
        for i in range(17):
            lanes[i % 5][i // 5] ^= int.from_bytes(padded[block + 8 * i:block + 8 * i + 8], "little")
        lfsr = 1
        for _ in range(24):
            c = [a[0] ^ a[1] ^ a[2] ^ a[3] ^ a[4] for a in lanes]
            d = [c[(x + 4) % 5] ^ rol(c[(x + 1) % 5], 1) for x in range(5)]
            lanes = [[lanes[x][y] ^ d[x] for y in range(5)] for x in range(5)]
            x, y, current = 1, 0, lanes[1][0]
            for t in range(24):
                x, y = y, (2 * x + 3 * y) % 5
                current, lanes[x][y] = lanes[x][y], rol(current, (t + 1) * (t + 2) // 2 % 64)
            lanes = [[lanes[x][y] ^ (~lanes[(x + 1) % 5][y] & lanes[(x + 2) % 5][y]) for y in range(5)]
                     for x in range(5)]
            for j in range(7):
                if lfsr & 1:
                    lanes[0][0] ^= 1 << (1 << j) - 1
                lfsr = lfsr << 1 ^ (0x171 if lfsr & 0x80 else 0)
    return b"".join(lanes[i % 5][i // 5].to_bytes(8, "little") for i in range(4))


def claim_text(fp, address):
    """14.1."""
    return ("MMT claim\n" + fp.hex() + "\n" + address).encode("ascii")


def claim_digest(text):
    """14.2."""
    return keccak256(b"\x19Ethereum Signed Message:\n" + str(len(text)).encode() + text)


def ethereum_address(point):
    """14.3."""
    return keccak256(point[0].to_bytes(32, "big") + point[1].to_bytes(32, "big"))[-20:]


def claim_holder(text, signature):
    """14.3: the 20 bytes of the holder."""
    need(len(signature) == 65, "signature not 65 bytes")
    r, s, v = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big"), signature[64]
    need(v in (0, 1, 27, 28), "v not 0, 1, 27 or 28")
    return ethereum_address(ecdsa_recover(claim_digest(text), r, s, v % 27))


# ------------------------------------------------------------------------------------ 16 Proofs of state

PROOF_NODE = Union(empty=UNIT, row=UNIT, other=Struct(path=FixedBytes(32), valueHash=FixedBytes(32)), inner=UNIT, hash=HASH)
STATE_PROOF = List(PROOF_NODE, 131072)


def proof_nodes(rows, asked, depth=0):
    """16.2: `rows` is a list of (key, value), `asked` one of keys."""
    if not rows:
        return [{"kind": "empty", "value": None}]
    if not asked:
        return [{"kind": "hash", "value": state_root(rows, depth).hex()}]
    if len(rows) == 1:
        [(key, value)] = rows
        if key in asked:
            return [{"kind": "row", "value": None}]
        return [{"kind": "other", "value": {"path": H(key).hex(), "valueHash": H(value).hex()}}]
    nodes = [{"kind": "inner", "value": None}]
    for side in (0, 1):
        nodes += proof_nodes([r for r in rows if path_bit(H(r[0]), depth) == side],
                             [k for k in asked if path_bit(H(k), depth) == side], depth + 1)
    return nodes


def check_proof(root, claims, raw):
    """16.3: `claims` is a list of (key, value or None)."""
    nodes = decode(STATE_PROOF, raw)

    def subtree(asked, depth, prefix):
        need(nodes, "a node is missing")
        node = nodes.pop(0)
        there = [(k, v) for k, v in asked if v is not None]
        if node["kind"] == "inner":
            need(asked and depth < 256, "an inner node where no key is asked")
            return inner(*(subtree([c for c in asked if path_bit(H(c[0]), depth) == side], depth + 1, prefix + str(side))
                           for side in (0, 1)))
        if node["kind"] == "hash":
            need(not asked, "a hash where a key is asked")
            need(node["value"] != ZERO32.hex(), "a hash of nothing")
            return bytes.fromhex(node["value"])
        if node["kind"] == "row":
            need(len(there) == 1, "a row where not exactly one value is claimed")
            return state_leaf(*there[0])
        need(not there, "no row where a value is claimed")
        if node["kind"] == "empty":
            return ZERO32
        path = bytes.fromhex(node["value"]["path"])
        need(asked, "another row where no key is asked")
        need(all(path != H(k) for k, _ in asked), "another row that is the asked one")
        need("".join(str(path_bit(path, d)) for d in range(depth)) == prefix, "another row of another place")
        return H(tag("mmt/state/leaf/1") + path + bytes.fromhex(node["value"]["valueHash"]))

    got = subtree(claims, 0, "")
    need(not nodes, "a node is left over")
    need(got == root, "another root")


# ============================================================================================ The vectors

class Key:
    """A test key: its secret is the SHA-256 of an obvious text."""

    def __init__(self, name, suite):
        self.name, self.suite, self.seed = name, suite, "mmt vector key " + name
        self.secret = H(self.seed.encode())
        self.raw = {1: secp_public, 2: ed_public}[suite](self.secret)
        self.public = {"suite": suite, "key": self.raw.hex()}
        self.authority = {"threshold": 1, "keys": [self.public]}

    def sign(self, message):
        return {1: secp_sign, 2: ed_sign}[self.suite](self.secret, message)

    def address(self, prefix="mmt"):
        return address_text(authority_address(self.authority), prefix)

    def shown(self):
        return {"name": self.name, "suite": self.suite, "seedText": self.seed, "secret": self.secret.hex(),
                "public": self.raw.hex()}


ALICE, BOB, CAROL, DAVE = Key("alice", 1), Key("bob", 2), Key("carol", 2), Key("dave", 1)
EVE, FRANK = H(b"mmt vector ethereum holder eve"), H(b"mmt vector ethereum holder frank")


def authority_of(threshold, *publics):
    return {"threshold": threshold, "keys": sorted(publics, key=lambda k: encode(PUBLIC_KEY, k))}


def signed_by(authority, message, *keys):
    entries = [{"index": authority["keys"].index(k.public), "signature": k.sign(message).hex()} for k in keys]
    return sorted(entries, key=lambda e: e["index"])


def why(action, *arguments):
    """The reason with which an action refuses; it is an error if it does not."""
    try:
        action(*arguments)
    except Refused as refusal:
        return str(refusal)
    raise AssertionError(("not refused", arguments))


def file(section, about, vectors, **more):
    return {"about": about, "section": section, "vectors": vectors, **more}


# ------------------------------------------------------------------------------------------------ bcs.json

def bcs_file():
    account = ALICE.address()
    shape = Union(none=UNIT, circle=U32, box=Struct(width=U16, height=U16))
    person = Struct(name=Text(16), age=U8, email=Option(Text(32)))
    nested = Struct(who=person, tags=Set(Text(8), 4), links=List(Tuple(U16, BOOL), 4), last=Option(shape),
                    scores=Map(Text(8), List(U8, 4), 4))
    cases = [
        ("bool false", BOOL, False), ("bool true", BOOL, True),
        ("u8 zero", U8, 0), ("u8 most", U8, 255), ("u16", U16, 0x0102), ("u16 most", U16, 65535),
        ("u32", U32, 0x01020304), ("u32 most", U32, 2**32 - 1),
        ("u64 zero", U64, "0"), ("u64", U64, str(0x0102030405060708)), ("u64 over 2^53", U64, str(2**53 + 1)),
        ("u64 most", U64, str(2**64 - 1)), ("u128 2^64", U128, str(2**64)),
        ("u128", U128, str(0x0102030405060708090A0B0C0D0E0F10)), ("u128 most", U128, str(2**128 - 1)),
        ("amount one whole", AMOUNT, "100000000"), ("amount most", AMOUNT, str(2**64 - 1)),
        ("amountSum", AMOUNT_SUM, "100000000"), ("amountSum most", AMOUNT_SUM, str(2**128 - 1)),
        ("bytes none", Bytes(4), ""), ("bytes at the bound", Bytes(4), "00ff10ab"),
        ("bytes 127, one byte of length", Bytes(200), "ab" * 127),
        ("bytes 128, two bytes of length", Bytes(200), "ab" * 128),
        ("fixedBytes 4", FixedBytes(4), "deadbeef"), ("fixedBytes 20", FixedBytes(20), "0102030405" * 4),
        ("hash", HASH, H(b"abc").hex()), ("address", ADDRESS, account),
        ("address zero", ADDRESS, address_text(ZERO32, "mmt")),
        ("text none", Text(64), ""), ("text ascii", Text(64), "harbour"), ("text with a NUL", Text(64), "a\0b"),
        ("text of two, three and four byte characters", Text(64), "\u00e9\u20ac\U0001f6a2"),
        ("text bound counts bytes", Text(4), "\u00e9\u00e9"),
        ("text composed", Text(64), "\u00e9"), ("text decomposed is not normalised", Text(64), "e\u0301"),
        ("text keeps a byte order mark", Text(64), "\ufeffa"), ("text U+10FFFF", Text(64), "\U0010ffff"),
        ("text beside the surrogates", Text(64), "\ud7ff\ue000"),
        ("option none", Option(U16), None), ("option some", Option(U16), 513), ("option of text", Option(Text(8)), ""),
        ("list empty", List(U16, 4), []), ("list", List(U16, 4), [3, 1, 3]), ("list with a least", List(U8, 4, 1), [7]),
        ("list of texts", List(Text(8), 4), ["b", "", "aa"]), ("list of lists", List(List(U8, 4), 4), [[], [1, 2]]),
        ("list of 128, two bytes of length", List(U8, 200), [i for i in range(128)]),
        ("set empty", Set(U8, 4), []), ("set of u8", Set(U8, 4), [1, 2, 255]),
        ("set of u16: little-endian byte order, not numeric", Set(U16, 4), [256, 1, 257]),
        ("set of u64: little-endian byte order, not numeric", Set(U64, 4), ["256", "1"]),
        ("set of texts: the length comes first", Set(Text(8), 4), ["", "b", "z", "aa"]),
        ("set of texts: UTF-8 order, not UTF-16", Set(Text(8), 4), ["\uff5ea", "\U00010000"]),
        ("map empty", Map(Text(8), U8, 4), []), ("map", Map(Text(8), U8, 4), [["b", 2], ["z", 0], ["aa", 1]]),
        ("map of u32: little-endian byte order, not numeric", Map(U32, BOOL, 4), [[256, True], [1, False]]),
        ("tuple", Tuple(U8, Text(8), BOOL), [1, "x", True]), ("tuple of one", Tuple(U16), [1]),
        ("unit", UNIT, None),
        ("struct", person, {"name": "Ada", "age": 36, "email": None}),
        ("struct, fields in the order of required, not of the alphabet", Struct(z=U8, a=U8), {"z": 1, "a": 2}),
        ("union first", shape, {"kind": "none", "value": None}), ("union second", shape, {"kind": "circle", "value": 7}),
        ("union third", shape, {"kind": "box", "value": {"width": 1, "height": 2}}),
        ("nested", nested, {"who": {"name": "Ada", "age": 36, "email": "ada@example.org"}, "tags": ["a", "bc"],
                            "links": [[1, True], [2, False]], "last": {"kind": "circle", "value": 9},
                            "scores": [["x", []], ["yy", [1, 2]]]}),
    ]
    vectors = [{"name": n, "schema": t, "json": v, "bytes": encode(t, v).hex()} for n, t, v in cases]
    refused = [
        ("bool, trailing byte", BOOL, "0100", "trailing bytes"), ("unit, trailing byte", UNIT, "00", "trailing bytes"),
        ("struct, trailing byte", Struct(a=U8), "0100", "trailing bytes"),
        ("list, trailing byte", List(U8, 4), "010203", "trailing bytes"),
        ("bool 02", BOOL, "02", "bool other than 00 or 01"), ("bool ff", BOOL, "ff", "bool other than 00 or 01"),
        ("bool cut short", BOOL, "", "value cut short"), ("u16 cut short", U16, "01", "value cut short"),
        ("u64 cut short", U64, "01020304050607", "value cut short"),
        ("hash cut short", HASH, "00" * 31, "value cut short"),
        ("struct, second field cut short", Struct(a=U8, b=U32), "01000000", "value cut short"),
        ("length 0 in two bytes", Bytes(4), "8000", "length not minimal"),
        ("length 1 in two bytes", Bytes(4), "8100aa", "length not minimal"),
        ("length 1 in five bytes", Bytes(4), "8180808000aa", "length not minimal"),
        ("length in six bytes", Bytes(4), "818080808000aa", "length longer than 5 bytes"),
        ("length 2^31", Bytes(MAX_LENGTH), "8080808008", "length over 2^31 - 1"),
        ("length 2^32", Bytes(MAX_LENGTH), "8080808010", "length over 2^31 - 1"),
        ("length 2^35 - 1", Bytes(MAX_LENGTH), "ffffffff7f", "length over 2^31 - 1"),
        ("length cut short", Bytes(4), "80", "value cut short"), ("length absent", Bytes(4), "", "value cut short"),
        ("bytes over the bound", Bytes(4), "05aabbccddee", "length over the bound"),
        ("bytes over what remains", Bytes(4), "03aabb", "length over the bytes that remain"),
        ("bytes 2^31 - 1 over what remains", Bytes(MAX_LENGTH), "ffffffff07aabb", "length over the bytes that remain"),
        ("text over the bound", Text(4), "056162636465", "length over the bound"),
        ("text over the bound in bytes, not in characters", Text(4), "06c3a9c3a9c3a9", "length over the bound"),
        ("text over what remains", Text(4), "0261", "length over the bytes that remain"),
        ("text length not minimal", Text(4), "810061", "length not minimal"),
        ("list over the bound", List(U8, 2), "03010203", "length over the bound"),
        ("list over what remains", List(U8, 4), "030102", "length over the bytes that remain"),
        ("list 2^31 - 1 over what remains", List(U8, MAX_LENGTH), "ffffffff0701", "length over the bytes that remain"),
        ("list, item cut short", List(U16, 4), "02010002", "value cut short"),
        ("list length not minimal", List(U8, 4), "8000", "length not minimal"),
        ("list under the least", List(U8, 4, 1), "00", "length under the least"),
        ("option tag 02", Option(U8), "0201", "option tag other than 00 or 01"),
        ("option some without a value", Option(U8), "01", "value cut short"),
        ("option none with a value", Option(U8), "0001", "trailing bytes"),
        ("option of bool 02", Option(BOOL), "0102", "bool other than 00 or 01"),
        ("union, unknown variant", shape, "03", "unknown variant"),
        ("union, position not minimal", shape, "8000", "length not minimal"),
        ("union, position absent", shape, "", "value cut short"),
        ("union, value cut short", shape, "01070000", "value cut short"),
        ("set repeated", Set(U8, 4), "020101", "set items not strictly ascending"),
        ("set unsorted", Set(U8, 4), "020201", "set items not strictly ascending"),
        ("set in numeric order", Set(U16, 4), "0201000001", "set items not strictly ascending"),
        ("set in alphabetical order", Set(Text(8), 4), "020261610162", "set items not strictly ascending"),
        ("set over the bound", Set(U8, 2), "03010203", "length over the bound"),
        ("set over what remains", Set(U8, 4), "0201", "length over the bytes that remain"),
        ("map repeated key", Map(U8, U8, 4), "0201000101", "map keys not strictly ascending"),
        ("map unsorted", Map(U8, U8, 4), "0202000100", "map keys not strictly ascending"),
        ("map in numeric order", Map(U16, U8, 4), "02010000000100", "map keys not strictly ascending"),
        ("map over the bound", Map(U8, U8, 1), "0201000200", "length over the bound"),
        ("map over what remains", Map(U8, U8, 4), "0401000200", "value cut short"),
        ("map value cut short", Map(U8, U16, 4), "010100", "value cut short"),
        ("text, lone continuation byte", Text(8), "0180", "invalid UTF-8"),
        ("text, character cut short", Text(8), "01c3", "invalid UTF-8"),
        ("text, overlong of two bytes", Text(8), "02c080", "invalid UTF-8"),
        ("text, overlong of three bytes", Text(8), "03e08080", "invalid UTF-8"),
        ("text, overlong of four bytes", Text(8), "04f0808080", "invalid UTF-8"),
        ("text, surrogate", Text(8), "03eda080", "invalid UTF-8"),
        ("text, pair of surrogates", Text(8), "06eda0bdedbaa2", "invalid UTF-8"),
        ("text, over U+10FFFF", Text(8), "04f4908080", "invalid UTF-8"),
        ("text, byte ff", Text(8), "01ff", "invalid UTF-8"),
    ]
    refused_json = [
        ("bool as a number", BOOL, 1), ("u8 over", U8, 256), ("u8 negative", U8, -1), ("u8 as a string", U8, "1"),
        ("u64 as a number", U64, 1), ("u64 with a leading zero", U64, "01"), ("u64 with a plus", U64, "+1"),
        ("u64 negative", U64, "-1"), ("u64 with a space", U64, " 1"), ("u64 with a newline", U64, "1\n"),
        ("u64 empty", U64, ""), ("u64 hexadecimal", U64, "0x1"), ("u64 with an exponent", U64, "1e3"),
        ("u64 with a fraction", U64, "1.0"), ("u64 with digits of another script", U64, "\u0661"),
        ("u64 over", U64, str(2**64)), ("u128 over", U128, str(2**128)), ("amount over", AMOUNT, str(2**64)),
        ("bytes upper case", Bytes(4), "AB"), ("bytes odd", Bytes(4), "abc"), ("bytes with a prefix", Bytes(4), "0xab"),
        ("bytes over the bound", Bytes(4), "0011223344"), ("fixedBytes short", FixedBytes(4), "001122"),
        ("hash upper case", HASH, "AB" * 32), ("text over the bound in bytes", Text(4), "\u00e9\u00e9\u00e9"),
        ("text with a lone surrogate", Text(8), "\ud800"), ("address upper case", ADDRESS, account.upper()),
        ("address of another prefix", ADDRESS, ALICE.address("hbr")), ("list over the bound", List(U8, 2), [1, 2, 3]),
        ("list under the least", List(U8, 4, 1), []), ("set repeated", Set(U8, 4), [1, 1]), ("map repeated key", Map(U8, U8, 4), [[1, 0], [1, 1]]),
        ("map entry of three", Map(U8, U8, 4), [[1, 0, 0]]), ("map as an object", Map(Text(4), U8, 4), {"a": 1}),
        ("tuple too long", Tuple(U8, U8), [1, 2, 3]), ("tuple too short", Tuple(U8, U8), [1]),
        ("unit as an empty array", UNIT, []), ("struct without a field", person, {"name": "Ada", "age": 36}),
        ("struct with one field more", Struct(a=U8), {"a": 1, "b": 2}),
        ("union, unknown variant", shape, {"kind": "oval", "value": None}),
        ("union without value", shape, {"kind": "none"}),
        ("union with one field more", shape, {"kind": "none", "value": None, "x": 1}),
    ]
    any_order = [
        ("set unsorted", Set(U8, 4), [2, 1]), ("set in numeric order", Set(U16, 4), [1, 256]),
        ("map unsorted", Map(U8, U8, 4), [[2, 0], [1, 0]]), ("map in numeric order", Map(U16, U8, 4), [[1, 0], [256, 0]]),
    ]
    for item in vectors:
        assert decode(item["schema"], bytes.fromhex(item["bytes"])) == item["json"], item["name"]
    for name, t, raw, reason in refused:
        assert why(decode, t, bytes.fromhex(raw)) == reason, (name, why(decode, t, bytes.fromhex(raw)))
    return file(
        "2", "Values of every type of section 2 in JSON form and in bytes, each way. The schema follows 3.4. "
        "refused: bytes that a decoder refuses (2.13). refusedJson: JSON that is not the form of any value (3.1 to 3.4). "
        "anyOrderJson: sets and maps in another order than that of their bytes, which a reader sorts (3.4). "
        "Reasons are for people. Address prefix mmt.", vectors,
        refused=[{"name": n, "schema": t, "bytes": b, "why": w} for n, t, b, w in refused],
        anyOrderJson=[{"name": n, "schema": t, "json": v, "bytes": encode(t, v).hex()} for n, t, v in any_order],
        refusedJson=[{"name": n, "schema": t, "json": v, "why": why(encode, t, v)} for n, t, v in refused_json])


# ------------------------------------------------------------------------------------------ addresses.json

def addresses_file():
    first = authority_address(ALICE.authority)
    vectors = []
    for key in (ALICE, BOB):
        raw = authority_address(key.authority)
        vectors.append({"name": "first authority, one key of " + key.name, "key": key.shown(),
                        "authority": key.authority, "preimage": (tag("mmt/address/1") + encode(AUTHORITY, key.authority)).hex(),
                        "address": raw.hex(), "prefix": "mmt", "text": address_text(raw, "mmt")})
    for module, label in (("token", b""), ("token", b"treasury"), ("election", bytes(range(64)))):
        raw = module_address(module, label)
        vectors.append({"name": "module account, label of %d bytes" % len(label), "module": module, "label": label.hex(),
                        "preimage": (tag("mmt/module/1") + encode(Text(32), module) + encode(Bytes(64), label.hex())).hex(),
                        "address": raw.hex(), "prefix": "mmt", "text": address_text(raw, "mmt")})
    for name, raw, prefix in (("32 zero bytes", ZERO32, "mmt"), ("32 bytes ff", b"\xff" * 32, "mmt"),
                              ("last bit only", ZERO32[1:] + b"\1", "mmt"), ("prefix of one letter", first, "a"),
                              ("prefix of 16 letters", first, "abcdefghijklmnop")):
        vectors.append({"name": name, "address": raw.hex(), "prefix": prefix, "text": address_text(raw, prefix)})
    for v in vectors:
        assert address_bytes(v["text"], v["prefix"]).hex() == v["address"]

    text = address_text(first, "mmt")
    groups = bech32_parse(text)[1]
    letter = max(i for i, c in enumerate(text) if c.isalpha())
    bad = [
        ("upper case", "mmt", text.upper()), 
        ("mixed case", "mmt", text[:letter] + text[letter].upper() + text[letter + 1:]),
        ("last character changed", "mmt", text[:-1] + ("q" if text[-1] != "q" else "p")),
        ("bech32 checksum, not bech32m", "mmt", bech32_text("mmt", groups, 1)),
        ("padding not zero", "mmt", bech32_text("mmt", groups[:-1] + [groups[-1] | 1])),
        ("20 bytes", "mmt", bech32_text("mmt", groups[:32])),
        ("one group too many", "mmt", bech32_text("mmt", groups + [0])),
        ("one group too few", "mmt", bech32_text("mmt", groups[:-1])),
        ("no data", "mmt", bech32_text("mmt", [])), ("another prefix", "mmt", address_text(first, "hbr")),
        ("prefix with a digit", "mm2", bech32_text("mm2", groups)),
        ("prefix of 17 letters", "abcdefghijklmnopq", bech32_text("abcdefghijklmnopq", groups)),
        ("no separator", "mmt", text.replace("1", "")), ("not a bech32 character", "mmt", text[:10] + "b" + text[11:]),
        ("space before", "mmt", " " + text), ("empty", "mmt", ""),
    ]
    return file("4", "Addresses: bytes and text. The preimage is what SHA-256 is taken of. refused: texts that are not an "
                "address of a chain with that prefix.", vectors,
                refused=[{"name": n, "prefix": p, "text": t, "why": why(address_bytes, t, p)} for n, p, t in bad])


# ---------------------------------------------------------------------------------------- authorities.json

REPEAT = {"repeat": "a5", "count": 1952}
DUMMY = {"suite": 3, "key": REPEAT["repeat"] * REPEAT["count"]}


def with_repeat(text):
    """Hex with the dummy ML-DSA key taken out: a list of parts."""
    before, key, after = text.partition(DUMMY["key"])
    return [part for part in (before, REPEAT, after) if part] if key else text


def authorities_file():
    mixed = authority_of(2, DUMMY, BOB.public, ALICE.public)
    three = authority_of(2, CAROL.public, ALICE.public, BOB.public)
    same = authority_of(3, *(k.public for k in (ALICE, DAVE, BOB)))
    vectors = []
    for name, keys, a in (("one key, secp256k1", [ALICE], ALICE.authority), ("one key, ed25519", [BOB], BOB.authority),
                          ("2 of 3, secp256k1 and two ed25519", [ALICE, BOB, CAROL], three),
                          ("2 of 3, one key of each suite, the ML-DSA key a dummy", [ALICE, BOB], mixed),
                          ("3 of 3, two secp256k1 and ed25519", [ALICE, DAVE, BOB], same)):
        raw = encode(AUTHORITY, a)
        assert decode(AUTHORITY, raw) == a
        shown = {**a, "keys": [{**k, "key": REPEAT} if k == DUMMY else k for k in a["keys"]]}
        address = authority_address(a)
        vectors.append({"name": name, "keys": [k.shown() for k in keys], "authority": shown, "bytes": with_repeat(raw.hex()),
                        "sha256": H(raw).hex(), "address": address.hex(), "prefix": "mmt",
                        "text": address_text(address, "mmt")})

    hybrid = {"suite": 1, "key": "%02x" % (6 + (ALICE.raw[0] & 1)) + ALICE.raw[1:].hex()}
    x, y = secp_lift(int.from_bytes(ALICE.raw[1:], "big"), ALICE.raw[0] & 1)
    y_hex = y.to_bytes(32, "big").hex()
    full = {"suite": 1, "key": "04" + ALICE.raw[1:].hex() + y_hex}
    full_hybrid = {"suite": 1, "key": hybrid["key"] + y_hex}
    bad = [("threshold 0", {"threshold": 0, "keys": [ALICE.public]}), ("threshold over the keys", {**three, "threshold": 4}),
           ("no keys", {"threshold": 0, "keys": []}), ("keys unsorted", {**three, "keys": three["keys"][::-1]}),
           ("key repeated", {"threshold": 1, "keys": [ALICE.public, ALICE.public]}),
           ("secp256k1, hybrid first byte on 33 bytes", {"threshold": 1, "keys": [hybrid]}),
           ("secp256k1, hybrid 65 bytes", {"threshold": 1, "keys": [full_hybrid]}),
           ("secp256k1, uncompressed", {"threshold": 1, "keys": [full]}),
           ("secp256k1, 32 bytes", {"threshold": 1, "keys": [{"suite": 1, "key": ALICE.raw[:32].hex()}]}),
           ("ed25519, 31 bytes", {"threshold": 1, "keys": [{"suite": 2, "key": BOB.raw[:31].hex()}]})]

    message = b"mmt vector message"
    a, b, c = (signed_by(three, message, k)[0] for k in (ALICE, BOB, CAROL))
    low, high = sorted((b, c), key=lambda s: s["index"])
    s_value = int.from_bytes(bytes.fromhex(a["signature"])[32:], "big")
    high_s = {**a, "signature": a["signature"][:64] + (SECP_N - s_value).to_bytes(32, "big").hex()}
    zero_r = {**a, "signature": "00" * 32 + a["signature"][64:]}
    ed_s = int.from_bytes(bytes.fromhex(b["signature"])[32:], "little")
    ed_big = {**b, "signature": b["signature"][:64] + (ed_s + ED_L).to_bytes(32, "little").hex()}
    cases = [("keys 0 and 1", [a, low]), ("keys 0 and 2", [a, high]), ("keys 1 and 2", [low, high]),
             ("one too few", [a]), ("none", []), ("one too many", [a, low, high]), ("indexes descend", [low, a]),
             ("index repeated", [a, a]), ("index without a key", [a, {**low, "index": 3}]),
             ("signatures exchanged", [a, {**low, "signature": high["signature"]}]),
             ("secp256k1 with high s", [high_s, low]), ("secp256k1 with r zero", [zero_r, low]),
             ("secp256k1 cut short", [{**a, "signature": a["signature"][:126]}, low]),
             ("secp256k1 with a byte more", [{**a, "signature": a["signature"] + "00"}, low]),
             ("ed25519 with s + L", sorted([a, ed_big], key=lambda s: s["index"])),
             ("ed25519 cut short", [a, {**low, "signature": low["signature"][:126]}])]
    signatures = []
    for name, entries in cases:
        try:
            check_signatures(three, message, entries)
            verdict = {"valid": True}
        except Refused as refusal:
            verdict = {"valid": False, "why": str(refusal)}
        signatures.append({"name": name, "signatures": entries, **verdict})
    assert [s["valid"] for s in signatures] == [True] * 3 + [False] * (len(cases) - 3)
    return file(
        "5", "Authorities in JSON and bytes. {repeat, count} stands for hex repeated; bytes with such a part are a list of "
        "parts to join. sha256 is H(bytes). refused: authorities that break 5.2 to 5.4 though their bytes decode. "
        "signed: lists of KeySignature for one message under one authority (5.5).", vectors,
        refused=[{"name": n, "authority": v, "bytes": encode(AUTHORITY, v).hex(), "why": why(check_authority, v)}
                 for n, v in bad],
        signed={"message": message.hex(), "authority": three, "cases": signatures})


# ------------------------------------------------------- the chain of the vectors: genesis, protocol, transactions

TRANSFER = Struct(to=ADDRESS, amount=AMOUNT)
TRANSFERRED = Struct(to=ADDRESS, amount=AMOUNT)
NOTE = Struct(text=Text(64))


def module(name, version, params="", governable=(), fees=(), grants=()):
    return {"name": name, "version": version, "params": params, "governable": list(governable), "fees": list(fees),
            "grants": list(grants)}


def validator(key, prefix="mmt"):
    return {"address": key.address(prefix), "key": key.public}


def opening(prefix):
    holders = Map(ADDRESS, AMOUNT, 1024)
    rows = sorted(([k.address(prefix), "500000000000"] for k in (ALICE, BOB)), key=lambda r: address_bytes(r[0], prefix))
    return encode(holders, rows, prefix).hex()


OPENINGS = {}


def document(module, raw):
    """By its hash; the bytes are shown beside the genesis."""
    entry = document_hash(bytes.fromhex(raw)).hex()
    OPENINGS[entry] = raw
    return {"module": module, "bytes": len(raw) // 2, "hash": entry}


TOKEN_PARAMS = (encode(Text(8), "HKT") + encode(U8, 8)).hex()
SOLO = {
    "version": 1, "chainId": "harbour-trade-1", "addressPrefix": "mmt", "timeMs": "1750000000000", "slotMs": 10000,
    "engine": {"name": "solo", "params": ""}, "suites": [1, 2],
    "modules": [module("kernel", 1, encode(U64, "1000").hex(), ["weightBlockMax", "validUntilWindow"]),
                module("token", 2, TOKEN_PARAMS, ["burnFee", "feeFloor"], [["burn", "0"], ["transfer", "1000"]]),
                module("notary", 1, grants=[["token", ["burn", "mint"]]])],
    "documents": [document("token", opening("mmt"))],
    "validators": [validator(ALICE)],
}
SMALLEST = {
    "version": 1, "chainId": "one", "addressPrefix": "mmt", "timeMs": "0", "slotMs": 0,
    "engine": {"name": "solo", "params": ""}, "suites": [2], "modules": [module("kernel", 1)], "documents": [],
    "validators": [validator(BOB)],
}
ALLIANCE = {
    "version": 1, "chainId": "alliance-\u6e2f-7", "addressPrefix": "hbr", "timeMs": "1760000000000", "slotMs": 5000,
    "engine": {"name": "pbft", "params": "0102ff"}, "suites": [1, 2, 3, 128],
    "modules": [module("kernel", 1), module("token", 2, TOKEN_PARAMS, ["feeFloor"])],
    "documents": [document("kernel", ""), document("token", opening("hbr"))],
    "validators": [validator(k, "hbr") for k in (DAVE, BOB, ALICE)],
}
SOLO_PROTOCOL = {
    "modules": [{"name": "kernel", "version": 1, "governed": [["weightBlockMax", encode(U64, "1000000").hex()],
                                                              ["validUntilWindow", encode(U64, "1000").hex()]]},
                {"name": "token", "version": 2, "governed": [["burnFee", encode(AMOUNT, "5").hex()],
                                                             ["feeFloor", encode(AMOUNT, "1000").hex()]]},
                {"name": "notary", "version": 1, "governed": []}],
    "sandbox": None,
}
SMALLEST_PROTOCOL = {"modules": [{"name": "kernel", "version": 1, "governed": []}], "sandbox": None}
ALLIANCE_PROTOCOL = {
    "modules": [{"name": "kernel", "version": 1, "governed": []},
                {"name": "token", "version": 2, "governed": [["feeFloor", encode(AMOUNT, "1000").hex()]]}],
    "sandbox": H(b"mmt vector sandbox").hex(),
}
FP = fingerprint(SOLO)


def body(sender, authority, nonce, calls, payer=None, fee="1000"):
    return {"fingerprint": FP.hex(), "sender": sender, "authority": authority, "nonce": nonce, "validUntil": "100",
            "fee": fee, "weightMax": "50000", "payer": payer, "calls": [c["call"] for c in calls]}


def call(name, command, t, v):
    return {"call": {"module": name, "command": command, "input": encode(t, v).hex()},
            "shown": {"schema": t, "json": v, "bytes": encode(t, v).hex()}}


def transaction(name, signers, content, calls, payer=None, fee_max=None):
    """6: a transaction and everything on the way to it."""
    id = transaction_id(content)
    message = sender_message(FP, id)
    tx = {"body": content, "signatures": signed_by(content["authority"], message, *signers), "payerConsent": None}
    vector = {"name": name, "fingerprint": FP.hex(), "keys": [k.shown() for k in signers], "inputs": [c["shown"] for c in calls],
              "body": content, "bodyBytes": encode(BODY, content).hex(), "id": id.hex(), "senderMessage": message.hex()}
    if payer:
        message = payer_message(FP, id, fee_max)
        vector |= {"payerKeys": [payer.shown()], "payerMessage": message.hex()}
        tx["payerConsent"] = {"authority": payer.authority, "feeMax": fee_max,
                              "signatures": signed_by(payer.authority, message, payer)}
    check_transaction(tx, FP)
    raw = encode(TRANSACTION, tx)
    assert decode(TRANSACTION, raw) == tx
    return {**vector, "signatures": tx["signatures"], "payerConsent": tx["payerConsent"], "bytes": raw.hex()}


def make_transactions():
    to_bob = [call("token", "transfer", TRANSFER, {"to": BOB.address(), "amount": "150000000"})]
    two = [call("token", "transfer", TRANSFER, {"to": ALICE.address(), "amount": "1"}),
           call("notary", "note", NOTE, {"text": "bill of lading 17"})]
    board = authority_of(2, ALICE.public, BOB.public, CAROL.public)
    board_address = address_text(authority_address(board), "mmt")
    return [
        transaction("one key: alice pays bob", [ALICE], body(ALICE.address(), ALICE.authority, "0", to_bob), to_bob),
        transaction("payer: bob makes two calls, dave pays", [BOB],
                    body(BOB.address(), BOB.authority, "7", two, DAVE.address(), "2500"), two, DAVE, "3000"),
        transaction("2 of 3: alice and carol for the board", [ALICE, CAROL],
                    body(board_address, board, str(2**53 + 1), to_bob), to_bob),
        transaction("rotated: the sender is alice's address, the authority bob's key", [BOB],
                    body(ALICE.address(), BOB.authority, "1", to_bob), to_bob),
    ]


TRANSACTIONS = make_transactions()


def as_transaction(vector):
    return {"body": vector["body"], "signatures": vector["signatures"], "payerConsent": vector["payerConsent"]}


def transactions_file():
    return file("6", "Transactions: secrets, body in JSON and bytes, id, the messages that are signed, the signatures, and the "
                "bytes of the whole Transaction. inputs shows what each call's input encodes. Fingerprint: the first of "
                "genesis.json.", TRANSACTIONS)


# -------------------------------------------------------------------------------------------- receipts.json

PAID = {"module": "token", "name": "transferred",
        "data": encode(TRANSFERRED, {"to": BOB.address(), "amount": "150000000"}).hex()}
NOTED = {"module": "notary", "name": "noted", "data": encode(NOTE, {"text": "bill of lading 17"}).hex()}
TICK = {"module": "kernel", "name": "tick", "data": ""}
DONE = {"error": None, "fee": "1000", "weight": "4200", "events": [PAID]}
REFUSED = {"error": {"code": "token/BALANCE_TOO_LOW", "call": 0}, "fee": "2500", "weight": "3100", "events": []}


def receipts_file():
    two = {"error": None, "fee": "0", "weight": "0", "events": [PAID, NOTED]}
    vectors = [{"name": n, "type": "Receipt", "json": r, "bytes": encode(RECEIPT, r).hex()} for n, r in (
        ("done, one event", DONE), ("done, two events", two), ("refused in call 0", REFUSED),
        ("refused in call 15", {**REFUSED, "error": {"code": "kernel/MODULE_FAULT", "call": 15}}),
        ("done, no event, most fee", {"error": None, "fee": str(2**64 - 1), "weight": "1", "events": []}))]
    vectors += [{"name": n, "type": "Event", "json": e, "bytes": encode(EVENT, e).hex()}
                for n, e in (("event", PAID), ("event without data", TICK))]
    blocks = []
    for name, begin, receipts, end in (("no transaction, no event of a hook", [], [], []),
                                       ("two transactions, no event of a hook", [], [DONE, REFUSED], []),
                                       ("one transaction, events of both hooks", [TICK], [two], [TICK, NOTED])):
        items = receipt_items(begin, receipts, end)
        blocks.append({"name": name, "beginBlock": begin, "receipts": receipts, "endBlock": end,
                       "items": [i.hex() for i in items], "receiptRoot": list_root(items).hex()})
    for v in vectors:
        assert decode({"Receipt": RECEIPT, "Event": EVENT}[v["type"]], bytes.fromhex(v["bytes"])) == v["json"]
    return file("7", "Receipts and events in JSON and bytes. blocks: the list items of a block's receipts (7.3) and their root "
                "(section 8).", vectors, blocks=blocks)


# ------------------------------------------------------------------------------------------ list-roots.json

def list_roots_file():
    def vector(name, items):
        return {"name": name, "items": [i.hex() for i in items], "leaves": [list_leaf(i).hex() for i in items],
                "root": list_root(items).hex()}
    vectors = [vector("%d items" % n, [b"item %d" % i for i in range(n)]) for n in range(10)]
    vectors += [vector("one empty item", [b""]), vector("two equal items", [b"x", b"x"])]
    cases = []
    for name, evidence, misses in (("none", [], []), ("two of evidence, one miss", [b"\xe1\xe2", b""], [b"\xd1"]),
                                   ("the same bytes as a miss only", [], [b"\xe1\xe2"])):
        items = evidence_items(evidence, misses)
        cases.append({"name": name, "evidence": [e.hex() for e in evidence], "missProofs": [p.hex() for p in misses],
                      "items": [i.hex() for i in items], "evidenceRoot": list_root(items).hex()})
    return file("8", "List roots; leaves[i] is leaf(items[i]). evidence: the items and the root of 12.4.", vectors, evidence=cases)


# ------------------------------------------------------------------------------------------ state-keys.json

def state_keys_file():
    account = ALICE.address()
    cases = [
        ("kernel account", "kernel", "accounts", ADDRESS, account),
        ("kernel module version", "kernel", "modules", Text(32), "token"),
        ("kernel validators, a cell", "kernel", "validators", None, None),
        ("bool", "demo", "flags", BOOL, True), ("u8", "demo", "bytes", U8, 7), ("u16", "demo", "shorts", U16, 258),
        ("u32", "demo", "words", U32, 0x01020304), ("u64", "demo", "longs", U64, str(0x0102030405060708)),
        ("u128", "demo", "wides", U128, str(2**64)), ("amount", "demo", "byAmount", AMOUNT, "100000000"),
        ("amountSum", "demo", "bySum", AMOUNT_SUM, "100000000"),
        ("hash", "demo", "byHash", HASH, H(b"abc").hex()), ("fixedBytes", "demo", "byHolder", FixedBytes(4), "00ff0001"),
        ("text empty", "demo", "names", Text(32), ""), ("text", "demo", "names", Text(32), "caf\u00e9"),
        ("text with a NUL", "demo", "names", Text(32), "a\0b"), ("bytes empty", "demo", "labels", Bytes(8), ""),
        ("bytes", "demo", "labels", Bytes(8), "0000ff0100"),
        ("tuple", "demo", "deadlines", Tuple(U64, ADDRESS), ["1000", account]),
        ("tuple with a text before the end", "demo", "ranking", Tuple(Text(8), U16, BOOL), ["a\0", 1, False]),
        ("tuple in a tuple", "demo", "pairs", Tuple(Tuple(U8, U8), U8), [[1, 2], 3]),
        ("longest names", "a" * 32, "z" + "Z9" * 15 + "Z", U8, 0),
    ]
    vectors = [{"name": n, "module": m, "table": t, "schema": s, "json": v, "key": state_key(m, t, s, v).hex()}
               for n, m, t, s, v in cases]
    shape = Union(a=U8)
    bad = [("name with a capital first", "Token", "rows", U8, 0), ("name with an underscore", "my_token", "rows", U8, 0),
           ("name with a digit first", "demo", "1rows", U8, 0), ("name empty", "demo", "", U8, 0),
           ("name of 33 letters", "a" * 33, "rows", U8, 0), ("name with a newline after", "demo\n", "rows", U8, 0),
           ("option as a key", "demo", "rows", Option(U8), 1), ("list as a key", "demo", "rows", List(U8, 2), [1]),
           ("set as a key", "demo", "rows", Set(U8, 2), [1]), ("map as a key", "demo", "rows", Map(U8, U8, 2), []),
           ("struct as a key", "demo", "rows", Struct(a=U8), {"a": 1}),
           ("union as a key", "demo", "rows", shape, {"kind": "a", "value": 1}),
           ("option in a tuple as a key", "demo", "rows", Tuple(U8, Option(U8)), [1, 1])]
    orders = []
    for name, t, values in (
            ("u32", U32, [0, 1, 255, 256, 65535, 65536, 2**32 - 1]), ("u64", U64, ["0", "9", "10", str(2**63), str(2**64 - 1)]),
            ("text", Text(8), ["", "\0", "\0\0", "\0a", "\1", "a", "a\0", "a\0b", "a\1", "aa", "b", "\u00e9"]),
            ("bytes", Bytes(8), ["", "00", "0000", "0001", "00ff", "01", "61", "6100", "610000", "6101", "61ff", "ff", "ffff"]),
            ("tuple", Tuple(Text(8), U8), [["", 255], ["a", 0], ["a", 1], ["a\0", 0], ["aa", 0], ["b", 0]])):
        keys = [order_key(t, v).hex() for v in values]
        assert keys == sorted(keys) and len(set(keys)) == len(keys), name
        orders.append({"name": name, "schema": t, "json": values, "keys": keys})
    return file("9", "Keys of rows; a null schema is a cell. refused: names or types that cannot be in a key. ordered: values in "
                "their order, and the last part of their keys, which ascends in byte order.", vectors,
                refused=[{"name": n, "module": m, "table": t, "schema": s, "json": v, "why": why(state_key, m, t, s, v)}
                         for n, m, t, s, v in bad], ordered=orders)


# ------------------------------------------------------------------------------------------ state-tree.json

def shared_bits(a, b):
    return 256 - (int.from_bytes(a, "big") ^ int.from_bytes(b, "big")).bit_length()


def close_pair(least):
    """The first row of `notary.entries`, keyed by u32 from 0, whose path shares `least` bits with an earlier one's."""
    seen = []
    for i in range(2**32):
        path = H(state_key("notary", "entries", U32, i))
        for j, other in enumerate(seen):
            if shared_bits(path, other) >= least:
                return j, i, shared_bits(path, other)
        seen.append(path)


def state_tree_file():
    def entry(i):
        return state_key("notary", "entries", U32, i), encode(Text(32), "entry %d" % i)
    i, j, bits = close_pair(16)
    split = next(n for n in range(1, 99) if path_bit(H(entry(n)[0]), 0) != path_bit(H(entry(0)[0]), 0))
    near = next(n for n in range(99) if n not in (i, j) and 2 <= shared_bits(H(entry(n)[0]), H(entry(i)[0])) < 12)
    account = {"nonce": "1", "authority": ALICE.authority}
    kernel = [(state_key("kernel", "accounts", ADDRESS, ALICE.address()), encode(ACCOUNT, account)),
              *((state_key("kernel", "modules", Text(32), m["name"]), encode(U32, m["version"])) for m in SOLO["modules"]),
              (state_key("kernel", "validators"), encode(VALIDATOR_SET, genesis_set(FP, SOLO)))]
    marker = (state_key("notary", "marks", BOOL, True), encode(UNIT, None))
    vectors = []
    for name, rows in (
            ("no row", []), ("one row", [entry(0)]), ("one row with an empty value", [marker]),
            ("two rows that part at the first bit", [entry(0), entry(split)]),
            ("two rows that share %d bits" % bits, [entry(i), entry(j)]),
            ("three rows, two of them share %d bits" % bits, [entry(i), entry(j), entry(near)]),
            ("eight rows, five of them the kernel's", kernel + [entry(i), entry(j), marker])):
        vectors.append({"name": name, "rows": [
            {"key": k.hex(), "value": v.hex(), "path": H(k).hex(), "leaf": state_leaf(k, v).hex()} for k, v in rows],
            "root": state_root(rows).hex()})
        assert state_root(rows[::-1]) == state_root(rows)
    return file("10", "State roots. path is H(key), leaf is 10.1; the order of rows does not matter. The kernel's rows are those of "
                "13.5 for the first genesis of genesis.json.", vectors)


# ---------------------------------------------------------------------------------------- state-proofs.json

def state_proofs_file():
    rows = [(state_key("notary", "entries", U32, i), encode(Text(32), "entry %d" % i)) for i in range(12)]
    empty_value = (state_key("notary", "marks", BOOL, True), b"")
    absent = [state_key("notary", "entries", U32, i) for i in range(100, 140)]
    beside = next(k for k in absent if proof_nodes(rows, [k])[-1]["kind"] == "other" or
                  "other" in [n["kind"] for n in proof_nodes(rows, [k])])
    i, j, _ = close_pair(16)
    near = [(state_key("notary", "entries", U32, n), encode(Text(32), "entry %d" % n)) for n in (i, j)]
    gap = next(k for k in (state_key("notary", "entries", U32, n) for n in range(200, 2**20))
               if "empty" in [n["kind"] for n in proof_nodes(near, [k])])
    vectors = []
    for name, state, keys in (
            ("no row, no key", [], []), ("no row", [], [absent[0]]), ("no key", rows, []),
            ("one row, asked", rows[:1], [rows[0][0]]), ("one row, another asked", rows[:1], [absent[0]]),
            ("one row with an empty value", [empty_value], [empty_value[0]]),
            ("twelve rows, one asked", rows, [rows[3][0]]), ("an absent key beside another row", rows, [beside]),
            ("two rows that share bits, an absent key in an empty half", near, [gap]),
            ("two rows that share bits, both asked", near, [k for k, _ in near]),
            ("four rows and three absent keys", rows, [k for k, _ in rows[2:6]] + absent[:3]),
            ("all rows", rows, [k for k, _ in rows])):
        proof = encode(STATE_PROOF, proof_nodes(state, keys))
        claims = [(k, dict(state).get(k)) for k in keys]
        check_proof(state_root(state), claims, proof)
        vectors.append({"name": name, "rows": [{"key": k.hex(), "value": v.hex()} for k, v in state],
                        "keys": [k.hex() for k in keys], "root": state_root(state).hex(), "proof": proof.hex()})
    root, asked, value = state_root(rows), rows[3][0], rows[3][1]
    nodes = proof_nodes(rows, [asked])
    two = [rows[3][0], rows[4][0]]
    twelve = encode(STATE_PROOF, nodes)
    alone = state_root(rows[:1])
    other = {"kind": "other", "value": {"path": H(rows[0][0]).hex(), "valueHash": H(rows[0][1]).hex()}}

    def swapped(at, node):
        return encode(STATE_PROOF, nodes[:at] + [node] + nodes[at + 1:])

    row_at = next(n for n, node in enumerate(nodes) if node["kind"] == "row")
    hash_at = next(n for n, node in enumerate(nodes) if node["kind"] == "hash")
    refused = []
    for name, against, claims, proof in (
            ("another value", root, [(asked, value + b"!")], twelve),
            ("the row is claimed to be absent", root, [(asked, None)], twelve),
            ("another key", root, [(absent[0], value)], twelve),
            ("another root", H(root), [(asked, value)], twelve),
            ("no proof", root, [(asked, value)], b""),
            ("no node", root, [(asked, value)], b"\0"),
            ("a node is missing", root, [(asked, value)], encode(STATE_PROOF, nodes[:-1])),
            ("a node is left over", root, [(asked, value)], encode(STATE_PROOF, nodes + nodes[-1:])),
            ("a byte is left over", root, [(asked, value)], twelve + b"\0"),
            ("a byte is missing", root, [(asked, value)], twelve[:-1]),
            ("the length is not minimal", root, [(asked, value)], bytes([twelve[0] | 0x80, 0]) + twelve[1:]),
            ("a kind that does not exist", root, [(asked, value)], twelve[:1] + b"\5" + twelve[2:]),
            ("a sibling is changed", root, [(asked, value)], swapped(hash_at, {"kind": "hash", "value": H(b"x").hex()})),
            ("a hash of nothing", root, [(asked, value)], swapped(hash_at, {"kind": "hash", "value": ZERO32.hex()})),
            ("the row is hidden in a hash", root, [(asked, value)],
             swapped(row_at, {"kind": "hash", "value": state_leaf(asked, value).hex()})),
            ("the row is hidden in a hash and claimed to be absent", root, [(asked, None)],
             swapped(row_at, {"kind": "hash", "value": state_leaf(asked, value).hex()})),
            ("the row is shown as empty", root, [(asked, None)], swapped(row_at, {"kind": "empty", "value": None})),
            ("the row is shown as another", root, [(asked, None)],
             swapped(row_at, {"kind": "other", "value": {"path": H(asked).hex(), "valueHash": H(value).hex()}})),
            ("another row of another place", root, [(asked, None)],
             swapped(row_at, {"kind": "other", "value": {"path": bytes(b ^ 255 for b in H(asked)).hex(), "valueHash": H(value).hex()}})),
            ("an inner node where no key is asked", root, [(asked, value)], encode(STATE_PROOF, proof_nodes(rows, two))),
            ("two values for one row", alone, [(rows[0][0], rows[0][1]), (absent[0], b"x")],
             encode(STATE_PROOF, proof_nodes(rows[:1], [rows[0][0]]))),
            ("another row where no key is asked", alone, [], encode(STATE_PROOF, [other]))):
        refused.append({"name": name, "root": against.hex(), "proof": proof.hex(),
                        "claims": [{"key": k.hex(), "value": None if v is None else v.hex()} for k, v in claims],
                        "why": why(check_proof, against, claims, proof)})
    return file("16", "Proofs of state. A proof shows the values of `rows` under `keys`, or that there is none. Every entry of `refused` is "
                "no proof of its claims.", vectors, refused=refused)


# ------------------------------------------------------------------------------------------ validators.json

def validators_file():
    def vector(name, genesis, validator_set):
        fp, prefix = fingerprint(genesis), genesis["addressPrefix"]
        raw = encode(VALIDATOR_SET, validator_set, prefix)
        assert decode(VALIDATOR_SET, raw, prefix) == validator_set
        return {"name": name, "fingerprint": fp.hex(), "prefix": prefix, "validatorSet": validator_set, "bytes": raw.hex(),
                "validatorsHash": validators_hash(fp, validator_set, prefix).hex()}
    elected = {"epoch": "3", "epochStartTurn": "82", "seed": H(b"mmt vector seed").hex(),
               "validators": [validator(k) for k in (CAROL, ALICE, DAVE)]}
    vectors = [vector("genesis set, one validator", SOLO, genesis_set(FP, SOLO)),
               vector("genesis set, three validators in the order of the genesis", ALLIANCE,
                      genesis_set(fingerprint(ALLIANCE), ALLIANCE)),
               vector("a later set, in roster order", SOLO, elected),
               vector("no validator", SOLO, {**elected, "validators": []})]
    seeds = [{"name": n, "fingerprint": FP.hex(), "parent": p.hex(), "seed": seed_after(FP, p).hex()}
             for n, p in (("genesis set", ZERO32), ("a block", H(b"mmt vector parent")))]
    return file("11", "Validator sets in JSON and bytes, and their hashes. seeds: 11.3.", vectors, seeds=seeds)


# --------------------------------------------------------------------------------------------- headers.json

SOLO_ROOT, SMALLEST_ROOT, ALLIANCE_ROOT = (H(("mmt vector state root " + n).encode()) for n in ("solo", "smallest", "alliance"))


def block_vector(name, genesis, protocol, parent, height, proposer, transactions, begin, receipts, end, evidence, misses):
    fp = fingerprint(genesis)
    rulers = validators_hash(fp, genesis_set(fp, genesis)).hex()
    state_text = "mmt vector state root %s %d" % (genesis["chainId"], height)
    header = {
        "version": 1, "height": str(height), "parent": parent.hex(),
        "timeMs": str(int(genesis["timeMs"]) + 10000 * height), "round": 0, "proposer": proposer.address(),
        "protocolHash": protocol_hash(fp, protocol).hex(), "txRoot": tx_root(transactions).hex(),
        "receiptRoot": list_root(receipt_items(begin, receipts, end)).hex(), "stateRoot": H(state_text.encode()).hex(),
        "evidenceRoot": list_root(evidence_items(evidence, misses)).hex(), "validatorsHash": rulers,
        "nextValidatorsHash": rulers, "consensus": ""}
    block = {"header": header, "transactions": transactions, "evidence": [e.hex() for e in evidence],
             "missProofs": [p.hex() for p in misses]}
    id, raw = block_id(fp, header), encode(BLOCK, block)
    message = seal_message(fp, id)
    seal = proposer.sign(message)
    assert decode(BLOCK, raw) == block and verify(proposer.public, message, seal)
    return {"name": name, "fingerprint": fp.hex(), "proposerKey": proposer.shown(), "stateRootText": state_text,
            "beginBlock": begin, "receipts": receipts, "endBlock": end, "header": header,
            "headerBytes": encode(HEADER, header).hex(), "id": id.hex(), "sealMessage": message.hex(), "seal": seal.hex(),
            "block": block, "blockBytes": raw.hex()}


def headers_file():
    zero = block_id(FP, header_zero(SOLO, SOLO_PROTOCOL, SOLO_ROOT))
    other = block_id(fingerprint(SMALLEST), header_zero(SMALLEST, SMALLEST_PROTOCOL, SMALLEST_ROOT))
    first = block_vector("block 1, no transaction", SOLO, SOLO_PROTOCOL, zero, 1, ALICE, [], [], [], [], [], [])
    second = block_vector("block 2, two transactions", SOLO, SOLO_PROTOCOL, bytes.fromhex(first["id"]), 2, ALICE,
                          [as_transaction(t) for t in TRANSACTIONS[:2]], [TICK], [DONE, REFUSED], [], [], [])
    third = block_vector("block 3, evidence and proofs of a miss", SOLO, SOLO_PROTOCOL, bytes.fromhex(second["id"]), 3,
                         ALICE, [], [], [], [], [b"\xe1\xe2", b""], [b"\xd1"])
    ed = block_vector("block 1 of another chain, sealed with ed25519", SMALLEST, SMALLEST_PROTOCOL, other, 1, BOB,
                      [], [], [], [], [], [])
    wide = {"version": 1, "height": str(2**64 - 1), "parent": "01" * 32, "timeMs": str(2**53 + 1), "round": 0x01020304,
            "proposer": address_text(b"\2" * 32, "mmt"), "protocolHash": "03" * 32, "txRoot": "04" * 32,
            "receiptRoot": "05" * 32, "stateRoot": "06" * 32, "evidenceRoot": "07" * 32, "validatorsHash": "08" * 32,
            "nextValidatorsHash": "09" * 32, "consensus": "0a0b0c"}
    plain = {"name": "every field with its own bytes (header and id only)", "fingerprint": FP.hex(), "header": wide,
             "headerBytes": encode(HEADER, wide).hex(), "id": block_id(FP, wide).hex()}
    return file("12", "Headers, ids, solo seals (the signature alone), whole blocks. Blocks 1 to 3 stand on header 0 of the first "
                "genesis of genesis.json, the one sealed with ed25519 on that of the second. Each stateRoot is the SHA-256 of "
                "stateRootText, not the root of a real state.", [plain, first, second, third, ed])


# --------------------------------------------------------------------------------------------- genesis.json

def genesis_file():
    vectors = []
    for name, genesis, protocol, root, text in (
            ("solo, three modules", SOLO, SOLO_PROTOCOL, SOLO_ROOT, "solo"),
            ("smallest: the kernel alone", SMALLEST, SMALLEST_PROTOCOL, SMALLEST_ROOT, "smallest"),
            ("three validators, another prefix, sandbox", ALLIANCE, ALLIANCE_PROTOCOL, ALLIANCE_ROOT, "alliance")):
        fp, prefix, raw = fingerprint(genesis), genesis["addressPrefix"], encode(GENESIS, genesis, genesis["addressPrefix"])
        assert decode(GENESIS, raw, prefix) == genesis and decode(PROTOCOL, encode(PROTOCOL, protocol)) == protocol
        zero = header_zero(genesis, protocol, root)
        vectors.append({
            "name": name, "prefix": prefix, "documents": [OPENINGS[d["hash"]] for d in genesis["documents"]],
            "genesis": genesis, "bytes": raw.hex(), "fingerprint": fp.hex(),
            "protocol": protocol, "protocolBytes": encode(PROTOCOL, protocol).hex(),
            "protocolHash": protocol_hash(fp, protocol).hex(), "validatorSet": genesis_set(fp, genesis),
            "validatorsHash": validators_hash(fp, genesis_set(fp, genesis), prefix).hex(),
            "stateRootText": "mmt vector state root " + text, "stateRoot": root.hex(), "header": zero,
            "headerBytes": encode(HEADER, zero, prefix).hex(), "id": block_id(fp, zero, prefix).hex()})
    return file("13", "Genesis in JSON and bytes, fingerprint, protocol hash, header 0. stateRoot is given: the SHA-256 of "
                "stateRootText. Params, governed values and documents are plain bytes here.", vectors)


# ---------------------------------------------------------------------------------------------- claims.json

def claims_file():
    vectors = []
    for name, who, secret, key in (("eve to alice", "eve", EVE, ALICE), ("frank to bob", "frank", FRANK, BOB)):
        text = claim_text(FP, key.address())
        digest = claim_digest(text)
        r, s, odd = ecdsa_sign(secret, digest)
        assert odd < 2
        rs = r.to_bytes(32, "big") + s.to_bytes(32, "big")
        holder = ethereum_address(secp_mul(int.from_bytes(secret, "big"), SECP_G))
        forms = [rs + bytes([v]) for v in (27 + odd, odd)]
        assert all(claim_holder(text, f) == holder for f in forms)
        vectors.append({"name": name, "seedText": "mmt vector ethereum holder " + who, "secret": secret.hex(),
                        "holder": holder.hex(), "fingerprint": FP.hex(), "prefix": "mmt", "address": key.address(),
                        "text": text.decode(), "textBytes": text.hex(), "digest": digest.hex(),
                        "signature": forms[0].hex(), "signatureV01": forms[1].hex()})
    assert {v["signature"][-2:] for v in vectors} == {"1b", "1c"}, "both parities"
    good = bytes.fromhex(vectors[0]["signature"])
    s = int.from_bytes(good[32:64], "big")
    text = claim_text(FP, ALICE.address())
    bad = [("high s", good[:32] + (SECP_N - s).to_bytes(32, "big") + bytes([55 - good[64]])), ("v 2", good[:64] + b"\2"),
           ("v 29", good[:64] + b"\x1d"), ("v 35", good[:64] + b"\x23"), ("no v", good[:64]), ("66 bytes", good + b"\0"),
           ("r zero", bytes(32) + good[32:]), ("s zero", good[:32] + bytes(32) + good[64:]),
           ("r is n", SECP_N.to_bytes(32, "big") + good[32:]), ("r not on the curve", off_curve() + good[32:])]
    flipped = good[:64] + bytes([55 - good[64]])
    return file("14", "Claims: what an Ethereum holder signs. signature has v 27 or 28, signatureV01 the same with v 0 or 1; both "
                "count. refused: signatures of the first text. otherHolder: the first signature with the other v recovers "
                "another holder.", vectors,
                refused=[{"name": n, "text": text.decode(), "signature": b.hex(), "why": why(claim_holder, text, b)}
                         for n, b in bad],
                otherHolder={"text": text.decode(), "signature": flipped.hex(), "holder": claim_holder(text, flipped).hex()})


def off_curve():
    x = 1
    while pow(x**3 + 7, (SECP_P - 1) // 2, SECP_P) == 1:
        x += 1
    return x.to_bytes(32, "big")


# --------------------------------------------------------------------------------------------- vesting.json

def token_genesis_type():
    holder, waiting = FixedBytes(20), {"amount": AMOUNT, "startMs": Option(U64), "spanMs": U64}
    return Struct(balances=List(Struct(owner=ADDRESS, amount=AMOUNT), 1000000),
                  unclaimed=List(Struct(holder=holder, amount=AMOUNT), 1000000),
                  vesting=List(Struct(owner=ADDRESS, **waiting), 1000000),
                  unclaimedVesting=List(Struct(holder=holder, **waiting), 1000000))


SCHEDULE = Struct(amount=AMOUNT, startMs=U64, spanMs=U64, released=AMOUNT)
SCHEDULES = List(SCHEDULE, 16)


def unlocked(schedule, time):
    """15.4"""
    amount, start, span = int(schedule["amount"]), int(schedule["startMs"]), int(schedule["spanMs"])
    if time <= start:
        return 0
    return amount if time - start >= span else amount * (time - start) // span


def release(schedules, time):
    """15.5: what joins the balance, and the schedules that are left."""
    gained = sum(unlocked(s, time) - int(s["released"]) for s in schedules)
    left = [{**s, "released": str(unlocked(s, time))} for s in schedules]
    return gained, [s for s in left if s["released"] != s["amount"]]


def join(schedules, more):
    """15.6"""
    out = [dict(s) for s in schedules]
    for new in more:
        for old in out:
            if (old["startMs"], old["spanMs"]) == (new["startMs"], new["spanMs"]):
                for field in ("amount", "released"):
                    old[field] = str(int(old[field]) + int(new[field]))
                break
        else:
            out.append(dict(new))
    need(len(out) <= 16, "more than 16 schedules")
    return out


def token_rows(document, time):
    """15.3: what the document of 15.1 becomes at genesis, as (table, key's type, key, value's type, value)."""
    rows, total = [], 0
    for field, key_type, name in (("balances", ADDRESS, "owner"), ("unclaimed", FixedBytes(20), "holder")):
        for row in document[field]:
            total += int(row["amount"])
            rows.append((field, key_type, row[name], AMOUNT, row["amount"]))
    for field, key_type, name in (("vesting", ADDRESS, "owner"), ("unclaimedVesting", FixedBytes(20), "holder")):
        found = {}
        for row in document[field]:
            start = str(time) if row["startMs"] is None else row["startMs"]
            total += int(row["amount"])
            found.setdefault(row[name], []).append(
                {"amount": row["amount"], "startMs": start, "spanMs": row["spanMs"], "released": "0"})
        rows += [(field, key_type, owner, SCHEDULES, schedules) for owner, schedules in found.items()]
    return rows + [("supply", None, None, AMOUNT_SUM, str(total))]


def vesting_file():
    year = 365 * 24 * 3600 * 1000
    time = 1750000000000
    eve, frank = (ethereum_address(secp_mul(int.from_bytes(s, "big"), SECP_G)).hex() for s in (EVE, FRANK))
    document = {
        "balances": [{"owner": ALICE.address(), "amount": "500000000000"}],
        "unclaimed": [{"holder": eve, "amount": "100000000"}],
        "vesting": [{"owner": ALICE.address(), "amount": "1000", "startMs": None, "spanMs": "7000"},
                    {"owner": ALICE.address(), "amount": "18000000000000000000", "startMs": str(time - year), "spanMs": str(5 * year)},
                    {"owner": BOB.address(), "amount": "1", "startMs": str(time + 1), "spanMs": "1"}],
        "unclaimedVesting": [{"holder": eve, "amount": "750000000000000", "startMs": None, "spanMs": str(5 * year)},
                             {"holder": frank, "amount": "3", "startMs": "0", "spanMs": str(2**64 - 1)}],
    }
    kind = token_genesis_type()
    raw = encode(kind, document)
    assert decode(kind, raw) == document
    rows = [{"table": table, "key": state_key("token", table, key_type, key).hex(), "value": encode(t, v).hex(), "json": v}
            for table, key_type, key, t, v in token_rows(document, time)]
    start = {"amount": "1000", "startMs": str(time), "spanMs": "7000", "released": "0"}
    large = {"amount": str(2**64 - 1), "startMs": "0", "spanMs": str(2**64 - 1), "released": "0"}
    five = {"amount": "750000000000000", "startMs": str(time), "spanMs": str(5 * year), "released": "0"}
    cases = [(start, t) for t in (0, time, time + 1, time + 7, time + 3500, time + 6999, time + 7000, 2**64 - 1)] + \
            [(large, t) for t in (1, 2**63, 2**64 - 2, 2**64 - 1)] + \
            [(five, time + t) for t in (1, 10000, year, year * 5 // 2, 5 * year - 1, 5 * year)]
    amounts = [{"schedule": s, "timeMs": str(t), "unlocked": str(unlocked(s, t))} for s, t in cases]
    base = 1700000000000
    first = {**start, "startMs": str(base)}
    steps, balance, schedules = [], 5, [first, {**first, "spanMs": "3000", "amount": "10"}]
    for what, at in (("released", base + 1000), ("released", base + 2000), ("claimed", base + 2500), ("released", base + 3000),
                     ("released", base + 7000)):
        before = schedules
        gained, schedules = release(schedules, at)
        more = [{**first, "amount": "501"}, {**first, "startMs": str(base + 9)}] if what == "claimed" else []
        schedules = join(schedules, more)
        balance += gained
        steps.append({"what": what, "timeMs": str(at), "before": before, "joins": more, "gained": str(gained), "balance": str(balance),
                      "after": schedules, "afterBytes": encode(SCHEDULES, schedules).hex()})
    return file("15", "The token's genesis document with amounts that unlock by time: JSON, bytes, and the rows that it becomes in a "
                "chain whose block 0 has timeMs (the cell feePool has no row yet). unlocked: 15.4. steps: one account's balance and schedules as they "
                "are released, and joined by those of a claim.",
                [{"name": "two owners, two holders", "prefix": "mmt", "timeMs": str(time), "document": document, "bytes": raw.hex(),
                  "rows": rows}], unlocked=amounts, steps=steps)


# ========================================================================================== Self-checks

def dpos_file():
    base = {"version": 1, "parent": "01" * 32, "protocolHash": "03" * 32, "txRoot": "00" * 32, "receiptRoot": "05" * 32,
            "stateRoot": "06" * 32, "evidenceRoot": "00" * 32, "validatorsHash": "08" * 32, "nextValidatorsHash": "09" * 32}

    def sealed(name, key, height, turn, prevoted, generated, reveal, round=0):
        fields = {"turn": str(turn), "reveal": reveal, "maxHeightPrevoted": str(prevoted), "maxHeightGenerated": str(generated)}
        header = {**base, "height": str(height), "timeMs": str(1700000000000 + 10000 * turn), "round": round,
                  "proposer": key.address(), "consensus": encode(DPOS_FIELDS, fields).hex()}
        message = dpos_seal_message(FP, header, fields)
        return {"name": name, "fingerprint": FP.hex(), "key": key.shown(), "fields": fields, "header": header,
                "id": block_id(FP, header).hex(), "sealMessage": message.hex(), "seal": key.sign(message).hex()}
    vectors = [sealed("a block with a reveal", ALICE, 12, 14, 7, 8, "ab" * 32),
               sealed("a block after skipped slots, without a reveal", BOB, 13, 20, 8, 0, None, 5),
               sealed("a second block of the slot of the first", ALICE, 12, 14, 7, 9, None),
               sealed("a block that hides the first", ALICE, 15, 26, 9, 3, None)]
    pieces = [{"name": name, "kind": kind, "height": str(height), "bytes": encode(DPOS_EVIDENCE, {
        "epoch": "0", "first": {"header": vectors[0]["header"], "seal": vectors[0]["seal"]},
        "second": {"header": other["header"], "seal": other["seal"]}}).hex()}
        for name, kind, height, other in (("one slot", "two blocks of one slot", 12, vectors[2]),
                                          ("hidden", "contradiction", 12, vectors[3]))]
    messages = [{"message": m, "bytes": encode(DPOS_MESSAGE, m).hex()} for m in (
        {"kind": "status", "value": {"height": "12", "id": "0a" * 32, "maxHeightPrevoted": "7"}},
        {"kind": "ask", "value": {"from": "13", "count": 32}})]
    headers = [(0, h, g, p) for h, g, p in ((5, 0, 2), (5, 0, 3), (5, 4, 2), (8, 5, 2), (8, 5, 1), (8, 4, 4), (4, 8, 2), (4, 8, 3))]
    contradictions = [{"a": a[1:], "b": b[1:], "contradict": dpos_contradict(a, b)}
                      for i, a in enumerate(headers) for b in headers[:i]]
    branches = []
    for number in range(12):
        draw = lambda what, most: int.from_bytes(H(b"mmt vector branch %d %s" % (number, what.encode()))[:4], "big") % most
        seats = (1, 4, 4, 7, 7, 10)[number % 6]
        roster, rosters, rows = list(range(seats)), [], []
        last = {}
        for h in range(1, 6 * seats + 6):
            if number >= 6 and draw("change %d" % h, 9) == 0:
                leaves = draw("who %d" % h, seats)
                roster = [who + seats if i == leaves and who < 2 * seats else who for i, who in enumerate(roster)]
            who = roster[(h + (draw("skip %d" % h, 3) if number % 2 else 0)) % seats]
            # Now and then its last block was on another branch, up to two heights above this one.
            generated = max(last.get(who, 0), h - 2 + draw("up %d" % h, 5)) if draw("other %d" % h, 8) == 0 else last.get(who, 0)
            last[who] = max(h, generated)
            rosters.append(roster)
            rows.append((who, generated))
        branches.append({"rosters": rosters, "headers": [list(r) for r in rows], "heights": dpos_heights(rosters, rows)})
    return file("19", "Headers with the engine's fields, and their seals; evidence of the first vector with the third and the fourth, in an "
                "epoch 0 in which alice has her key. contradictions: [height, maxHeightGenerated, maxHeightPrevoted] of one "
                "proposer. branches: for each height from 1 on the seats (numbers of validators), the header [proposer, "
                "maxHeightGenerated], and [largest prevoted, largest precommitted height] after it; maxHeightPrevoted of a header "
                "is the first of the two before it.", vectors, evidence=pieces, messages=messages,
                contradictions=contradictions, branches=branches)


def self_checks():
    """Published vectors."""
    def same(a, b):
        assert a == b, (a, b)

    # FIPS 180-4 example; Keccak-256 as published; the permutation and the block edges against hashlib's SHA3-256
    same(H(b"abc").hex(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    same(keccak256(b"").hex(), "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470")
    same(keccak256(b"abc").hex(), "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45")

    for n in (0, 1, 135, 136, 137, 271, 272, 273):
        same(keccak256(b"a" * n, 0x06), hashlib.sha3_256(b"a" * n).digest())

    # RFC 6979, A.2.5 (P-256, SHA-256, "sample"): the nonce
    p256_n = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    nonce = next(rfc6979_nonces(0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721, H(b"sample"), p256_n))
    same(nonce, 0xA6E3C57DD01ABE90086538398355DD4C3B17AA873382B0F24D6129493D8AAD60)
    # RFC 6979 with secp256k1, SHA-256 and low s: the vectors in common use (RFC 6979 itself has none for this curve)
    for secret, message, signature in (
            (1, b"Satoshi Nakamoto", "934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d8"
             "2442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e5"),
            (1, b"All those moments will be lost in time, like tears in rain. Time to die...",
             "8600dbd41e348fe5c9465ab92d23e3db8b98b873beecd930736488696438cb6b"
             "547fe64427496db33bf66019dacbf0039c04199abb0122918601db38a72cfc21"),
            (SECP_N - 1, b"Satoshi Nakamoto", "fd567d121db66e382991534ada77a6bd3106f0a1098c231e47993447cd6af2d0"
             "6b39cd0eb1bc8603e159ef5c20a5c8ad685a45b06ce9bebed3f153d10d93bed5"),
            (0xF8B8AF8CE3C7CCA5E300D33939540C10D45CE001B8F252BFBC57BA0342904181, b"Alan Turing",
             "7063ae83e7f62bbb171798131b4a0564b956930092b33b07b395615d9ec7e15c"
             "58dfcc1e00a35e1572f366ffe34ba0fc47db1e7189759b9fb233c5b05ab388ea")):
        raw = secret.to_bytes(32, "big")
        same(secp_sign(raw, message).hex(), signature)
        assert secp_verify(secp_public(raw), message, bytes.fromhex(signature))
        assert not secp_verify(secp_public(raw), message + b".", bytes.fromhex(signature))

    # RFC 8032, 7.1, tests 1 to 3
    for secret, public, message, signature in (
            ("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
             "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
             "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"),
            ("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
             "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
             "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"),
            ("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
             "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
             "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a")):
        same(ed_public(bytes.fromhex(secret)).hex(), public)
        same(ed_sign(bytes.fromhex(secret), bytes.fromhex(message)).hex(), signature)
        assert ed_verify(bytes.fromhex(public), bytes.fromhex(message), bytes.fromhex(signature))
        assert not ed_verify(bytes.fromhex(public), b"x" + bytes.fromhex(message), bytes.fromhex(signature))

    # BIP-350, test vectors for Bech32m: valid, then invalid
    for text in ("A1LQFN3A", "a1lqfn3a", "an83characterlonghumanreadablepartthatcontainsthetheexcludedcharactersbioandnumber11sg7hg6",
                 "abcdef1l7aum6echk45nj3s0wdvt2fg8x9yrzpqzd3ryx", "11" + "l" * 82 + "ludsr8",
                 "split1checkupstagehandshakeupstreamerranterredcaperredlc445v", "?1v759aa"):
        hrp, groups = bech32_parse(text)
        same(bech32_text(hrp, groups), text.lower())
    for text in ("\x201xj0phk", "\x7f1g6xzxy", "\x801vctc34", "an84characterslonghumanreadablepartthatcontainsthetheexcluded"
                 "charactersbioandnumber11d6pts4", "qyrz8wqd2c9m", "1qyrz8wqd2c9m", "y1b0jsk6g", "lt1igcx5c0", "in1muywd",
                 "mm1crxm3i", "au1s5cgom", "M1VUXWEZ", "16plkw9", "1p2gdwpf"):
        why(bech32_parse, text)

    # EIP-191 and recovery: the example of the web3.js documentation (eth.accounts.sign, "Some data")
    secret = bytes.fromhex("4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318")
    digest = claim_digest(b"Some data")
    same(digest.hex(), "1da44b586eb0729ff70a73c326926f6ed5a25f5b056e7f47fbc6e58d86871655")
    r, s, odd = ecdsa_sign(secret, digest)
    same("%064x%064x%02x" % (r, s, 27 + odd), "b91467e570a6466aa9e9876cbcd013baba02900b8979d43fe208a4a4f339f5fd"
         "6007e74cd82e037b800186422fc2da167c747ef045e5d18a5f5d4300f8e1a0291c")
    same(ethereum_address(ecdsa_recover(digest, r, s, odd)).hex(), "2c7536e3605d9c16a7a3d7b1898e529396a65c23")


# ------------------------------------------------------------------------------------------------ pbft.json
# consensus.md, by its own section numbers.

SIGNATURE = Bytes(65536)
SEATS = Bytes(128)
PROPOSAL = Struct(height=U64, round=U32, blockId=HASH, validRound=Option(U32))
VOTE = Struct(height=U64, round=U32, blockId=Option(HASH))
STATEMENT = Union(prePrepare=PROPOSAL, prepare=VOTE, commit=VOTE)
SIGNED = Struct(statement=STATEMENT, seat=U16, signature=SIGNATURE)
CERTIFICATE = Struct(height=U64, round=U32, blockId=HASH, bitmap=SEATS, signatures=List(SIGNATURE, 1024))
STATUS = Struct(height=U64, round=U32, step=U8, proposal=BOOL, prepares=SEATS, commits=SEATS, validRound=Option(U32))
PRE_PREPARE = Struct(signed=SIGNED, block=BLOCK, prepareCert=Option(CERTIFICATE))
MESSAGE = Union(prePrepare=PRE_PREPARE, votes=List(SIGNED, 4096), prepareCert=CERTIFICATE, status=STATUS, getBlock=HASH,
                block=BLOCK, evidence=Bytes(65536))
HALF = Struct(statement=STATEMENT, validatorsHash=HASH, signature=SIGNATURE)
EVIDENCE = Struct(epoch=U64, culprit=ADDRESS, first=HALF, second=HALF)
MISS_PROOF = Struct(height=U64, round=U32, bitmap=SEATS, signatures=List(SIGNATURE, 1024))
CONSENSUS_FIELDS = Struct(turn=U64, reveal=Option(Bytes(64)))
PBFT_PARAMS = Struct(timeoutMs=Option(U32), timeoutStepMs=Option(U32), precisionMs=Option(U32))


def quorum(n):
    """1.1, by counting; 1.3."""
    f = max(f for f in range(n) if 3 * f < n)
    q = min(q for q in range(1, n + 1) if 3 * q > 2 * n)
    assert 2 * q - n >= f + 1 and n - f >= q
    return f, q


def vote_message(fp, statement, rulers):
    """4.2."""
    return tag("mmt/pbft/vote/1") + fp + encode(STATEMENT, statement) + rulers


def seat_bitmap(seats, n):
    """6.1."""
    return bytes(sum(1 << s % 8 for s in seats if s // 8 == i) for i in range((n + 7) // 8))


def possession_message(fp, key):
    """10.1."""
    return tag("mmt/pbft/key/1") + fp + address_bytes(key.address(), "mmt") + encode(PUBLIC_KEY, key.public)


def pbft_file():
    roster = [CAROL, ALICE, DAVE, BOB]
    rulers = {"epoch": "3", "epochStartTurn": "82", "seed": H(b"mmt vector seed").hex(),
              "validators": [validator(k) for k in roster]}
    rulers_hash = validators_hash(FP, rulers)
    block, other = H(b"mmt vector block").hex(), H(b"mmt vector other block").hex()

    def shown(t, value):
        raw = encode(t, value)
        assert decode(t, raw) == value
        return {"value": value, "bytes": raw.hex()}

    def statement(name, said, key):
        message = vote_message(FP, said, rulers_hash)
        signature = key.sign(message)
        assert verify(key.public, message, signature)
        return {"name": name, "statement": said, "bytes": encode(STATEMENT, said).hex(), "message": message.hex(),
                "key": key.shown(), "seat": roster.index(key), "signature": signature.hex()}

    def vote(kind, round, id):
        return {"kind": kind, "value": {"height": "90", "round": round, "blockId": id}}

    def signatures(said, seats):
        return [roster[s].sign(vote_message(FP, said, rulers_hash)).hex() for s in seats]

    def certificate(kind, round, seats):
        return {"height": "90", "round": round, "blockId": block, "bitmap": seat_bitmap(seats, len(roster)).hex(),
                "signatures": signatures(vote(kind, round, block), seats)}

    def half(key, said):
        return {"statement": said, "validatorsHash": rulers_hash.hex(),
                "signature": key.sign(vote_message(FP, said, rulers_hash)).hex()}

    statements = [
        statement("fresh proposal", {"kind": "prePrepare", "value": {"height": "90", "round": 0, "blockId": block, "validRound": None}}, CAROL),
        statement("proposal again", {"kind": "prePrepare", "value": {"height": "90", "round": 258, "blockId": block, "validRound": 1}}, DAVE),
        statement("PREPARE", vote("prepare", 0, block), ALICE),
        statement("PREPARE for nil", vote("prepare", 1, None), BOB),
        statement("COMMIT", vote("commit", 1, block), DAVE),
        statement("COMMIT for nil", vote("commit", 2**32 - 1, None), CAROL)]
    halves = sorted((half(ALICE, vote("prepare", 0, id)) for id in (block, other)),
                    key=lambda h: vote_message(FP, h["statement"], bytes.fromhex(h["validatorsHash"])))
    proof = {"epoch": "3", "culprit": ALICE.address(), "first": halves[0], "second": halves[1]}
    nil = vote("prepare", 0, None)
    miss = {"height": "90", "round": 0, "bitmap": seat_bitmap([1, 2, 3], 4).hex(), "signatures": signatures(nil, [1, 2, 3])}
    signed = {"statement": vote("prepare", 0, block), "seat": 1, "signature": signatures(vote("prepare", 0, block), [1])[0]}
    messages = [{"kind": "votes", "value": [signed]}, {"kind": "prepareCert", "value": certificate("prepare", 0, [0, 1, 3])},
                {"kind": "status", "value": {"height": "90", "round": 3, "step": 2, "proposal": True, "prepares": "0b", "commits": "00",
                                             "validRound": 1}},
                {"kind": "getBlock", "value": block}, {"kind": "evidence", "value": encode(EVIDENCE, proof).hex()}]
    possession = possession_message(FP, DAVE)
    return file("consensus.md", "Engine pbft. Statements with what is signed (4); certificates (6), evidence (8), a proof of a miss (9), messages (5), "
                "consensus bytes (3.1), parameters (1.4), a proof of possession (10.1); f and q for n = 1 to 200 (1.1). The set has four seats; seal is "
                "the CommitCert of round 1.", statements,
                fingerprint=FP.hex(), validatorSet=rulers, validatorsHash=rulers_hash.hex(),
                certificates=[{"kind": "prepare", **shown(CERTIFICATE, certificate("prepare", 0, [0, 1, 3]))},
                              {"kind": "commit", **shown(CERTIFICATE, certificate("commit", 1, [0, 1, 2, 3]))}],
                evidence=shown(EVIDENCE, proof), missProof=shown(MISS_PROOF, miss), messages=[shown(MESSAGE, m) for m in messages],
                consensus=[shown(CONSENSUS_FIELDS, {"turn": "1", "reveal": None}),
                           shown(CONSENSUS_FIELDS, {"turn": str(2**53 + 1), "reveal": H(b"mmt vector reveal").hex()})],
                params=[shown(PBFT_PARAMS, {"timeoutMs": None, "timeoutStepMs": None, "precisionMs": None}),
                        shown(PBFT_PARAMS, {"timeoutMs": 700, "timeoutStepMs": 90, "precisionMs": None})],
                possession={"key": DAVE.shown(), "address": DAVE.address(), "message": possession.hex(), "signature": DAVE.sign(possession).hex()},
                quorums=[[n, *quorum(n)] for n in range(1, 201)])


# ================================================================================================ Files

FILES = {"bcs": bcs_file, "addresses": addresses_file, "authorities": authorities_file, "transactions": transactions_file,
         "receipts": receipts_file, "list-roots": list_roots_file, "state-keys": state_keys_file,
         "state-tree": state_tree_file, "state-proofs": state_proofs_file, "validators": validators_file, "headers": headers_file,
         "genesis": genesis_file, "claims": claims_file, "vesting": vesting_file, "pbft": pbft_file, "dpos": dpos_file}


def pretty(value, indent=0):
    """JSON, one line for what fits in a line."""
    line = json.dumps(value)
    if len(line) + indent <= 150 or not isinstance(value, (dict, list)) or not value:
        return line
    pad = " " * (indent + 1)
    if isinstance(value, list):
        return "[\n" + ",\n".join(pad + pretty(v, indent + 1) for v in value) + "\n" + " " * indent + "]"
    return "{\n" + ",\n".join(pad + json.dumps(k) + ": " + pretty(v, indent + 1) for k, v in value.items()) + \
        "\n" + " " * indent + "}"


def main(arguments):
    if arguments not in (["--write"], ["--check"]):
        print(__doc__)
        return 2
    if not __debug__:
        sys.exit("the checks are assertions: do not run with -O")
    self_checks()
    folder = Path(__file__).resolve().parent
    made = {name + ".json": pretty(make()) + "\n" for name, make in FILES.items()}
    if arguments == ["--write"]:
        for name, text in made.items():
            assert json.loads(text)["vectors"]
            (folder / name).write_bytes(text.encode("ascii"))
        print("wrote %d files" % len(made))
        return 0
    there = {path.name: path.read_bytes() for path in folder.glob("*.json")}
    wrong = sorted(n for n in made.keys() | there.keys() if there.get(n) != made.get(n, "").encode("ascii"))
    for name in wrong:
        print("differs: " + name)
    print("%d files checked, %d differ" % (len(made.keys() | there.keys()), len(wrong)))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
