"""New secrets while people work: nobody's request fails, whatever is killed; the old ones are worth nothing then."""

import concurrent.futures
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from urllib.parse import urlencode

import psycopg2
import pytest
from saas_engine import naming, roles, sign_in
from support.gateway_client import RpcError
from support.odoo_home import ROOT

# What a tenant reads that has several slow requests open, as on a machine with a lot to do: nobody was refused.
FINE, BUSY, TRIES = "fine", "This site is busy", 10
END_IDLE = """
    SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity WHERE usename = %s AND state = 'idle'
"""


@pytest.fixture
def rotate(stack, service, tmp_path):
    """Run the command; it may be killed when it has said something."""
    (tmp_path / "shared").mkdir()
    described = {"code": "shared", "release": "18.0", "url": f"http://127.0.0.1:{stack.port}", "command": ["odoo-bin"]}
    described |= {"data_dir": str(stack.data), "environment": {}}
    (tmp_path / "shared" / "runtime.json").write_text(json.dumps(described))
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT / "addons" / "saas_manager"),
        "PGPASSFILE": str(stack.secrets.path("saas_manager.pgpass")),
        "SAAS_PG_HOST": stack.server.host,
        "SAAS_PG_PORT": str(stack.server.port),
        "SAAS_RUNTIMES_DIR": str(tmp_path),
        "SAAS_BACKUP_DIR": str(tmp_path),
        "SAAS_MASTER_SECRET_FILE": str(stack.secrets.path("master")),
        "SAAS_PG_MANAGER_PASSWORD_FILE": str(stack.secrets.path("saas_manager")),
        "SAAS_PG_GATEWAY_PASSWORD_FILE": str(stack.secrets.path("saas_gateway")),
    }

    def run(*arguments, kill_after=None):
        command = [sys.executable, "-m", "saas_engine.rotation", *arguments]
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        with subprocess.Popen(command, env=environment, **options) as process:
            said = []
            for line in process.stdout:
                said.append(line)
                if kill_after and kill_after in line:
                    process.send_signal(signal.SIGKILL)
                    break
        return process.returncode, "".join(said)

    return run


@pytest.fixture
def begin(stack):
    def write():
        stack.secrets.begin_rotation()
        stack.secrets.write_pgpass(stack.server)

    return write


@pytest.fixture
def finish(stack):
    def write():
        stack.secrets.finish_rotation()
        stack.secrets.write_pgpass(stack.server)

    return write


class Load:
    """Requests to a tenant, one after the other, until the block ends."""

    def __init__(self, tenant):
        self.tenant, self.failures, self.count = tenant, [], 0
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._run) for _ in range(3)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_error):
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _run(self):
        while not self._over.is_set():
            answer = ask(self.tenant)
            self.count += 1
            if answer not in (FINE, BUSY):
                self.failures.append(answer)


def ask(tenant):
    """Ask for a page and for data; return FINE, BUSY or what came instead."""
    try:
        page = tenant.client.request("/web/login")
        if page.status != 200:
            return BUSY if BUSY in page.text else f"{page.status}: {page.text}"
        tenant.client.execute("res.partner", "search_count", [])
    except (OSError, RpcError) as error:
        return BUSY if BUSY in str(error) else str(error)
    return FINE


def log_in(stack, key, secret):
    """Log in as a tenant's role with the password that follows from a secret."""
    [db] = [entry.db for entry in stack.directory.entries() if entry.key == key]
    password = naming.role_password(secret, key)
    address = {"host": stack.server.host, "port": stack.server.port, "dbname": db, "user": naming.role_name(key)}
    psycopg2.connect(**address, password=password).close()


def refuse(stack, key, secret):
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        log_in(stack, key, secret)


def works_anew(stack, tenant):
    """Every worker logs in to this tenant again, and answers."""
    with stack.cluster.connect() as connection, connection.cursor() as cr:
        cr.execute("SET ROLE pg_signal_backend")
        cr.execute(END_IDLE, [naming.role_name(tenant.key)])
        cr.execute("RESET ROLE")
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for _ in range(TRIES):
            found = set(pool.map(lambda _number: ask(tenant), range(8)))
            assert found <= {FINE, BUSY}
            if found == {FINE}:
                return True
    return False


