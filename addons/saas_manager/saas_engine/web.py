"""Ask a tenant service for a page the way a browser does: its address, the tenant's host."""

import re
import time

import requests

from .errors import RetryableError

CONNECT_SECONDS, READ_SECONDS = 3, 45
POLL_SECONDS = 0.15
LOGIN_FORM = (b'name="login"', b'name="password"')
ASSET = re.compile(r'(?:src|href)="(/web/assets/[^"]+)"')


def get(base_url, host, path):
    """Fetch a page from a service.

    :param str base_url: where the service or the proxy in front of it listens
    :param str host: the Host header; no name is resolved
    :return: a `requests.Response`; redirects are not followed, they would lead to public names
    """
    with requests.Session() as session:
        session.trust_env = False  # a proxy for the outside world has no part in this
        return session.get(
            base_url + path, headers={"Host": host}, timeout=(CONNECT_SECONDS, READ_SECONDS), allow_redirects=False
        )


def wait_for_login_page(base_url, host, seconds):
    """Poll the login page until it is there.

    :return: its HTML
    :raise RetryableError: it was not within this time; says what was seen instead
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            response = get(base_url, host, "/web/login")
            if response.status_code == 200 and all(part in response.content for part in LOGIN_FORM):
                return response.text
            seen = f"HTTP {response.status_code}{' without a login form' if response.ok else ''}"
        except requests.RequestException as error:
            seen = f"{type(error).__name__}: {error}"
        if time.monotonic() >= deadline:
            raise RetryableError(f"The login page of {host} did not answer at {base_url}: {seen}", seconds=10)
        time.sleep(POLL_SECONDS)


def missing_assets(base_url, host, html):
    """Return the scripts and styles of a page that can't be had, as "path (HTTP 404)"."""
    missing = []
    for path in dict.fromkeys(ASSET.findall(html)):
        response = get(base_url, host, path)
        if response.status_code != 200:
            missing.append(f"{path} (HTTP {response.status_code})")
    return missing
