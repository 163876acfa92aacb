"""The runtime's secret and, while it is being replaced, the one before: read from files, kept as C state.

A rotation writes the new secret's file first and gives the tenants' roles their new passwords then. So whoever is
refused looks at the files again, and tries with what is there now: no restart, and no request that fails.
"""

import threading
from pathlib import Path

from . import naming

PREVIOUS = "_previous"  # behind the name of a file: what was in it before


class Keys:
    """The secrets that count, newest first."""

    def __init__(self):
        self._path = None
        self._seen = None
        self._pairs = ()  # (for passwords, for sign-in links), newest first
        self._mark = ""
        self._lock = threading.Lock()

    def configure(self, path):
        """Read the secret for the first time.

        :param path: of the runtime's secret file
        :raise OSError, ValueError: it can't be read, or is too short
        """
        self._path = Path(path)
        self.refresh()

    def refresh(self):
        """Read the files again if they have changed; tell whether they had.

        :raise OSError, ValueError: as `configure`; what was read before stays
        """
        with self._lock:
            seen = self._state()
            if seen == self._seen:
                return False
            found = self._read_all()
            self._pairs = tuple((naming.password_key(secret), naming.sign_in_secret(secret)) for secret in found)
            self._mark = naming.secret_mark(found[0])
            self._seen = seen
            return True

    def passwords(self, key):
        """Return the passwords that the role of a tenant may have, the likely one first."""
        return [naming.role_password(password_key, key) for password_key, _sign_in in self._pairs]

    def sign_in_keys(self, key):
        """Return the keys that may have signed a tenant's sign-in link."""
        return [naming.sign_in_key(sign_in_secret, key) for _password, sign_in_secret in self._pairs]

    def mark(self):
        """Return what tells the manager that this process knows the newest secret, and nothing else of it."""
        return self._mark

    def _files(self):
        return self._path, self._path.with_name(f"{self._path.name}{PREVIOUS}")

    def _state(self):
        states = [path.stat() if path.exists() else None for path in self._files()]
        return [state and (state.st_ino, state.st_mtime_ns, state.st_size) for state in states]

    def _read_all(self):
        current, previous = self._files()
        secrets = [current.read_bytes().strip()]
        if previous.exists():
            secrets.append(previous.read_bytes().strip())
        return [secret for number, secret in enumerate(secrets) if secret or not number]


keys = Keys()
