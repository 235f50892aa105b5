#!/usr/bin/env python3
"""Makes the vectors of this folder that name it as their source, from the specifications alone.

It shares no code and no library with the package under test: curve arithmetic, RFC 6979, Keccak and bech32m are written
out here, and checked below against values that others published. It is slow and not constant time; use it for nothing else.

    python3 reference.py        writes the files
    python3 reference.py check  fails when a file differs from what it would write
"""

import hashlib
import hmac
import json
import pathlib
import sys

HERE = pathlib.Path(__file__).parent


def sha256(data):
    return hashlib.sha256(data).digest()


# ---- secp256k1: SEC 2, section 2.4.1; ECDSA: SEC 1, section 4.1; nonces: RFC 6979, section 3.2 ----

P = 2**256 - 2**32 - 977
N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
G = (
    0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
    0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8,
)


def add(a, b):
    if a is None or b is None:
        return a or b
    if a[0] == b[0]:
        if (a[1] + b[1]) % P == 0:
            return None
        slope = 3 * a[0] * a[0] * pow(2 * a[1], -1, P)
    else:
        slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, P)
    x = (slope * slope - a[0] - b[0]) % P
    return x, (slope * (a[0] - x) - a[1]) % P


def mul(k, point):
    result = None
    for bit in bin(k % N)[2:]:
        result = add(result, result)
        if bit == "1":
            result = add(result, point)
    return result


