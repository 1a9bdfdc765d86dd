#!/usr/bin/env python3
"""Makes signatures.json: test vectors of ReveSecure's request signature, by another hand than the SDK's.

Run it as `python3 make.py`; it needs the standard library only. `python3 make.py --check` compares and changes nothing.
The rules are those of the vendor's page and of its own WordPress plugin: date, METHOD, host, path and body, joined by
single line feeds; HMAC-SHA-256 with the hex-decoded key; lower-case hex; Basic base64(api_key:hmac).

The five vectors whose name begins with `reference_` were computed before this script existed, with other tools; their
signatures stand here as text and the script fails when it finds others.
"""

import base64
import hashlib
import hmac
import json
import pathlib
import sys
from datetime import datetime, timedelta, timezone
from urllib.parse import urlsplit

API_KEY = "demo-api-key"
SECRET = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
BASE = "https://dashboard.revesecure.com"
TIME = 1512754158  # Fri, 08 Dec 2017 17:29:18 UTC

REFERENCES = {
    "reference_a_get": "48fe27ea40a5af37928348920191ebef359c9c300ebb1c42188662e433df5073",
    "reference_b_post": "61e7b740bccb2643866e7e0ca3fa2f48b1f5f233e9e0cffec454cf1fe8ac3929",
    "reference_c_delete": "cf7650c2dddf920b1ac1f72379b5510dc5a518785f4fd42d2a33d6198b8b6e18",
    "reference_d_put_escaped": "a4716671b1a694d0dd319882680b35a8547ac4279ddbe97710335ce10c0ddb08",
    # Duo's documentation, and the tests of its own clients.
    "reference_duo_parameters": "2d97d6166319781b5a3a07af39d366f491234edc",
}
# As A, without the line feed at the end: what a client must not make.
WITHOUT_TRAILING_LF = "6746d39cc3fd3333133d27d58f618507b40e1c4eed4e504cc45ecf0557f38dd8"

DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def rfc2822(seconds, zone):
    at = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=seconds)
    return "%s, %02d %s %04d %02d:%02d:%02d %s" % (
        DAYS[at.weekday()], at.day, MONTHS[at.month - 1], at.year, at.hour, at.minute, at.second, zone)


def vector(name, method, target, body="", *, time=TIME, base=BASE, api_key=API_KEY, secret=SECRET, digest="sha256",
           key_encoding="hex", separator="\n", date=None, zone="-0000", signing_host=None, query="omitted"):
    body = body if isinstance(body, bytes) else body.encode("utf-8")
    key = bytes.fromhex(secret) if key_encoding == "hex" else secret.encode("utf-8")
    date = rfc2822(time, zone) if date is None else date
    host = (signing_host or urlsplit(base).netloc.rsplit("@")[-1].partition(":")[0]).lower()
    path, mark, query_text = target.partition("?")
    signed_path, signed_body = path, body
    if mark and query == "in_path":
        signed_path = target
    elif mark and query == "in_body" and not body:
        signed_body = query_text.encode("utf-8")
    lines = [date.encode(), method.upper().encode(), host.encode(), signed_path.encode(), signed_body]
    canonical = separator.encode().join(lines)
    mac = hmac.new(key, canonical, getattr(hashlib, digest)).hexdigest()
    wanted = REFERENCES.get(name, mac)
    if mac != wanted:
        sys.exit("%s: computed %s, known %s" % (name, mac, wanted))
    header = "Basic " + base64.b64encode((api_key + ":" + mac).encode()).decode()
    settings = {"digest": digest, "key_encoding": key_encoding, "separator": separator, "zone": zone,
                "signing_host": signing_host, "query": query, "fixed_date": None if time is not None else date}
    return {"name": name, "api_key": api_key, "secret_key": secret, "base_url": base, "method": method, "target": target,
            "time": time, "body_hex": body.hex(), "settings": settings, "date": date,
            "canonical": canonical.decode("utf-8", "backslashreplace"), "canonical_hex": canonical.hex(),
            "hmac": mac, "authorization": header}


