"""Something the services depend on goes away for a while."""

import contextlib
import signal
import time


@contextlib.contextmanager
def stopped(process):
    """Let a process neither work nor end."""
    process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        process.send_signal(signal.SIGCONT)


def test_the_mail_server_does_not_answer(demo, subdomain):
    """The instance is ready all the same; the mail leaves when it can."""
    with stopped(demo.process("mail")):
        instance = demo.provision(subdomain)
        time.sleep(1)
        assert demo.read(instance, "welcome_sent_at") is False
        assert demo.tenant(subdomain).get("/web/login").status_code == 200
    demo.wait_for(lambda: demo.read(instance, "welcome_sent_at"), bool, seconds=90)
    assert demo.mails_to(f"owner@{subdomain}.example")


def test_the_database_server_is_killed(demo, subdomain):
    """The supervisor starts it again, the jobs go on, nobody is asked."""
    before = demo.process("postgres")
    instance = demo.create(subdomain)
    demo.manager.call("saas.instance", "action_provision", [instance])
    before.kill()
    before.wait(20)
    # A crashed cluster writes a checkpoint before it answers: many databases are many files.
    demo.wait_for(lambda: alive(demo, instance), bool, seconds=240, step=0.5)
    state = demo.wait_for(lambda: alive(demo, instance), lambda s: s in ("active", "failed"), seconds=200, step=1)
    assert state == "active", demo.read(instance, "failure_reason")
    assert demo.tenant(subdomain).get("/web/login").status_code == 200
    demo.wait_for_another("postgres", before)


def alive(demo, instance):
    """Return the instance's state, or None while the manager can't answer."""
    try:
        return demo.read(instance, "state")
    except (demo.RpcError, OSError):
        return None


def test_the_tenant_service_is_killed(demo, shared_instance):
    tenant, before = demo.tenant(shared_instance), demo.process("tenant")
    for process in [*before.children(recursive=True), before]:
        with contextlib.suppress(demo.NoSuchProcess):
            process.kill()
    demo.wait_for_another("tenant", before)
    demo.wait_for(lambda: tenant.get("/web/login").status_code, lambda code: code == 200, seconds=60, step=0.5)
