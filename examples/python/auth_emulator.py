"""The emulator in Python tests: copy this file beside your tests. It requires Python 3.9 and the program `auth-emulator`.

With pytest, add `from auth_emulator import auth_emulator, emulator` to your conftest.py, and take `emulator` as an argument. If
AUTH_EMULATOR_READY_FILE is set, the tests share that running emulator, also those of several processes.
"""

import hashlib
import json
import os
import shutil
import ssl
import subprocess
import urllib.error
import urllib.parse
import urllib.request


class ControlError(Exception):
    """The emulator rejected a control."""


# Not through the proxy of HTTP_PROXY: the emulator is on this machine.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Emulator:
    """A running emulator. Use it in a `with` statement, or call `stop`."""

    def __init__(self, ready, process=None):
        self.ready = ready
        self._process = process

    @classmethod
    def start(cls, *arguments):
        """Starts the program, for example with `"--seed", "7", "--set", "virtuous.calls_per_hour=10"`."""
        program = os.environ.get("AUTH_EMULATOR") or shutil.which("auth-emulator")
        if not program:
            raise RuntimeError("auth-emulator is not in the PATH; set AUTH_EMULATOR, or run: cargo install --path crates/auth-emulator")
        # A child stops when its standard input ends, so also if these tests are killed.
        command = [program, "serve", "--child", "--log", "warn", *arguments]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"auth-emulator ended with exit code {process.wait()}; its message is above")
        return cls(json.loads(line), process)

    @classmethod
    def attach(cls, ready_file):
        """The emulator that `auth-emulator serve --ready-file` has started."""
        with open(ready_file, encoding="utf-8") as file:
            return cls(json.load(file))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        if self._process:
            self._process.terminate()
            self._process.wait()
            self._process.stdin.close()
            self._process.stdout.close()
            self._process = None

    def namespace(self, name):
        """An emulator of its own in the same process: data, settings, clock, journal and faults. Its base URLs are others."""
        return Emulator(self.control("POST", "/namespaces", {"name": name}))

    def env(self, provider):
        """The environment variables that configure a client, base URL included."""
        return self.ready["providers"][provider]["env"]

    def base_url(self, provider):
        return self.ready["providers"][provider]["base_url"]

    def ssl_context(self):
        """Trusts the emulator's certificates; for `--tls`."""
        return ssl.create_default_context(cadata=self.ready["tls"]["ca_pem"])

    def control(self, method, path, body=None, **query):
        """Calls the control API; `GET /catalog` lists what there is."""
        if query:
            path += "?" + urllib.parse.urlencode(query)
        request = urllib.request.Request(
            self.ready["control"]["url"] + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": "Bearer " + self.ready["control"]["token"]},
        )
        try:
            with _opener.open(request) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            with error:
                raise ControlError(json.load(error)["error"]["message"]) from None

    def codes(self, subject=None):
        """The codes and push requests that a person would see now."""
        return self.control("GET", "/pending-codes", **({"subject": subject} if subject else {}))

    def decide(self, code_id, decision):
        """`approve`, `deny` or `expire`."""
        return self.control("POST", f"/pending-codes/{urllib.parse.quote(code_id, safe='')}/{decision}")

    def advance(self, seconds):
        """Moves the clock forward instead of waiting."""
        return self.control("POST", "/clock", {"advance_seconds": seconds})

    def fail_next(self, provider, status=503, **rule):
        """Makes the next request fail; `times=2`, `method="GET"` and others narrow it."""
        return self.control("POST", "/faults", {"provider": provider, "fault": {"status": status}, **rule})

    def journal(self, **filters):
        return self.control("GET", "/journal", **filters)

    def explain(self, request_id):
        """Why a request was rejected; the id is the response's `x-emulator-request-id`."""
        checks = self.control("GET", f"/explain/{request_id}")["checks"]
        return [f"{check['check']}: {check.get('reason')}" for check in checks if check["outcome"] == "fail"]

    def reset(self, what="all"):
        return self.control("POST", f"/reset/{what}")


try:
    import pytest
except ImportError:
    pass
else:

    @pytest.fixture(scope="session")
    def auth_emulator():
        """The running emulator of AUTH_EMULATOR_READY_FILE, or one for all tests of this process."""
        ready_file = os.environ.get("AUTH_EMULATOR_READY_FILE")
        with Emulator.attach(ready_file) if ready_file else Emulator.start() as emulator:
            yield emulator

    @pytest.fixture
    def emulator(auth_emulator, request):
        """A namespace of its own for each test, so that tests can run in parallel. The same test gets the same ids and tokens, with
        pytest-xdist on the same worker."""
        test = os.environ.get("PYTEST_XDIST_WORKER", "") + " " + request.node.nodeid
        name = "test-" + hashlib.sha256(test.encode()).hexdigest()[:32]
        if name in auth_emulator.control("GET", "/namespaces"):
            # An earlier run was aborted.
            auth_emulator.control("DELETE", f"/namespaces/{name}")
        yield auth_emulator.namespace(name)
        auth_emulator.control("DELETE", f"/namespaces/{name}")