def defaults():
    """What every client with default settings has to make."""
    v = "/rest/v1/validate/"
    yield vector("reference_a_get", "GET", "/rest/v1/users")
    yield vector("reference_b_post", "POST", "/rest/v1/users", '{"ContactNumber":"8123465790","CountryCode":"91"}')
    yield vector("reference_c_delete", "DELETE", "/rest/v1/users/u1")
    yield vector("reference_d_put_escaped", "PUT", "/rest/v1/users", r'{"UserId":"u1","FirstName":"Zo\u00eb"}')
    # The date.
    yield vector("date_epoch", "GET", "/rest/v1/users", time=0)
    yield vector("date_leap_day", "GET", "/rest/v1/users", time=951782400)
    yield vector("date_last_second_of_a_year", "GET", "/rest/v1/users", time=1546300799)
    yield vector("date_first_second_of_a_year", "GET", "/rest/v1/users", time=1546300800)
    yield vector("date_no_leap_day_in_2100", "GET", "/rest/v1/users", time=4107542400)
    yield vector("date_single_digit_day_and_hour", "GET", "/rest/v1/users", time=1704085445)
    yield vector("date_one_second_later", "GET", "/rest/v1/users", time=TIME + 1)
    for month in range(12):
        at = int(datetime(2024, month + 1, 15, 12, 34, 56, tzinfo=timezone.utc).timestamp())
        yield vector("date_month_%02d" % (month + 1), "GET", "/rest/v1/billing", time=at)
    # The method.
    yield vector("method_get_in_lower_case", "get", "/rest/v1/organization")
    yield vector("method_put_with_body", "PUT", "/rest/v1/tokens", '{"TokenId":"t1","TokenBlocked":"yes"}')
    yield vector("method_post_without_body", "POST", "/rest/v1/users")
    yield vector("method_delete_bypass_codes", "DELETE", "/rest/v1/bypassCodes/vBvamntOzKq7oGhcJEdKYHUmloLIMwAy")
    yield vector("method_delete_with_body", "DELETE", "/rest/v1/users/u1", "{}")
    # The host.
    yield vector("host_in_mixed_case", "GET", "/rest/v1/users", base="https://Dashboard.ReveSecure.COM")
    yield vector("host_with_port", "GET", "/rest/v1/users", base="https://dashboard.revesecure.com:8443")
    yield vector("host_with_default_port", "GET", "/rest/v1/users", base="https://dashboard.revesecure.com:443")
    yield vector("host_ip_with_port", "GET", "/rest/v1/users", base="http://127.0.0.1:40123")
    yield vector("host_localhost_with_port", "GET", "/rest/v1/users", base="http://LOCALHOST:1")
    yield vector("host_other", "GET", "/rest/v1/users", base="https://otp.example.co.uk")
    # The path.
    yield vector("path_case_is_kept", "GET", "/rest/v1/bypassCodes/4xc5Ha1OfWaeCaaP32JgVIuEv4vfMDTr")
    yield vector("path_range", "GET", "/rest/v1/users/1/50")
    yield vector("path_encoded_slash", "GET", "/rest/v1/users/a%2Fb")
    yield vector("path_encoded_space", "GET", "/rest/v1/users/a%20b")
    yield vector("path_encoded_utf8", "GET", "/rest/v1/users/Zo%C3%AB")
    yield vector("path_encoded_percent", "GET", "/rest/v1/users/100%25")
    yield vector("path_key_check", "GET", "/rest/v1/validate/check/demo-api-key")
    yield vector("path_below_a_prefix", "GET", "/gateway/rest/v1/users")
    yield vector("path_root", "GET", "/")
    yield vector("query_is_not_signed", "GET", "/rest/v1/users?page=2")
    # The body.
    yield vector("body_push", "POST", v + "user/push", '{"ApiKey":"demo-api-key","LoginName":"root","UserName":'
                 '"test1@example.com","EndUserIP":"UNKNOWN","TokenId":"t1"}')
    yield vector("body_otp", "POST", v + "user/otp", '{"ApiKey":"demo-api-key","LoginName":"root","UserName":'
                 '"test1@example.com","EndUserIP":"2.2.2.2","OTP":"012345","AuthType":"S"}')
    yield vector("body_registration", "POST", v + "register/user",
                 '{"ApiKey":"demo-api-key","LoginName":"root","DeviceUID":"d-1","R2faStatus":true}')
    yield vector("body_empty_object", "POST", "/rest/v1/users", "{}")
    yield vector("body_with_spaces", "POST", "/rest/v1/users", '{ "a" : 1 }')
    yield vector("body_ends_with_line_feed", "POST", "/rest/v1/users", '{"a":1}\n')
    yield vector("body_begins_with_line_feed", "POST", "/rest/v1/users", '\n{"a":1}')
    yield vector("body_of_line_feeds_only", "POST", "/rest/v1/users", "\n\n")
    yield vector("body_with_carriage_returns", "POST", "/rest/v1/users", '{\r\n"a":1\r\n}')
    yield vector("body_escaped_surrogate_pair", "PUT", "/rest/v1/users", r'{"UserId":"u1","FirstName":"\ud83d\ude00"}')
    yield vector("body_utf8", "PUT", "/rest/v1/users", '{"UserId":"u1","FirstName":"Zo\u00eb \U0001f600"}')
    yield vector("body_escaped_solidus", "POST", "/rest/v1/services", r'{"name":"a\/b","type":"WEB_API"}')
    yield vector("body_plain_solidus", "POST", "/rest/v1/services", '{"name":"a/b","type":"WEB_API"}')
    yield vector("body_escaped_quotes", "POST", "/rest/v1/services", r'{"name":"\"x\" \\ \t","type":"WEB_API"}')
    yield vector("body_with_a_zero_byte", "POST", "/rest/v1/users", b"a\x00b")
    yield vector("body_not_utf8", "POST", "/rest/v1/users", b"\xff\xfe\x80")
    yield vector("body_of_many_blocks", "POST", "/rest/v1/users", '{"a":"%s"}' % ("x" * 5000))
    # The credentials.
    yield vector("secret_in_upper_case_digits", "GET", "/rest/v1/users", secret=SECRET.upper())
    yield vector("secret_of_one_byte", "GET", "/rest/v1/users", secret="ff")
    yield vector("secret_of_a_block", "GET", "/rest/v1/users", secret="0b" * 64)
    yield vector("secret_longer_than_a_block", "GET", "/rest/v1/users", secret="aa" * 131)
    yield vector("secret_of_zeros", "GET", "/rest/v1/users", secret="00" * 32)
    yield vector("api_key_with_padding", "GET", "/rest/v1/users", api_key="k")
    yield vector("api_key_with_punctuation", "GET", "/rest/v1/users", api_key="a b/c+d=~")
    yield vector("api_key_of_the_page", "GET", "/rest/v1/users", api_key="1q3sdv97vfv")


