"""What the checks share: folders, environments of Python, each only when first needed."""

import os
from dataclasses import dataclass
from functools import cached_property

from stack import odoo_source, python_env
from stack.errors import StackError
from stack.paths import Paths
from stack.processes import clean_environment

RUN_DIR = ".run-test"


@dataclass(frozen=True)
class Context:
    """A run of the checks, apart from the demo that a person may have running."""

    paths: Paths

    @classmethod
    def create(cls):
        environ = {"SAAS_RUN_DIR": os.environ.get("SAAS_TEST_RUN_DIR") or RUN_DIR}
        if "SAAS_CACHE_DIR" in os.environ:
            environ["SAAS_CACHE_DIR"] = os.environ["SAAS_CACHE_DIR"]
        return cls(Paths.from_environment(environ))

    @property
    def root(self):
        return self.paths.root

    def log(self, name):
        return self.paths.run.with_name(f"{self.paths.run.name}-logs") / f"{name}.log"

    def python(self, name):
        """Return the Python of an environment in `requirements/`."""
        return python_env.environment(self.paths, name)

    def tool(self, name):
        """Return a program of the lint environment."""
        return self.python("lint").parent / name

    @cached_property
    def odoos(self):
        """The Odoo of each series that can be had here, by series; the target's place may be empty."""
        found = {}
        for series in odoo_source.SERIES:
            try:
                source = odoo_source.find(self.paths.cache, series)
            except StackError:
                continue
            found[series] = source
        return found

    def environment(self, **extra):
        """Return the environment of a suite of tests."""
        return clean_environment(PYTHONDONTWRITEBYTECODE="1", **extra)
