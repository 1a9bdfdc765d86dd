"""Programs as the vendors' pages describe them, with Python's standard library, curl and jq, against an emulator that takes the
pages literally (`vendor-pages.yaml`). No client of this project is involved: emulator and clients can't be wrong in the same way.

Needs `auth_emulator.py` of `examples/python` in PYTHONPATH, and AUTH_EMULATOR, the program.
"""

import base64
import email.utils
import hashlib
import hmac
import http.cookiejar
import json
import os
import pathlib
import subprocess
import tempfile
import urllib.error
import urllib.parse
import urllib.request

from auth_emulator import Emulator

HERE = pathlib.Path(__file__).parent


def send(emulator, method, url, headers, body=None, expected=(200,), opener=None):
    """Sends a request and returns the JSON of the response."""
    opener = opener or urllib.request.build_opener(urllib.request.HTTPSHandler(context=emulator.ssl_context()))
    data = None if body is None else body.encode()
    try:
        response = opener.open(urllib.request.Request(url, data, headers, method=method))
    except urllib.error.HTTPError as error:
        response = error
    with response:
        text = response.read().decode()
        assert response.status in expected, f"{method} {url}: {response.status} {text}"
    return json.loads(text) if text.startswith(("{", "[")) else text


def verigator(emulator):
    env = emulator.env("verigator")
    headers = {
        "Accept": "application/json",
        "Content-Type": "application/json",
        # "username and password concatenated with semicolon"
        "X-Service-Auth": env["VERIGATOR_USERNAME"] + ";" + env["VERIGATOR_PASSWORD"],
    }
    url = emulator.base_url("verigator")

    def call(method, path, body=None, expected=(200,)):
        return send(emulator, method, url + path, headers, body and json.dumps(body), expected)

    made = call("POST", "/v1/service/service", {"fqdn": "coffeeshop.com", "name": "CoffeeShop"}, (201,))
    assert made["name"] == "CoffeeShop" and made["ctime"] and made["id"]
    users = f"/v1/service/{made['id']}/users"
    user = call("POST", users, {"id_in_service": "anna", "phone_number": "+37251000001"}, (201,))
    auth = f"{users}/{user['id']}/auth"
    call("POST", auth, {"method": "totp"}, (201,))
    code = [code for code in emulator.codes("anna") if code["provider"] == "verigator"][-1]["code"]
    assert call("PUT", auth, {"token": code})["verified"]


def revesecure(emulator):
    env = emulator.env("revesecure")
    url = urllib.parse.urlsplit(emulator.base_url("revesecure"))
    api_key, secret_key = env["REVESECURE_API_KEY"], env["REVESECURE_SECRET_KEY"]

    def call(method, path, body=None, expected=(200,)):
        text = "" if body is None else json.dumps(body)
        path = "/rest/v1/" + path
        # The string of the sample: Fri, 08 Dec 2017 17:29:18 -0000 POST dashboard.revesecure.com /rest/v1/users { … }
        date = email.utils.formatdate()
        signed = " ".join([date, method, url.hostname.lower(), path, text])
        password = hmac.new(bytes.fromhex(secret_key), signed.encode(), hashlib.sha256).hexdigest()
        basic = base64.b64encode(f"{api_key}:{password}".encode()).decode()
        headers = {"Date": date, "Authorization": "Basic " + basic, "Content-Type": "application/json"}
        return send(emulator, method, url.geturl() + path, headers, text or None, expected)

    assert call("GET", "organization")["ActivationStatus"] == "Active"
    assert call("GET", "billing")["AllowedUserCount"] == 150
    user = {
        "EmailId": "test1@example.com", "ContactNumber": "8123465790", "CountryCode": "91",
        "UserName": "test1@example.com", "FirstName": "John", "LastName": "Doe",
    }
    assert call("POST", "users", user) == user, "the sample prints what is sent"
    user_id = call("GET", "users")[0]["UserId"]
    assert call("GET", "users/0/10")["details"][0]["UserId"] == user_id
    update = {"UserId": user_id, "Email": "test1@example.com", "CountryCode": 91, "ContactNumber": 8123456789}
    call("PUT", "users", update)
    # "atleast one should be present other than userId and also country code and ContactNumber should co-exist"
    call("PUT", "users", {"UserId": user_id}, (400,))
    call("PUT", "users", {"UserId": user_id, "CountryCode": 91}, (400,))
    assert call("GET", "users/" + user_id)["FirstName"] == "John"

    call("POST", "services", {"name": "test_service", "type": "WEB_API"})
    service = next(one for one in call("GET", "services") if one["ServiceName"] == "test_service")["ServiceId"]
    call("PUT", "services", {"ServiceId": service, "ServiceName": "test1_service"})
    call("PUT", "services", {"ServiceId": service}, (400,))
    assert call("GET", "services/" + service)["ServiceName"] == "test1_service"
    assert call("GET", "services/0/10")["count"] == 2
    call("POST", "services/map", {"ServiceId": service, "UserId": [user_id]})
    call("POST", "services/unmap", {"ServiceId": service, "UserId": user_id})
    call("DELETE", "services/" + service)

    call("POST", "tokens", {"TokenName": "test_token", "SerialNumber": "1656565465", "HardwareType": "Seamon-3000"})
    tokens = call("GET", "tokens")
    token = next(one for one in tokens if one["TokenType"] == "Hardware")
    phone = next(one for one in tokens if one["TokenType"] == "Software")["TokenId"]
    assert token["UserId"] is None and token["AssignedUser"] == "Unassigned"
    token = token["TokenId"]
    call("POST", "tokens/assign", {"UserId": user_id, "TokenId": token})
    call("PUT", "tokens", {"TokenId": token, "TokenName": "test1_token", "TokenBlocked": "yes"})
    call("PUT", "tokens", {"TokenId": token}, (400,))
    assert call("GET", "tokens/" + token)["info"]["TokenBlocked"] == "yes"
    assert call("GET", "tokens/0/10")["count"] == 2
    call("POST", "tokens/unassign", {"UserId": user_id, "TokenId": token})
    call("DELETE", "tokens/" + token)
    call("POST", "bypassCodes", {"userId": user_id, "number": 1})
    codes = call("GET", "bypassCodes/" + user_id)
    assert codes["bypassCodeStatus"] == "Enabled" and len(codes["codes"]) == 1

    own = call("GET", "services")[0]["ServiceId"]
    call("POST", "services/map", {"ServiceId": own, "UserId": [user_id]})
    login = {"ApiKey": api_key, "LoginName": "root", "UserName": "test1@example.com"}
    found = call("POST", "validate/user", login | {"IP": "2.2.2.2"})
    assert found["R2faStatus"] == "Enabled" and found["AuthMethods"] in (0, 1, 2)
    otp = {"EndUserIP": "2.2.2.2", "OTP": codes["codes"][0]["BypassCode"], "AuthType": "B"}
    for result in ("OTP VALID", "OTP INVALID"):
        answer = call("POST", "validate/user/otp", login | otp)
        assert answer["data"]["AuthResult"] == result and answer["status"]["code"] == 200
    push = call("POST", "validate/user/push", login | {"EndUserIP": "2.2.2.2", "TokenId": phone})["PushTxnId"]
    query = {"ApiKey": api_key, "PushTxnId": push}
    waiting = call("POST", "validate/user/push/status", query)["PushState"]
    emulator.decide(push, "approve")
    assert call("POST", "validate/user/push/status", query)["PushState"] != waiting
    machine = {"ApiKey": api_key, "LoginName": "root", "DeviceUID": "DeviceUID", "R2faStatus": True}
    assert call("POST", "validate/register/user", machine)["data"] == {}
    call("DELETE", "bypassCodes/" + user_id)
    call("DELETE", "users/" + user_id)