def overrides():
    """What a client makes when one setting differs."""
    yield vector("digest_sha1", "GET", "/rest/v1/users", digest="sha1")
    yield vector("digest_sha512", "GET", "/rest/v1/users", digest="sha512")
    yield vector("key_as_text", "GET", "/rest/v1/users", key_encoding="utf8")
    yield vector("key_as_text_that_is_no_hex", "GET", "/rest/v1/users", key_encoding="utf8", secret="not hex, pass\u00e9")
    yield vector("separator_crlf", "GET", "/rest/v1/users", separator="\r\n")
    yield vector("zone_with_plus", "GET", "/rest/v1/users", zone="+0000")
    yield vector("zone_gmt", "GET", "/rest/v1/users", zone="GMT")
    yield vector("signing_host", "POST", "/rest/v1/users", "{}", base="http://127.0.0.1:9", signing_host="Dashboard.REVESECURE.com")
    yield vector("query_in_path", "GET", "/rest/v1/users?page=2&x=%20", query="in_path")
    yield vector("query_in_body", "GET", "/rest/v1/users?page=2&x=%20", query="in_body")
    yield vector("fixed_date_of_the_plugin", "GET", "/rest/v1/users", time=None, date="12-12-12")
    yield vector("reference_duo_parameters", "POST", "/accounts/v1/account/list", "realname=First%20Last&username=root",
                 api_key="DIWJ8X6AEYOR5OMC6TQ1", secret="Zh5eGmUq9zpfQnyUIu5OL9iWoMMv5ZNmk3zLJ4Ep", digest="sha1",
                 key_encoding="utf8", time=None, date="Tue, 21 Aug 2012 17:29:18 -0000",
                 base="https://api-XXXXXXXX.duosecurity.com")


def document():
    default_vectors = list(defaults())
    first = default_vectors[0]
    shortened = bytes.fromhex(first["canonical_hex"])[:-1]
    mac = hmac.new(bytes.fromhex(SECRET), shortened, hashlib.sha256).hexdigest()
    if mac != WITHOUT_TRAILING_LF:
        sys.exit("the wrong vector: computed %s" % mac)
    wrong = dict(first, name="wrong_without_trailing_line_feed", canonical=shortened.decode(), canonical_hex=shortened.hex(),
                 hmac=mac, authorization="Basic " + base64.b64encode((API_KEY + ":" + mac).encode()).decode())
    return {"about": "Made by make.py; see there.", "defaults": default_vectors, "overrides": list(overrides()),
            "wrong": [wrong]}


def main():
    path = pathlib.Path(__file__).with_name("signatures.json")
    text = json.dumps(document(), indent=1, ensure_ascii=True) + "\n"
    if "--check" in sys.argv:
        if path.read_text() != text:
            sys.exit("signatures.json differs; run make.py")
        return
    path.write_text(text)
    print(len(document()["defaults"]), "with default settings,", len(document()["overrides"]), "with another setting")


if __name__ == "__main__":
    main()
