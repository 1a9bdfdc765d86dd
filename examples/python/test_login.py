"""A login with a code by text message at Messente Verigator, tested without an account and without waiting."""

import json
import urllib.error
import urllib.request


class Verigator:
    """The code under test; yours is a client of whatever kind."""

    def __init__(self, base_url, username, password):
        self.base_url = base_url
        self.credential = f"{username}:{password}"

    def call(self, method, path, body=None):
        request = urllib.request.Request(
            f"{self.base_url}/v1/service{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "X-Service-Auth": self.credential,
                "Accept": "application/json",
                "Content-Type": "application/json",
            },
        )
        with urllib.request.urlopen(request) as response:
            return json.load(response)


def client(emulator):
    env = emulator.env("verigator")
    return Verigator(env["VERIGATOR_BASE_URL"], env["VERIGATOR_USERNAME"], env["VERIGATOR_PASSWORD"])


def started(verigator):
    """A login of anna that waits for her code: its path."""
    service = verigator.call("POST", "/service", {"fqdn": "coffeeshop.com", "name": "CoffeeShop"})
    users = f"/service/{service['id']}/users"
    user = verigator.call("POST", users, {"id_in_service": "anna", "phone_number": "+37251000001"})
    path = f"{users}/{user['id']}/auth"
    verigator.call("POST", path, {"method": "sms"})
    return path


def test_the_code_logs_anna_in(emulator):
    verigator = client(emulator)
    path = started(verigator)
    (code,) = emulator.codes(subject="anna")
    assert verigator.call("PUT", path, {"token": code["code"]})["verified"]


def test_codes_expire(emulator):
    verigator = client(emulator)
    path = started(verigator)
    (code,) = emulator.codes(subject="anna")
    emulator.advance(301)
    assert not verigator.call("PUT", path, {"token": code["code"]})["verified"]


def test_an_outage_sends_no_message(emulator):
    emulator.fail_next("verigator", 503, method="POST")
    try:
        started(client(emulator))
        raise AssertionError("the outage was not noticed")
    except urllib.error.HTTPError as error:
        assert error.code == 503
    assert emulator.control("GET", "/effects") == {}


def test_a_wrong_password_is_explained(emulator):
    env = emulator.env("verigator")
    try:
        Verigator(env["VERIGATOR_BASE_URL"], env["VERIGATOR_USERNAME"], "wrong").call("GET", "/service/1")
        raise AssertionError("a wrong password was accepted")
    except urllib.error.HTTPError as error:
        reasons = emulator.explain(error.headers["x-emulator-request-id"])
    assert len(reasons) == 1 and reasons[0].startswith("credential"), reasons
