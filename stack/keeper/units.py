"""Services as instances of systemd's template unit `saas-runtime@.service`."""

import subprocess

from stack.errors import StackError

SECONDS = 90


class Units:
    """Starts and stops services through systemd, which sees to it that they run and gives each its share of memory.

    :param str systemctl: the program
    """

    def __init__(self, systemctl="systemctl"):
        self.systemctl = systemctl

    def start(self, code, command):
        """Have a service running. The command is the unit's own."""
        self._run("start", "--no-block", unit(code))

    def stop(self, code):
        """Have it stopped, and wait for that."""
        self._run("stop", unit(code))

    def forget(self, code):
        """Have nothing of it left, its failures included."""
        self.stop(code)
        self._run("revert", unit(code))
        self._run("reset-failed", unit(code), may_fail=True)

    def limit(self, code, memory_mb):
        """Give it its share of memory, until it is forgotten."""
        self._run("set-property", unit(code), f"MemoryMax={int(memory_mb)}M")

    def is_up(self, code):
        """Tell whether it runs, or will at any moment: systemd starts it again when it ends."""
        state = self._run("show", "--property=ActiveState", "--value", unit(code)).strip()
        return state in ("active", "activating", "reloading", "deactivating")

    def last_words(self, code):
        """Return where its log is."""
        return f"It does not answer. Its log: journalctl --unit={unit(code)}"

    def _run(self, verb, *arguments, may_fail=False):
        result = subprocess.run(
            [self.systemctl, verb, *arguments], capture_output=True, text=True, timeout=SECONDS, check=False
        )
        if result.returncode and not may_fail:
            raise StackError(f"systemctl {verb} {' '.join(arguments)}: {result.stderr.strip()}")
        return result.stdout


def unit(code):
    """Return the unit of a runtime. Its code is made of letters, digits and dashes: systemd keeps it as it is."""
    return f"saas-runtime@{code}.service"