def vise(emulator):
    env = emulator.env("vise")
    token = {"Authorization": "Bearer " + env["VISE_API_TOKEN"]}
    domains = send(emulator, "GET", env["VISE_DASHBOARD_URL"] + "/domains", token)
    domains = domains if isinstance(domains, list) else domains["data"]
    domains = [domain for domain in domains if domain.get("domain_vise_url")]
    assert domains
    for domain in domains:
        # "creating a requests session": cookies and redirects.
        session = urllib.request.build_opener(
            urllib.request.HTTPSHandler(context=emulator.ssl_context()),
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()),
        )
        host = "https://" + domain["domain_vise_url"]
        send(emulator, "GET", f"{host}/auth?pfk={domain['domain_vise_phrase']}", {}, opener=session)
        # "you also need to make use of your API token once again"
        send(emulator, "GET", host + "/domains", token, opener=session)


def curl(*arguments, expected="200"):
    command = ["curl", "-sS", "-w", "\n%{http_code}", *arguments]
    text, status = subprocess.run(command, check=True, capture_output=True, text=True).stdout.rsplit("\n", 1)
    assert status == expected, f"{arguments[-1]}: {status} {text}"
    return json.loads(text) if text.startswith(("{", "[")) else text


def virtuous(emulator):
    env = emulator.env("virtuous")
    quoted = {name: urllib.parse.quote(env["VIRTUOUS_" + name], safe="") for name in ("USERNAME", "PASSWORD")}
    login = f"grant_type=password&username={quoted['USERNAME']}&password={quoted['PASSWORD']}"
    token_url = emulator.base_url("virtuous") + "/Token"
    for placement in ("header", "form"):
        emulator.control("POST", "/providers/virtuous/settings", {"otp_placement": placement})
        curl("-d", login, "-X", "POST", token_url, expected="202")
        code = emulator.codes(env["VIRTUOUS_USERNAME"])[-1]["code"]
        if placement == "header":
            tokens = curl("-d", login, "-H", f"OTP: {code}", "-X", "POST", token_url)
        else:
            tokens = curl("-d", f"{login}&otp={code}", "-X", "POST", token_url)
        refresh = "grant_type=refresh_token&refresh_token=" + urllib.parse.quote(tokens["refresh_token"], safe="")
        tokens = curl("-d", refresh, "-X", "POST", token_url)
        authorization = "Authorization: Bearer " + tokens["access_token"]
        curl("-H", authorization, emulator.base_url("virtuous") + "/api/Organization")


def vault_vision(emulator):
    subprocess.run(["bash", "vaultvision.sh"], check=True, cwd=HERE, env=os.environ | emulator.env("vaultvision"))


def main():
    seed = pathlib.Path(os.environ["VENDOR_PAGES"])
    with tempfile.TemporaryDirectory() as folder:
        ca = pathlib.Path(folder) / "ca.pem"
        with Emulator.start("--tls", "--seed", str(seed)) as emulator:
            ca.write_text(emulator.ready["tls"]["ca_pem"])
            os.environ["CURL_CA_BUNDLE"] = str(ca)
            for page in (verigator, revesecure, vise, virtuous, vault_vision):
                page(emulator)
                print("passed:", page.__name__)


main()
