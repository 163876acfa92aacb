"""Two people at the same moment."""

import threading
from concurrent.futures import ThreadPoolExecutor

from support.demo import RpcError


def at_once(count, work):
    """Run work(number) in threads that start together; return results and errors."""
    barrier = threading.Barrier(count)

    def run(number):
        barrier.wait()
        try:
            return work(number)
        except RpcError as error:
            return error

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))
