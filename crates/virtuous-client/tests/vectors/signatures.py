#!/usr/bin/env python3
"""Writes hmac.json and webhooks.json beside this file: signatures of Virtuous's, made with the standard library alone.

Follows the vendor's sample (VirtuousCRM/HMAC-Auth): application key, percent-encoded address in lower case, method,
nonce and Unix time, joined by nothing and put in lower case; HMAC-SHA256 with the base64-decoded private key; base64.
The percent-encoding is that of .NET's WebUtility.UrlEncode. Run it again after a change: python3 signatures.py
"""

import base64
import hashlib
import hmac
import json
import pathlib
import random
import urllib.parse


def url_encode(value):
    # quote_plus never touches letters, digits and `_.-~`; .NET also leaves `!*()` and does encode the tilde.
    return urllib.parse.quote_plus(value, safe="!*()").replace("~", "%7E")


def vector(application_key, private_key, method, secure, host, port, target, nonce, time):
    default = 443 if secure else 80
    authority = host if port in (None, default) else f"{host}:{port}"
    address = f"{'https' if secure else 'http'}://{authority}{target}".lower()
    text = f"{application_key}{url_encode(address)}{method}{nonce}{time}".lower()
    digest = hmac.new(base64.b64decode(private_key), text.encode("utf-8"), hashlib.sha256).digest()
    signature = base64.b64encode(digest).decode("ascii")
    return {
        "application_key": application_key,
        "private_key": private_key,
        "method": method,
        "secure": secure,
        "host": host,
        "port": port,
        "target": target,
        "nonce": nonce,
        "time": time,
        "text": text,
        "header": f"Hmac {application_key}:{signature}:{nonce}:{time}",
    }


def guid(source):
    text = f"{source.getrandbits(128):032x}"
    return "-".join([text[:8], text[8:12], "4" + text[13:16], "a" + text[17:20], text[20:]])


def main():
    source = random.Random(20180301)
    demo_key = base64.b64encode(b"0123456789abcdef0123456789abcdef").decode("ascii")
    host = "api.virtuoussoftware.com"
    first = vector(
        "DEMOAPP",
        demo_key,
        "POST",
        True,
        host,
        None,
        "/api/v2/gift/transaction/",
        "0f8fad5b-d9cb-469f-a165-70867728950e",
        1700000000,
    )
    assert first["header"].split(":")[1] == "jDX+a0Y+eOwNWVUaNXgzJWeFRaGwYiBtiLLtp07pZEc="
    vectors = [first]
    targets = [
        "/api/Contact/ByReference/17",
        "/api/Contact/ByReference/crm%2F17",
        "/api/Contact/ByReference/crm%2f17",
        "/api/Contact/ByReference/a%20b",
        "/api/Contact/ByReference/a+b",
        "/api/Contact/ByReference/%C3%A9t%C3%A9",
        "/api/Contact/ByReference/(1)!*'",
        "/api/Contact/ByReference/a~b",
        "/api/Contact/ByReference/A_b.C-d",
        "/api/Contact/ByReference/100%25",
        "/api/Contact/ByReference/x@y.org",
        "/api/Contact/ByReference/$1,2;3=4&5",
        "/api/Gift/ByReference/17",
        "/api/Gift/ByReference/17?skip=0&take=10",
        "/api/Gift/ByReference/17?excludeReferenceOriginatedGifts=true&skip=20&take=1000",
        "/api/Gift/ByReference/a%2Bb?take=1",
        "/api/v2/Gift/Transaction",
        "/api/v2/Gift/Transactions",
        "/API/V2/GIFT/TRANSACTION/",
        "/",
    ]
    for number, target in enumerate(targets):
        key = base64.b64encode(source.randbytes(8 + 7 * number)).decode("ascii")
        method = ["GET", "POST", "PUT", "PATCH", "DELETE"][number % 5]
        time = [0, 1, 1519862400, 1700000000, 4102444800][number % 5]
        vectors.append(vector("DEMOAPP", key, method, True, host, None, target, guid(source), time))
    places = [
        (True, host, 443),
        (True, host, 8443),
        (True, "gateway.example.org", None),
        (False, "127.0.0.1", 8080),
        (False, "localhost", 80),
        (False, "localhost", None),
    ]
    for secure, name, port in places:
        vectors.append(
            vector("DEMOAPP", demo_key, "GET", secure, name, port, targets[0], guid(source), 1700000001)
        )
    for application_key in ["a", "MixedCase", "12345", "app-key_1.2", "x" * 64, "A/B+C=", "~!*()'"]:
        vectors.append(
            vector(application_key, demo_key, "GET", True, host, None, targets[12], guid(source), 1700000002)
        )
    for nonce in ["0F8FAD5B-D9CB-469F-A165-70867728950E", "00000000-0000-0000-0000-000000000000", "n"]:
        vectors.append(vector("DEMOAPP", demo_key, "GET", True, host, None, targets[0], nonce, 1700000003))
    for size in [1, 64, 65]:
        key = base64.b64encode(source.randbytes(size)).decode("ascii")
        vectors.append(vector("DEMOAPP", key, "GET", True, host, None, targets[0], guid(source), 1700000004))
    assert len(vectors) == 40, len(vectors)
    text = json.dumps(vectors, indent=1, ensure_ascii=True)
    pathlib.Path(__file__).with_name("hmac.json").write_text(text + "\n", encoding="ascii")
    webhooks()


def webhooks():
    """HMAC-SHA256 of a raw body, as base64 and as hexadecimal digits; bodies are in base64, as some are no text."""
    secrets = ["s", "it is a secret", "\u00e9\U0001f600", "x" * 64, "x" * 65]
    bodies = [b"", b"{}", b'{"event":"GiftCreate","gift":{"id":301}}', b" {}\r\n", bytes(range(256)), b"a" * 1000]
    vectors = []
    for secret in secrets:
        for body in bodies:
            digest = hmac.new(secret.encode("utf-8"), body, hashlib.sha256)
            vectors.append(
                {
                    "secret": secret,
                    "body": base64.b64encode(body).decode("ascii"),
                    "base64": base64.b64encode(digest.digest()).decode("ascii"),
                    "hex": digest.hexdigest(),
                }
            )
    text = json.dumps(vectors, indent=1, ensure_ascii=True)
    pathlib.Path(__file__).with_name("webhooks.json").write_text(text + "\n", encoding="ascii")


main()
