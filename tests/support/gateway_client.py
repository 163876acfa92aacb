"""HTTP, RPC and websockets as a browser or a program speaks them to one host of a tenant service."""

import concurrent.futures
import http.client
import http.cookies
import json
import time

import websocket

TIMEOUT = 60


class RpcError(Exception):
    """The service answered with an error; the message is what it says."""


class Response:
    """Status, headers and body of one answer."""

    def __init__(self, answer):
        self.status = answer.status
        self.headers = answer.headers
        self.body = answer.read()
        self.text = self.body.decode(errors="replace")

    def json(self):
        return json.loads(self.body)


class Client:
    """Talks to one host. Knows one session at most, that of `login`.

    :param str host: the Host header; no name is resolved
    :param str db: the host's database
    """

    def __init__(self, port, gevent_port, host, db):
        self.port, self.gevent_port, self.host, self.db = port, gevent_port, host, db
        self.cookie = None

    def request(self, path, method="GET", body=None, host=None, port=None, **headers):
        """Send one request on a connection of its own, so that any worker may take it.

        :param headers: as keywords with underscores
        """
        connection = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=TIMEOUT)
        sent = {"Host": self.host if host is None else host, "Accept": "text/html"}
        if self.cookie:
            sent["Cookie"] = f"session_id={self.cookie}"
        sent.update({name.replace("_", "-"): value for name, value in headers.items()})
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            payload = body.encode() if isinstance(body, str) else body
            for name, value in sent.items():
                connection.putheader(name, value)
            if payload is not None:
                connection.putheader("Content-Length", str(len(payload)))
            connection.endheaders(payload)
            return Response(connection.getresponse())
        finally:
            connection.close()

    def status(self, path="/web/login", **options):
        """Return the status of a request."""
        return self.request(path, **options).status

    def everywhere(self, status, path="/web/login"):
        """Tell whether every worker answers so: requests at the same time are taken by all of them."""
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            return all(pool.map(lambda _: self.status(path) == status, range(8)))

    def is_up(self):
        """Tell whether the process answers for itself."""
        try:
            return self.status("/web/health") == 200
        except OSError:
            return False

    def post_json(self, path, params):
        """Post JSON-RPC parameters and return the raw answer."""
        body = json.dumps({"jsonrpc": "2.0", "method": "call", "params": params})
        return self.request(path, "POST", body, Accept="application/json", Content_Type="application/json")

    def call(self, path, params):
        """Return the result of a JSON route.

        :raise RpcError: with the error's name and message
        """
        answer = self.post_json(path, params)
        if answer.status != 200:
            raise RpcError(f"HTTP {answer.status}: {answer.text[:300]}")
        content = answer.json()
        if "error" in content:
            data = content["error"]["data"]
            raise RpcError(f"{data['name']}: {data['message']}")
        return content.get("result")

    def rpc(self, service, method, *args):
        """Call /jsonrpc."""
        return self.call("/jsonrpc", {"service": service, "method": method, "args": args})

    def execute(self, model, method, *args, db=None, uid=2, password="admin", **kwargs):
        """Call a method of a model as the tenant's administrator."""
        return self.rpc("object", "execute_kw", db or self.db, uid, password, model, method, args, kwargs)

    def login(self, login="admin", password="admin"):
        """Open a session and keep its cookie; return self."""
        params = {"db": self.db, "login": login, "password": password}
        answer = self.post_json("/web/session/authenticate", params)
        if "error" in answer.json():
            raise RpcError(answer.text[:500])
        cookies = http.cookies.SimpleCookie()
        for value in answer.headers.get_all("Set-Cookie"):
            cookies.load(value)
        self.cookie = cookies["session_id"].value
        return self

    def websocket(self):
        """Open a websocket of the evented process with the session."""
        cookie = f"session_id={self.cookie}" if self.cookie else None
        return websocket.create_connection(
            f"ws://127.0.0.1:{self.gevent_port}/websocket",
            host=self.host,
            origin=f"http://{self.host}",
            cookie=cookie,
            timeout=TIMEOUT,
        )


def seconds_until(check, limit=30, step=0.02):
    """Return how long it took until `check()` was true.

    :raise AssertionError: it was not within the limit
    """
    start = time.monotonic()
    while not check():
        if time.monotonic() - start > limit:
            raise AssertionError(f"not within {limit} s")
        time.sleep(step)
    return time.monotonic() - start