def opens(tenant, secret):
    """Tell whether a sign-in link that a secret has signed opens the tenant."""
    client = type(tenant.client)(tenant.client.port, tenant.client.gevent_port, tenant.host, tenant.db)
    page = client.request(sign_in.PATH)
    client.cookie = re.search(r"session_id=([^;]+)", page.headers["Set-Cookie"])[1]
    form = {
        "token": sign_in.mint(naming.sign_in_key(secret, tenant.key), tenant.host, "admin", "Sam"),
        "csrf_token": re.search(r'name="csrf_token" value="([^"]+)"', page.text)[1],
    }
    answer = client.request(sign_in.PATH, "POST", urlencode(form), Content_Type="application/x-www-form-urlencoded")
    return answer.status == 303


def test_sign_in_links_of_both_open_until_the_end(stack, acme, begin, finish, rotate):
    before = stack.secret
    assert opens(acme, before)
    begin()
    assert opens(acme, before) and opens(acme, stack.secret)
    assert rotate()[0] == 0
    finish()
    assert opens(acme, stack.secret)
    assert not opens(acme, before), "whoever has the old secret signs nothing with it"


def test_rotation_under_load(stack, acme, beta, gamma, begin, finish, rotate, figure):
    before = stack.secret
    log_in(stack, acme.key, before)
    with Load(acme) as load:
        begin()
        assert stack.secret != before
        assert works_anew(stack, beta), "the roles have the old passwords, the files the new ones"
        start = time.monotonic()
        code, said = rotate()
        assert code == 0, said
        figure("secrets of all tenants replaced", f"{time.monotonic() - start:.1f} s")
        assert works_anew(stack, beta)
        finish()
        assert all(works_anew(stack, tenant) for tenant in (beta, gamma))
        time.sleep(1)
    assert load.count > 20
    assert load.failures == []
    for tenant in (acme, beta, gamma):
        log_in(stack, tenant.key, stack.secret)
        refuse(stack, tenant.key, before)
    assert rotate("--check")[0] == 0


@pytest.mark.parametrize("moment", ["knows its new secret", "saas_manager: new password", "saas_gateway: new password"])
def test_killed_in_the_middle(stack, acme, beta, begin, finish, rotate, moment):
    before, logins = stack.secret, {role: stack.secrets.read(role) for role in ("saas_manager", "saas_gateway")}
    begin()
    code, said = rotate(kill_after=moment)
    assert (code, moment in said) == (-signal.SIGKILL, True)
    # Whatever was done: the gateways' own connections and the tenants' work, both begun anew.
    end_sessions(stack, "saas_gateway")
    assert works_anew(stack, acme)
    assert works_anew(stack, beta)
    begin()  # a second time changes no secret
    after = stack.secret
    assert rotate()[0] == 0
    finish()
    assert stack.secret == after
    assert works_anew(stack, acme)
    refuse(stack, acme.key, before)
    for role, password in logins.items():
        assert stack.secrets.read(role) != password
        with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
            psycopg2.connect(
                host=stack.server.host, port=stack.server.port, dbname="postgres", user=role, password=password
            )


def end_sessions(stack, role):
    """End the sessions of a role, as a restart of PostgreSQL would."""
    address = {"host": stack.server.host, "port": stack.server.port, "dbname": "postgres", "user": "postgres"}
    connection = psycopg2.connect(**address, password="test-superuser")
    with connection, connection.cursor() as cr:
        cr.execute("SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity WHERE usename = %s", [role])
    connection.close()


def test_nothing_changes_while_the_service_does_not_know(stack, acme, begin, finish, rotate):
    """The files that the service reads stay as they are: in an installation somebody forgot to tell it."""
    runtime, before = stack.secrets.read("runtime"), stack.secret
    begin()
    stack.secrets.write("runtime", runtime)
    stack.secrets.write("runtime_previous", "")
    code, said = rotate()
    assert (code, "does not know its new secret. Nothing was changed." in said) == (1, True)
    log_in(stack, acme.key, before)
    assert rotate("--check")[0] == 2
    stack.secrets.write("runtime_previous", runtime)
    stack.secrets.write("runtime", stack.secrets.runtime_secret(stack.secrets.read("master")))
    assert rotate()[0] == 0
    finish()
    assert works_anew(stack, acme)


def test_a_role_that_was_set_by_the_old_secret_is_found(stack, acme, begin, finish, rotate):
    """A job that began before the rotation may still set what it read then: `--check` says so, another run heals it."""
    old = naming.role_password(stack.secret, acme.key)
    begin()
    assert rotate()[0] == 0
    roles.set_password(stack.cluster, acme.key, old)
    code, said = rotate("--check")
    assert (code, "not acme" in said) == (2, True)
    assert rotate()[0] == 0
    finish()
    assert works_anew(stack, acme)
