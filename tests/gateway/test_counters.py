"""Requests and errors per tenant and hour reach the directory in batches."""

from support.gateway_client import seconds_until

SUM = "SELECT coalesce(sum(requests), 0), coalesce(sum(errors), 0) FROM saas.counter WHERE db = %s"


def test_requests_are_counted_for_their_tenant(service, stack, figure):
    counted = stack.create_tenant("counted")  # whom nobody has asked for anything before
    for _ in range(20):
        assert counted.client.status("/web/static/img/favicon.ico") == 200
    took = seconds_until(lambda: stack.gateway_sql(SUM, ["counted"])[0][0] >= 20, limit=15)
    figure("20 requests counted after", f"{took:.1f} s")
    assert stack.gateway_sql(SUM, ["counted"]) == [(20, 0)]
    assert stack.gateway_sql("SELECT count(*) FROM saas.counter WHERE hour <> date_trunc('hour', hour)") == [(0,)]
