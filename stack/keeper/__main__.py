"""The demo's keeper: `python -m stack.keeper`, a program of its supervisor."""

import logging

from stack import lifecycle
from stack.keeper.keeper import Keeper
from stack.keeper.supervised import Supervised
from stack.paths import Paths

if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    stack = lifecycle.load(Paths.from_environment())
    Keeper(stack, Supervised(stack), stack.paths.traefik).run()
