"""Talking to the manager as its administrator, the way the web client does (it works on every series)."""

import json
import urllib.error
import urllib.request

from stack.errors import StackError

TIMEOUT = 120


class ManagerError(StackError):
    """The manager answered with an error."""


class Manager:
    """A session at the manager service.

    :param int port: the service's own port: it must answer before the public door opens
    :param str host: the name it is published under
    """

    def __init__(self, port, host, database, login, password):
        self.address, self.host = f"http://127.0.0.1:{port}", host
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor())
        self._post("/web/session/authenticate", {"db": database, "login": login, "password": password})

    def call(self, model, method, *arguments, **keywords):
        params = {"model": model, "method": method, "args": list(arguments), "kwargs": keywords}
        return self._post(f"/web/dataset/call_kw/{model}/{method}", params)

    def _post(self, path, params):
        body = json.dumps({"jsonrpc": "2.0", "method": "call", "params": params}).encode()
        headers = {"Content-Type": "application/json", "Host": self.host}
        request = urllib.request.Request(self.address + path, body, headers)  # noqa: S310 - http, this machine
        try:
            with self.opener.open(request, timeout=TIMEOUT) as response:
                answer = json.load(response)
        except (urllib.error.URLError, TimeoutError) as error:
            raise ManagerError(f"The manager does not answer {path}: {error}") from error
        if "error" in answer:
            data = answer["error"].get("data") or {}
            raise ManagerError(f"The manager refused {path}: {data.get('message') or answer['error']['message']}")
        return answer["result"]
