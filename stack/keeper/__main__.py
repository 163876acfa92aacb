"""The demo's keeper: `python -m stack.keeper`, a program of its supervisor."""

import logging
import os

from stack import lifecycle, proxy_limits
from stack.keeper.keeper import Keeper
from stack.keeper.supervised import Supervised
from stack.paths import Paths

if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    stack = lifecycle.load(Paths.from_environment())
    limits = proxy_limits.from_environment(os.environ, proxy_limits.DEMO)
    Keeper(stack, Supervised(stack), stack.paths.traefik, limits).run()
