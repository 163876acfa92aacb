"""What a run remembers for its next start: ports, series, which code the manager's database has."""

import json

from stack.paths import write_atomically


class State:
    """A small dictionary in a file, written at every change."""

    def __init__(self, path):
        self.path = path
        self.values = json.loads(path.read_text()) if path.exists() else {}

    def get(self, name, default=None):
        return self.values.get(name, default)

    def set(self, **values):
        self.values.update(values)
        write_atomically(self.path, json.dumps(self.values, indent=2) + "\n")
