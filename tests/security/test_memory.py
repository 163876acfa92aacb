"""Memory that a tenant's code asks for, in Odoo's workers and in PostgreSQL: the others go on."""

import pytest
from support.gateway_client import RpcError, seconds_until
from support.planted_code import run, run_sql

GIGABYTE = 1024**3


def test_a_string_of_a_gigabyte_goes_again(acme, beta):
    """It is under the limit of a process, so it is made; what the process has is given back."""
    assert run(acme, f"action = {{'r': len('x' * {GIGABYTE})}}")["r"] == GIGABYTE
    assert beta.client.everywhere(200)


@pytest.mark.parametrize(
    "code",
    [
        f"action = {{'r': len('x' * {8 * GIGABYTE})}}",
        f"action = {{'r': len([0] * {4 * GIGABYTE})}}",
        f"action = {{'r': len(b'x'.ljust({8 * GIGABYTE}))}}",
    ],
)
def test_more_than_a_process_may_have_ends_the_request_alone(acme, beta, code):
    """`limit_memory_hard` is the system's limit for the process: it gets no more, and Python raises an error."""
    with pytest.raises(RpcError, match="MemoryError"):
        run(acme, code)
    assert beta.client.status() == 200
    for tenant in (acme, beta):
        seconds_until(lambda tenant=tenant: tenant.client.everywhere(200), limit=10)


def test_settings_of_a_connection_do_not_stay(acme, beta):
    """Connections are kept and used again: by the same tenant, with what its role has."""
    default = acme.sql("SHOW work_mem")[0][0]
    for _ in range(4):
        assert run_sql(acme, "SELECT set_config('work_mem', '1GB', false)") == "[('1GB',)]"
    for tenant in (acme, beta):
        for _ in range(4):
            assert run_sql(tenant, "SELECT current_setting('work_mem')") == f"[('{default}',)]"


def test_a_role_that_was_left_does_not_stay(acme):
    for _ in range(4):
        run_sql(acme, "SET ROLE NONE; SELECT 1")
    for _ in range(4):
        assert run_sql(acme, "SELECT current_user::text") == "[('saas_owner',)]"
