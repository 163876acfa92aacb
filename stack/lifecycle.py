"""Starting and stopping a run, step by step."""

import os
import shutil

from stack import (
    answers,
    blank_template,
    console,
    demo_file,
    full_demo,
    manager_database,
    manager_rpc,
    odoo_source,
    pdf_engine,
    ports,
    postgres,
    python_env,
    secret_files,
)
from stack.errors import StackError
from stack.services import Stack
from stack.state import State
from stack.supervisor import Supervisor


def supervisor_of(paths):
    """Return the run's supervisor. Its program is only needed to start it."""
    return Supervisor(paths, None)


def start(paths, foreground):
    """Start everything and return when all of it answers.

    :param foreground: everything stops when this process ends
    :return: the running Stack, its Supervisor, and whether it is fit to provision
    """
    wants_full_demo = full_demo.is_wanted()
    if supervisor_of(paths).is_running():
        raise StackError(f"Already running in {paths.run}.")
    supervisor_of(paths).end_leftovers()  # before the ports are chosen: one of them may be in their hands
    paths.create()
    state = State(paths.state_file)
    odoo = _find_odoo(paths, state)
    chosen = _choose_ports(state)
    with ports.Held(chosen) as held:
        stack = _find_postgres(paths, chosen, odoo)
        supervisor = Supervisor(paths, stack.tools / "supervisord")
        stack.write_configuration()
        supervisor.start(stack.programs(), stack.listener(), foreground)
        ready = _start(stack, supervisor, state, held)
    demo_file.write(stack, supervisor.pids())
    if ready and wants_full_demo:
        ready = make_full_demo(stack, state)
    return stack, supervisor, ready


def _start(stack, supervisor, state, held):
    try:
        _start_programs(stack, supervisor, state, held)
        return _make_template_ready(stack, state)
    except BaseException:
        # A half-started run is of no use to anybody, and would be in the way of the next attempt.
        supervisor.stop()
        raise


def stop(paths):
    """Stop everything of a run.

    :return: whether there was anything to stop
    """
    supervisor = supervisor_of(paths)
    running = supervisor.is_running()
    if running:
        supervisor.stop()
    else:
        supervisor.end_leftovers()
    paths.demo_file.unlink(missing_ok=True)
    return running


def reset(paths):
    """Delete everything that a run left behind. The cache stays."""
    stop(paths)
    # Also where the run's folder, and the link in it, was deleted by hand. Only root has data there.
    shutil.rmtree(postgres.SHARED / paths.code, ignore_errors=True)
    for folder in (paths.run, paths.sockets):
        if folder.exists():
            shutil.rmtree(folder)


def load(paths):
    """Return the Stack of a run that was started before, without starting anything."""
    if not paths.state_file.exists():
        raise StackError(f"Nothing was started in {paths.run} yet: `make up` first.")
    state = State(paths.state_file)
    secrets = secret_files.SecretFiles(paths.secrets, paths.addons / "saas_manager")
    cluster = postgres.prepare(paths, state.get("ports")["postgres"], secrets)
    return assemble(paths, state.get("ports"), _odoo(paths, state), cluster, secrets)


def _find_odoo(paths, state):
    """Find or download Odoo and the packages that it needs."""
    with console.step("Odoo") as step:
        odoo = _odoo(paths, state)
        state.set(series=odoo.series)
        step.result = f"{odoo.series} ({odoo.why})"
    with console.step("Python packages"):
        python_env.environment(paths, "tools")
        python_env.queue_job(paths, odoo.series, python_env.environment(paths, "odoo"))
    with console.step("PDF engine") as step:
        step.result = pdf_engine.ensure(paths.cache)
    return odoo


def _choose_ports(state):
    chosen, remarks = ports.choose(state.get("ports", {}), _public_addresses())
    for remark in remarks:
        console.warn(remark)
    state.set(ports=chosen)
    return chosen


def _find_postgres(paths, chosen, odoo):
    """Find or make the cluster; returns the Stack, which is now complete."""
    secrets = secret_files.SecretFiles(paths.secrets, paths.addons / "saas_manager")
    secrets.create()
    with console.step("PostgreSQL") as step:
        cluster = postgres.prepare(paths, chosen["postgres"], secrets)
        step.result = cluster.why
    return assemble(paths, chosen, odoo, cluster, secrets)


def _odoo(paths, state):
    """Find the Odoo of a run. Its databases belong to one series."""
    wanted, made_with = os.environ.get("SAAS_ODOO_SERIES"), state.get("series")
    if made_with and wanted and wanted != made_with:
        raise StackError(
            f"{paths.run} was made with Odoo {made_with}, SAAS_ODOO_SERIES says {wanted}. "
            "Choose another SAAS_RUN_DIR, or `make reset`."
        )
    return odoo_source.find(paths.cache, made_with or wanted)


def assemble(paths, chosen_ports, odoo, cluster, secrets):
    """Return the Stack of what was found, with the programs and packages that it runs."""
    python = python_env.environment(paths, "odoo")
    return Stack(
        paths=paths,
        ports=chosen_ports,
        odoo=odoo,
        cluster=cluster,
        secrets=secrets,
        python=python,
        tools=python_env.environment(paths, "tools").parent,
        queue_job=python_env.queue_job(paths, odoo.series, python),
        addresses=_public_addresses(),
        pdf_engine=pdf_engine.folder(paths.cache),
    )


def _public_addresses():
    """Return what the public port listens on: this machine alone, unless SAAS_BIND says otherwise."""
    if os.environ.get("SAAS_BIND"):
        return tuple(os.environ["SAAS_BIND"].split(","))
    return ("127.0.0.1", "::1") if ports.has_ipv6_loopback() else ("127.0.0.1",)


def _start_programs(stack, supervisor, state, held):
    with console.step("Starting PostgreSQL") as step:
        held.release("postgres")
        if stack.cluster.program:
            supervisor.start_program("postgres")
        stack.cluster.wait()
        manager_database.bootstrap(stack)
        step.result = f"{stack.cluster.host}:{stack.cluster.port}"
    with console.step("Manager's database") as step:
        step.result = manager_database.prepare(stack, state)
    with console.step("Starting mail, manager, tenant, traefik"):
        held.release()
        for program in stack.programs():
            if program.name != "postgres":
                supervisor.start_program(program.name)
        answers.wait(stack, supervisor)


def _make_template_ready(stack, state):
    """Build the Blank template, once. Without it the rest goes on running: its form shows what went wrong."""
    if state.get("template_built"):
        return True
    try:
        with console.step('Template "Blank"') as step:
            step.result = blank_template.make_ready(stack)
    except blank_template.TemplateNotBuilt as error:
        console.warn(str(error))
        return False
    state.set(template_built=True)
    return True


def make_full_demo(stack, state):
    """Fill the demo with customers. What could not be made does not stop the rest.

    :return: whether all of it is there
    """
    try:
        with console.step("Customers") as step:
            step.result = full_demo.make(stack, state)
    except (full_demo.FullDemoError, manager_rpc.ManagerError) as error:
        console.warn(str(error))
        return False
    return True
