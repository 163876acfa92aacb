"""Commands of odoo-bin with the gateway loaded, run to their end."""

import subprocess

SECONDS = 60
ONE_SHOT = ("--no-http", "--workers=0", "--max-cron-threads=0")


def odoo(stack, *arguments, load=None, environment=None, text="", subcommand=None, seconds=SECONDS):
    """Run odoo-bin to its end, which must come within some seconds; return (exit code, output)."""
    command = stack.command(*arguments, subcommand=subcommand)
    if load:
        command = [f"--load={load}" if part.startswith("--load=") else part for part in command]
    environment = {**stack.environment(), **(environment or {})}
    environment = {name: value for name, value in environment.items() if value is not None}
    done = subprocess.run(
        command, env=environment, input=text, capture_output=True, text=True, timeout=seconds, check=False
    )
    return done.returncode, done.stdout + done.stderr
