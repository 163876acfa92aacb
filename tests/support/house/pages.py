"""Login pages: all tenants' in rounds, and what one costs with the gateway and without."""

import concurrent.futures
import statistics
import time

AT_ONCE = 4
WARM_UP = 600  # requests: all of a worker that served others before is at hand again, as it is on a busy day


def ask_all(tenants, rounds=3):
    """Ask each tenant for its login page in rounds, four at once.

    :return: (seconds of each request, list of what went wrong, in words)
    """
    seconds, failed = [], []
    for _round in range(rounds):
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            for took, problem in pool.map(_ask, tenants):
                seconds.append(took)
                failed += [problem] if problem else []
    return seconds, failed


def ask_side_by_side(tenants, workers):
    """Ask each tenant for its login page by as many requests at once as there are workers: each takes one.

    :return: like `ask_all`
    """
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        answers = [answer for tenant in tenants for answer in pool.map(_ask, [tenant] * workers)]
    return [took for took, _problem in answers], [problem for _took, problem in answers if problem]


def _ask(tenant):
    start = time.monotonic()
    try:
        answer = tenant.client.request("/web/login")
        right = answer.status == 200 and 'name="login"' in answer.text
        problem = "" if right else f"{tenant.host}: HTTP {answer.status}"
    except OSError as error:
        problem = f"{tenant.host}: {error!r}"
    return time.monotonic() - start, problem


def interleaved(tenant, stock, database, requests=500):
    """Ask a tenant and a database of stock Odoo in turn, both known to every worker.

    :return: (seconds with the gateway, seconds of stock)
    """
    ask = (tenant.client.status, stock.client(database).status)
    for one in ask:
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            assert set(pool.map(lambda _number, one=one: one(), range(WARM_UP))) == {200}
    times = ([], [])
    for number in range(requests):
        # Each goes first half of the time.
        for one, seconds in list(zip(ask, times, strict=True))[:: 1 if number % 2 else -1]:
            start = time.monotonic()
            assert one() == 200
            seconds.append(time.monotonic() - start)
    return times


def ratio(with_gateway, of_stock):
    """Return the ratio of the medians."""
    return statistics.median(with_gateway) / statistics.median(of_stock)
