"""New secrets for a stack that runs: `make rotate-secrets` for the demo, docs/install.md for an installation."""

from stack import console
from stack.errors import StackError
from stack.processes import clean_environment, run

AGAIN = "Nothing is lost: the secrets before still count. Run it again."


def rotate_all(stack):
    """Replace the secrets of a demo that runs, from new files to the end of the old ones. Runs again after a kill.

    :raise StackError: not every role has its new password yet
    """
    with console.step("New secrets beside the present ones"):
        stack.secrets.begin_rotation()
        stack.secrets.write_pgpass(stack.cluster)
    with console.step("New passwords in PostgreSQL"):
        apply(stack)
    with console.step("Forgetting the old secrets"):
        stack.secrets.finish_rotation()
        stack.secrets.write_pgpass(stack.cluster)
        finish(stack)


def apply(stack):
    """Give all roles in PostgreSQL the passwords of the present secrets.

    :return: what was done, in lines
    :raise StackError: says what was not
    """
    return _run(stack)


def finish(stack):
    """Let services of one's own forget the secrets before, too: the manager hands them theirs."""
    return _run(stack, "--finish")


def _run(stack, *arguments):
    secrets = stack.secrets
    files = {
        "SAAS_PG_MANAGER_PASSWORD_FILE": secrets.path("saas_manager"),
        "SAAS_PG_GATEWAY_PASSWORD_FILE": secrets.path("saas_gateway"),
    }
    environment = clean_environment(
        **stack.manager_environment(), **files, PYTHONPATH=stack.paths.addons / "saas_manager"
    )
    command = [stack.python, "-m", "saas_engine.rotation", *arguments]
    try:
        return run(command, environment=environment, what="The rotation of the secrets")
    except StackError as error:
        raise StackError(f"{error}\n{AGAIN}") from error