def lift(x, odd):
    y = pow(x**3 + 7, (P + 1) // 4, P)
    if (y * y - x**3 - 7) % P:
        return None
    return x, y if y % 2 == odd else P - y


def b32(number):
    return number.to_bytes(32, "big")


def compressed(point):
    return bytes([2 + point[1] % 2]) + b32(point[0])


def nonces(secret, digest):
    v, k = b"\x01" * 32, b"\x00" * 32
    seed = b32(secret) + b32(int.from_bytes(digest, "big") % N)
    for mark in (b"\x00", b"\x01"):
        k = hmac.digest(k, v + mark + seed, "sha256")
        v = hmac.digest(k, v, "sha256")
    while True:
        v = hmac.digest(k, v, "sha256")
        candidate = int.from_bytes(v, "big")
        if 0 < candidate < N:
            yield candidate
        k = hmac.digest(k, v + b"\x00", "sha256")
        v = hmac.digest(k, v, "sha256")


def ecdsa(secret, digest):
    z = int.from_bytes(digest, "big")
    for k in nonces(secret, digest):
        point = mul(k, G)
        r = point[0] % N
        s = pow(k, -1, N) * (z + r * secret) % N
        if r and s:
            recovery = point[1] % 2
            return (r, N - s, recovery ^ 1) if s > N // 2 else (r, s, recovery)


def ecdsa_valid(key, digest, r, s):
    if not (0 < r < N and 0 < s <= N // 2):
        return False
    z, w = int.from_bytes(digest, "big"), pow(s, -1, N)
    point = add(mul(z * w, G), mul(r * w, key))
    return point is not None and point[0] % N == r


PUBLISHED_NONCES = [
    # "Deterministic Usage of DSA and ECDSA", bitcointalk.org topic 285142, by the authors of Haskoin and trezor-crypto
    (1, "Satoshi Nakamoto", 0x8F8A276C19F4149656B280621E358CCE24F5F52542772691EE69063B74F15D15),
    (
        1,
        "All those moments will be lost in time, like tears in rain. Time to die...",
        0x38AA22D72376B4DBC472E06C3BA403EE0A394DA63FC58D88686C611ABA98D6B3,
    ),
    (N - 1, "Satoshi Nakamoto", 0x33A19B60E25FB6F4435AF53A3D42D493644827367E6453928554F43E49AA6F90),
    (
        0xF8B8AF8CE3C7CCA5E300D33939540C10D45CE001B8F252BFBC57BA0342904181,
        "Alan Turing",
        0x525A82B70E67874398067543FD84C83D30C175FDC45FDEEE082FE13B1D7CFDF1,
    ),
]


def secp256k1_signatures():
    rows = []
    for secret, text, nonce in PUBLISHED_NONCES:
        assert next(nonces(secret, sha256(text.encode()))) == nonce, text
        rows.append(signature_row(secret, text.encode()))
    for i in range(40):
        secret = int.from_bytes(sha256(b"secret %d" % i), "big") % N
        rows.append(signature_row(secret, (b"message %d " % i) * i))
    return rows


def signature_row(secret, message):
    r, s, recovery = ecdsa(secret, sha256(message))
    key = mul(secret, G)
    assert ecdsa_valid(key, sha256(message), r, s)
    return {
        "secret": b32(secret).hex(),
        "key": compressed(key).hex(),
        "message": message.hex(),
        "signature": (b32(r) + b32(s)).hex(),
        "recovery": recovery,
    }


def secp256k1_edges():
    secret, message = 0x1234567890ABCDEF, b"edge"
    digest = sha256(message)
    z = int.from_bytes(digest, "big")
    key = mul(secret, G)
    r, s, _ = ecdsa(secret, digest)
    rows = []

    def row(name, key_bytes, signature, valid, message_bytes=message):
        rows.append(
            {
                "name": name,
                "key": key_bytes.hex(),
                "message": message_bytes.hex(),
                "signature": signature.hex(),
                "valid": valid,
            }
        )

    def numbers(name, point, r_value, s_value, valid):
        decided = r_value < N and s_value < N and ecdsa_valid(point, digest, r_value, s_value)
        assert decided == valid, name
        row(name, compressed(point), b32(r_value) + b32(s_value), valid)

    good_key, good = compressed(key), b32(r) + b32(s)
    numbers("a valid signature", key, r, s, True)
    numbers("the same with high s", key, r, N - s, False)
    numbers("r and s swapped", key, s, r, False)
    for name, value in {"0": 0, "n": N, "n - 1": N - 1, "n + 1": N + 1, "p": P, "2^256 - 1": 2**256 - 1}.items():
        numbers(f"r is {name}", key, value, s, False)
        numbers(f"s is {name}", key, r, value, False)
    numbers("r and s are 0", key, 0, 0, False)
    numbers("r is r + n in as far as it fits 32 bytes", key, (r + N) % 2**256, s, False)

    # A key can be made for any r whose point exists, and for any s: Q = (s R - z G) / r.
    def key_for(point, s_value):
        r_inverse = pow(point[0] % N, -1, N)
        return add(mul(s_value * r_inverse, point), mul(-z * r_inverse, G))

    half = N // 2
    point = mul(7, G)
    numbers("s is the greatest low one, (n - 1) / 2", key_for(point, half), point[0] % N, half, True)
    numbers("s is the least high one, (n + 1) / 2", key_for(point, half + 1), point[0] % N, half + 1, False)
    numbers("s is 1", key_for(point, 1), point[0] % N, 1, True)
    x = N + 1
    while lift(x, 0) is None:
        x += 1
    wrapped = lift(x, 0)
    numbers("the x of the nonce point is n or more, so that r is x - n", key_for(wrapped, 3), x - N, 3, True)
    row("the same with x itself as r", compressed(key_for(wrapped, 3)), b32(x) + b32(3), False)
    assert N < x < P
    small = next(x for x in range(1, 100) if lift(x, 0))
    numbers("r is small", key_for(lift(small, 0), 5), small, 5, True)
    large = next(x for x in range(N - 1, 0, -1) if lift(x, 0))
    numbers("r is as great as can be", key_for(lift(large, 0), 5), large, 5, True)

    # The sum u1 G + u2 Q needs the exceptional cases of addition: equal points, and opposite ones.
    t = 0xABCDEF
    r2 = mul(2 * t, G)[0] % N
    s2 = z * pow(t, -1, N) % N
    doubling = mul(z * pow(r2, -1, N), G)
    if s2 > half:
        s2 = N - s2
    numbers("the two points that are added are equal", doubling, r2, s2, True)
    numbers("the two points that are added cancel", mul(-z * pow(r, -1, N), G), r, s, False)
    for name, point in {"G": G, "-G": mul(-1, G), "2 G": mul(2, G)}.items():
        numbers(f"the key is {name}, of another secret", point, r, s, False)
    r1, s1, _ = ecdsa(1, digest)
    numbers("the key is G and the secret is 1", G, r1, s1, True)
    r1, s1, _ = ecdsa(N - 1, digest)
    numbers("the key is -G and the secret is n - 1", mul(-1, G), r1, s1, True)

    uncompressed = b32(key[0]) + b32(key[1])
    row("the key is uncompressed", b"\x04" + uncompressed, good, False)
    row("the key is hybrid", bytes([6 + key[1] % 2]) + uncompressed, good, False)
    row("the key is hybrid with the wrong parity", bytes([7 - key[1] % 2]) + uncompressed, good, False)
    for first in (0, 1, 4, 5, 6, 7, 0xFF):
        row(f"the key is compressed and begins with {first:02x}", bytes([first]) + good_key[1:], good, False)
    row("the key has the other parity", bytes([5 - good_key[0]]) + good_key[1:], good, False)
    off = next(x for x in range(1, 100) if lift(x, 0) is None)
    row("the x of the key is on no point", b"\x02" + b32(off), good, False)
    row("the x of the key is 0", b"\x02" + b32(0), good, False)
    row("the x of the key is p", b"\x02" + b32(P), good, False)
    over = next(x for x in range(1, 100) if lift(x, 0))
    row("the x of the key is p plus that of a point", b"\x02" + b32(P + over), good, False)
    row("the x of the key is 2^256 - 1", b"\x03" + b"\xff" * 32, good, False)
    row("the key is empty", b"", good, False)
    row("the key is one byte", b"\x00", good, False)
    row("the key is all zero", bytes(33), good, False)
    row("the key lacks a byte", good_key[:-1], good, False)
    row("the key has one byte more", good_key + b"\x00", good, False)
    row("the signature is empty", good_key, b"", False)
    row("the signature lacks a byte", good_key, good[:-1], False)
    row("the signature has one byte more", good_key, good + b"\x00", False)
    row("the signature has a recovery byte in front", good_key, b"\x00" + good, False)
    der = b"\x02\x20" + b32(r) + b"\x02\x20" + b32(s)
    row("the signature is DER", good_key, bytes([0x30, len(der)]) + der, False)
    row("the message is another", good_key, good, False, b"edgf")
    row("the message is empty", good_key, good, False, b"")
    row("the message is its own digest", good_key, good, False, digest)
    return rows


# ---- edwards25519: RFC 8032, section 5.1 ----

Q = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, Q) % Q


def ed_add(a, b):
    product = D * a[0] * b[0] * a[1] * b[1] % Q
    x = (a[0] * b[1] + b[0] * a[1]) * pow(1 + product, -1, Q) % Q
    return x, (a[1] * b[1] + a[0] * b[0]) * pow(1 - product, -1, Q) % Q


def ed_mul(k, point):
    result = (0, 1)
    for bit in bin(k)[2:]:
        result = ed_add(result, result)
        if bit == "1":
            result = ed_add(result, point)
    return result


def ed_negate(point):
    return -point[0] % Q, point[1]


def ed_lift(y, odd):
    square = (y * y - 1) * pow(D * y * y + 1, -1, Q) % Q
    x = pow(square, (Q + 3) // 8, Q)
    if (x * x - square) % Q:
        x = x * pow(2, (Q - 1) // 4, Q) % Q
    if (x * x - square) % Q:
        return None
    return -x % Q if x % 2 != odd else x, y


B = ed_lift(4 * pow(5, -1, Q) % Q, 0)


def ed_encode(point):
    return (point[1] | (point[0] % 2) << 255).to_bytes(32, "little")


def le(data):
    return int.from_bytes(data, "little")


def challenge(r_bytes, key_bytes, message):
    return le(hashlib.sha512(r_bytes + key_bytes + message).digest()) % L


def expand(seed):
    digest = hashlib.sha512(seed).digest()
    scalar = le(digest[:32]) & (2**254 - 8) | 2**254
    return scalar, digest[32:]


def ed_sign(seed, message):
    scalar, prefix = expand(seed)
    key = ed_encode(ed_mul(scalar, B))
    r = le(hashlib.sha512(prefix + message).digest()) % L
    r_bytes = ed_encode(ed_mul(r, B))
    s = (r + challenge(r_bytes, key, message) * scalar) % L
    return key, r_bytes + s.to_bytes(32, "little")


def ed_valid(key_bytes, message, signature):
    """The suite's rule: S < L, canonical key, neither it nor R of small order, [S]B - [k]A encodes to R. No cofactor."""
    if len(key_bytes) != 32 or len(signature) != 64:
        return False
    s, y, odd = le(signature[32:]), le(key_bytes) % 2**255, key_bytes[31] >> 7
    if s >= L or y >= Q or (point := ed_lift(y, odd)) is None:
        return False
    if ed_mul(8, point) == (0, 1):
        return False
    k = challenge(signature[:32], key_bytes, message)
    expected = ed_add(ed_mul(s, B), ed_negate(ed_mul(k, point)))
    return ed_encode(expected) == signature[:32] and ed_mul(8, expected) != (0, 1)


RFC_8032 = [
    # RFC 8032, section 7.1: seed, key, message, signature
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
    (
        "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        hashlib.sha512(b"abc").hexdigest(),
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704",
    ),
]


def ed25519_signatures():
    rows = []
    for seed, key, message, signature in RFC_8032:
        assert ed_sign(bytes.fromhex(seed), bytes.fromhex(message)) == (bytes.fromhex(key), bytes.fromhex(signature))
        rows.append({"secret": seed, "key": key, "message": message, "signature": signature})
    return rows


def ed25519_edges():
    rows = []

    def row(name, key, message, signature, valid):
        assert ed_valid(key, message, signature) == valid, name
        rows.append(
            {
                "name": name,
                "key": key.hex(),
                "message": message.hex(),
                "signature": signature.hex(),
                "valid": valid,
            }
        )

    def scalar(value):
        return value.to_bytes(32, "little")

    torsion = small_order_points()
    seed, message = sha256(b"edge"), b"edge"
    secret, _ = expand(seed)
    key, signature = ed_sign(seed, message)
    r_bytes, s = signature[:32], le(signature[32:])
    row("a valid signature", key, message, signature, True)
    row("another message", key, b"edgf", signature, False)
    row("S + L", key, message, r_bytes + scalar(s + L), False)
    row("S + 8 L", key, message, r_bytes + scalar(s + 8 * L), False)
    row("S is L", key, message, r_bytes + scalar(L), False)
    row("S is 2^256 - 1", key, message, r_bytes + b"\xff" * 32, False)
    row("S is 0", key, message, r_bytes + bytes(32), False)
    row("the sign of R is flipped", key, message, flip(r_bytes) + signature[32:], False)
    row("the sign of the key is flipped", flip(key), message, signature, False)
    row("R is no point", key, message, scalar(2) + signature[32:], False)
    row("the key is no point", scalar(2), message, signature, False)
    row("everything is zero", bytes(32), b"", bytes(64), False)
    for length in (0, 1, 31, 33, 64):
        row(f"the key has {length} bytes", (key * 3)[:length], message, signature, False)
    for length in (0, 1, 32, 63, 65, 128):
        row(f"the signature has {length} bytes", key, message, (signature * 2)[:length], False)

    # R = [S]B - [k]A holds for these keys without a secret; they are refused because the key is of small order.
    for index, point in enumerate(torsion):
        for name, key_bytes in encodings(point):
            # Take S and search a message for which k A is the identity, so that R = [S]B.
            forged_r = ed_encode(ed_mul(5, B))
            found = next(m for m in messages() if ed_mul(challenge(forged_r, key_bytes, m), point) == (0, 1))
            row(f"small order key {index}, {name}", key_bytes, found, forged_r + scalar(5), False)
    # For the identity as R the equation holds; libraries differ on it, and no honest signer makes it.
    for index, point in enumerate(torsion):
        for name, r_encoded in encodings(point):
            k = challenge(r_encoded, key, message)
            s_value = k * secret % L
            row(f"small order R {index}, {name}", key, message, r_encoded + scalar(s_value), False)

    # With a key of mixed order the equation can hold for each R of small order.
    mixed = ed_encode(ed_add(ed_mul(secret, B), torsion[1]))
    for index, point in enumerate(torsion):
        r_encoded = ed_encode(point)
        found = next(
            m for m in messages() if ed_mul(challenge(r_encoded, mixed, m), torsion[1]) == ed_negate(point)
        )
        s_value = challenge(r_encoded, mixed, found) * secret % L
        row(f"small order R {index} that a mixed key makes fit", mixed, found, r_encoded + scalar(s_value), False)

    # Keys of mixed order A' = A + T: k A' = k A exactly when the order of T divides k.
    for index, point in enumerate(torsion):
        if point == (0, 1):
            continue
        mixed = ed_encode(ed_add(ed_mul(secret, B), point))
        nonce = ed_encode(ed_mul(9, B))
        for order, wanted in ((True, True), (False, False)):
            found = next(
                m for m in messages() if (ed_mul(challenge(nonce, mixed, m), point) == (0, 1)) == order
            )
            s_value = (9 + challenge(nonce, mixed, found) * secret) % L
            outcome = "cancels" if order else "does not cancel; only a check with cofactor accepts it"
            row(f"mixed key {index} whose small part {outcome}", mixed, found, nonce + scalar(s_value), wanted)
        mixed_r = ed_encode(ed_add(ed_mul(9, B), point))
        s_value = (9 + challenge(mixed_r, key, message) * secret) % L
        row(f"mixed R {index}; only a check with cofactor accepts it", key, message, mixed_r + scalar(s_value), False)
        # Both have a small part, and the signer arranges that they cancel.
        for m in messages():
            k = challenge(mixed_r, mixed, m)
            if ed_add(ed_mul(k, point), point) == (0, 1):
                s_value = (9 + k * secret) % L
                row(f"mixed key and mixed R {index} that cancel", mixed, m, mixed_r + scalar(s_value), True)
                break

    # Encodings with y of p or more: 19 values of y, each with both signs.
    for y in range(Q, 2**255):
        for sign in (0, 1):
            odd_key = (y | sign << 255).to_bytes(32, "little")
            row(f"the y of the key is p + {y - Q}, sign {sign}", odd_key, message, signature, False)
            k = challenge(odd_key, key, message)
            s_value = k * secret % L
            row(f"the y of R is p + {y - Q}, sign {sign}", key, message, odd_key + scalar(s_value), False)
    return rows


def small_order_points():
    # The torsion part of a point: multiply by L.
    y = 2
    while True:
        point = ed_lift(y, 0)
        if point is not None:
            generator = ed_mul(L, point)
            if ed_mul(4, generator) != (0, 1):
                return [ed_mul(i, generator) for i in range(8)]
        y += 1


def encodings(point):
    yield "canonical", ed_encode(point)
    if point[0] == 0:
        yield "sign bit set although x is 0", flip(ed_encode(point))
    if point[1] + Q < 2**255:
        wide = (point[1] + Q | (point[0] % 2) << 255).to_bytes(32, "little")
        yield "y + p", wide
        if point[0] == 0:
            yield "y + p and sign bit", flip(wide)


def flip(encoded):
    return encoded[:31] + bytes([encoded[31] ^ 0x80])


def messages():
    for i in range(10_000):
        yield b"message %d" % i


# ---- Keccak-f[1600] with Ethereum's padding; EIP-191; bech32m of BIP-350; section 4.3 of docs/spec/formats.md ----


def keccak256(data):
    def rotate(value, by):
        return (value << by | value >> (64 - by)) & (2**64 - 1)

    rate, state = 136, [[0] * 5 for _ in range(5)]
    padded = bytearray(data + b"\x01" + bytes(-(len(data) + 1) % rate))
    padded[-1] |= 0x80
    for block in range(0, len(padded), rate):
        for i in range(rate // 8):
            state[i % 5][i // 5] ^= le(padded[block + 8 * i : block + 8 * i + 8])
        lfsr = 1
        for _ in range(24):
            columns = [a[0] ^ a[1] ^ a[2] ^ a[3] ^ a[4] for a in state]
            for x in range(5):
                mixed = columns[(x + 4) % 5] ^ rotate(columns[(x + 1) % 5], 1)
                for y in range(5):
                    state[x][y] ^= mixed
            x, y, current = 1, 0, state[1][0]
            for t in range(24):
                x, y = y, (2 * x + 3 * y) % 5
                current, state[x][y] = state[x][y], rotate(current, (t + 1) * (t + 2) // 2 % 64)
            for y in range(5):
                line = [state[x][y] for x in range(5)]
                for x in range(5):
                    state[x][y] = line[x] ^ (~line[(x + 1) % 5] & line[(x + 2) % 5])
            for j in range(7):
                lfsr = (lfsr << 1 ^ (lfsr >> 7) * 0x71) % 256
                if lfsr & 2:
                    state[0][0] ^= 1 << ((1 << j) - 1)
    return b"".join(state[i % 5][i // 5].to_bytes(8, "little") for i in range(4))


def ethereum():
    assert keccak256(b"").hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
    rows = []
    texts = ["Some data", "", "a" * 9, "a" * 10, "é∑🌍", "MMT claim\n" + "00" * 32 + "\nmmt1example", "x" * 1000]
    for i, text in enumerate(texts):
        secret = 0x4C0883A69102937D6231471B5DBB6204FE5129617082792AE468D01A3F362318 + i
        message = text.encode()
        digest = keccak256(b"\x19Ethereum Signed Message:\n%d" % len(message) + message)
        r, s, recovery = ecdsa(secret, digest)
        key = mul(secret, G)
        rows.append(
            {
                "secret": b32(secret).hex(),
                "text": text,
                "signature": (b32(r) + b32(s) + bytes([27 + recovery])).hex(),
                "address": keccak256(b32(key[0]) + b32(key[1]))[12:].hex(),
            }
        )
    # The example of web3.eth.accounts.sign in the documentation of web3.js.
    assert rows[0]["address"] == "2c7536e3605d9c16a7a3d7b1898e529396a65c23"
    assert rows[0]["signature"].startswith("b91467e570a6466aa9e9876cbcd013baba02900b8979d43fe208a4a4f339f5fd")
    return rows


CHARSET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


def bech32m(prefix, data):
    bits = "".join(f"{byte:08b}" for byte in data)
    bits += "0" * (-len(bits) % 5)
    words = [int(bits[i : i + 5], 2) for i in range(0, len(bits), 5)]
    values = [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix] + words + [0] * 6
    checksum = 1
    for value in values:
        top = checksum >> 25
        checksum = (checksum & 0x1FFFFFF) << 5 ^ value
        for i, generator in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            checksum ^= generator if top >> i & 1 else 0
    checksum ^= 0x2BC830A3
    return prefix + "1" + "".join(CHARSET[word] for word in words + [checksum >> 5 * (5 - i) & 31 for i in range(6)])


def addresses():
    # BIP-350's list of valid segregated witness addresses has this program of 32 bytes, behind a version.
    rows = []
    for i, prefix in enumerate(["mmt", "a", "abcdefghijklmnop", "zzm", "hkt"]):
        data = [bytes(32), b"\xff" * 32, sha256(b"0"), sha256(b"1"), sha256(b"2")][i]
        rows.append({"bytes": data.hex(), "prefix": prefix, "text": bech32m(prefix, data)})
    return rows


def module_addresses():
    rows = []
    for module, label in [("token", b""), ("a", b"\x00"), ("tokenRewards", b"pool"), ("m" * 32, bytes(range(64)))]:
        name = module.encode()
        preimage = b"mmt/module/1".ljust(16, b"\x00") + bytes([len(name)]) + name + bytes([len(label)]) + label
        rows.append({"module": module, "label": label.hex(), "address": sha256(preimage).hex()})
    return rows


FILES = {
    "rfc6979-secp256k1.json": secp256k1_signatures,
    "secp256k1-edges.json": secp256k1_edges,
    "rfc8032-ed25519.json": ed25519_signatures,
    "ed25519-edges.json": ed25519_edges,
    "eip191-ethereum.json": ethereum,
    "bip350-addresses.json": addresses,
    "formats-4.3-modules.json": module_addresses,
}

if __name__ == "__main__":
    for file, make in FILES.items():
        text = json.dumps({"source": "reference.py", "vectors": make()}, indent=2, ensure_ascii=True) + "\n"
        path = HERE / file
        if sys.argv[1:] == ["check"]:
            assert path.read_text() == text, f"{file} is stale"
        else:
            path.write_text(text)
        print(file, "ok")
