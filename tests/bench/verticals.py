"""What customers wait for, vertical by vertical, against a fresh installation of the same modules in the same run."""

from support.stock_odoo import StockOdoo

from bench import templates

# code: (rounds of installing; at least so many times faster, without and with a pool)
GOALS = {"blank": (2, None, 30), "services": (1, 20, 80), "restaurant": (1, 25, None), "ecommerce": (1, 25, None)}
CLICKS, CLICKS_FROM_POOL = 5, 20
NO_POOL_SECONDS, POOL_SECONDS = 2.5, 0.6


def measure(demo, bench, report, only):
    """Add the rows of each vertical to a report.

    :param set only: the codes of those that are wanted
    """
    for code, (rounds, at_least, at_least_from_pool) in GOALS.items():
        if code not in only:
            continue
        template = templates.get(demo, code)
        fresh = _fresh_installs(demo, template, rounds)
        if at_least:
            with templates.pool(demo, template, 0):
                clicks = bench.one_by_one(CLICKS, template)
            _add(report, f"{template['name']}, no pool", clicks, fresh, NO_POOL_SECONDS, at_least)
        if at_least_from_pool:
            clicks = _clicks_from_pool(demo, bench, template)
            _add(report, f"{template['name']}, from the pool", clicks, fresh, POOL_SECONDS, at_least_from_pool)


def _fresh_installs(demo, template, rounds):
    with StockOdoo(demo) as stock:
        return [stock.install(template["modules"]) for _round in range(rounds)]


def _clicks_from_pool(demo, bench, template):
    clicks = []
    with templates.pool(demo, template, 2):
        for _round in range(CLICKS_FROM_POOL):
            templates.wait_for_clones(demo, template, 2)
            clicks += bench.one_by_one(1, template)
    return clicks


def _add(report, what, clicks, fresh, below, at_least):
    report.add_limit(f"click to login page, {what}", clicks, below=below)
    report.add_ratio(f"fresh install of the same modules / click, {what}", fresh, clicks, at_least=at_least)
