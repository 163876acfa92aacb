"""The images of the compose tests: the official ones, or stand-ins with the same contract where no registry answers."""

import os
import re
import shutil
from pathlib import Path

from stack import console, python_env
from stack.checks.report import CheckFailed, CheckSkipped
from stack.processes import clean_environment, run

PULL_SECONDS = 600
TRY_SECONDS = 20
SUITE = "bookworm"
SYSTEM_PYTHON = Path("/usr/bin/python3.11")
SOURCES = Path("/etc/apt/sources.list.d/debian.sources")
STANDINS = Path("tests/compose/standins")
# Left out of a stand-in's Odoo: more than half of its size, and no test reads it.
NOT_NEEDED = ("i18n", "__pycache__", ".git")


def prepare(context, engine):
    """Have the images that the compose project starts from.

    :return: variables for the tests: what a build takes instead of the internet
    :raise CheckSkipped: they can't be had here
    """
    base, postgres, traefik = names(context.root)
    if _pull(engine, traefik, TRY_SECONDS if engine.folder else PULL_SECONDS):
        for image in (base, postgres):
            if not _pull(engine, image, PULL_SECONDS):
                raise CheckSkipped(f"the registry does not give {image}")
        return {}
    if not engine.folder:
        # A stand-in under an official name has no business in somebody's own engine.
        raise CheckSkipped(f"the registry does not give {traefik}")
    console.warn("the official images can't be pulled here: the compose tests run on stand-ins (PostgreSQL 15)")
    return _stand_in(context, engine, base, postgres, traefik)


def names(root):
    """Return the images of base, PostgreSQL and Traefik, as Dockerfile.odoo and docker-compose.yml name them."""
    dockerfile, compose = (root / "Dockerfile.odoo").read_text(), (root / "docker-compose.yml").read_text()
    return (
        re.search(r"^ARG BASE_IMAGE=(\S+)", dockerfile, re.MULTILINE)[1],
        re.search(r"POSTGRES_IMAGE: &\S+ (\S+)", compose)[1],
        re.search(r"image: (traefik:\S+)", compose)[1],
    )


def _pull(engine, image, seconds):
    if not engine.run("docker", "image", "inspect", image)[0]:
        # A stand-in has no digest of a registry.
        return engine.run("docker", "image", "inspect", "--format", "{{len .RepoDigests}}", image)[1].strip() != "0"
    return not engine.run("timeout", str(seconds), "docker", "pull", "--quiet", image)[0]


def _stand_in(context, engine, base, postgres, traefik):
    if not (SYSTEM_PYTHON.exists() and SOURCES.exists()):
        raise CheckSkipped(f"no image can be pulled, and stand-ins are made on Debian {SUITE} only")
    folder = engine.folder / "stand-ins"
    folder.mkdir(exist_ok=True)
    if engine.run("docker", "image", "inspect", base)[0]:
        _import_base(engine, folder, base)
    _build(engine, context.root / STANDINS / "postgres", postgres, base)
    _build(engine, _traefik_context(context, folder), traefik, base)
    return {
        "SAAS_COMPOSE_ODOO": _odoo(context, folder),
        "SAAS_COMPOSE_WHEELS": _wheels(context, folder),
    }


def _import_base(engine, folder, base):
    """A minimal Debian of the machine's own suite, from its own mirror."""
    tar = folder / "base.tar"
    command = ["mmdebstrap", "--quiet", "--variant=minbase", "--format=tar", "--include=ca-certificates"]
    command += [f"--dpkgopt=path-exclude=/usr/share/{part}/*" for part in ("doc", "man", "locale")]
    run([*command, SUITE, tar, "-"], text=SOURCES.read_text(), environment=engine.variables, what="mmdebstrap")
    settings = ["-c", 'CMD ["bash"]', "-c", "ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]
    run(["docker", "import", *settings, tar, base], environment=engine.variables, what="docker import")
    tar.unlink()


def _build(engine, folder, image, base):
    """Builds use the machine's network: the engine's own reaches nothing outside."""
    command = [
        "docker",
        "build",
        "--quiet",
        "--network=host",
        f"--build-arg=BASE_IMAGE={base}",
        f"--tag={image}",
        folder,
    ]
    code, output = engine.run(*command)
    if code:
        raise CheckFailed(f"the stand-in {image} can't be built:\n{output[-2000:]}")


def _traefik_context(context, folder):
    """The demo's own Traefik, of the same version."""
    target = folder / "traefik"
    shutil.copytree(context.root / STANDINS / "traefik", target, dirs_exist_ok=True)
    shutil.copy(context.python("tools").parent / "traefik", target / "traefik")
    return target


def _odoo(context, folder):
    """Odoo's source as a folder of hard links, without translations."""
    source = context.odoos.get("18.0")
    if not source:
        raise CheckSkipped("no Odoo 18.0 on this machine, and the image is made of it")
    target = folder / "odoo"
    if not (target / "odoo-bin").exists():
        shutil.rmtree(target, ignore_errors=True)
        for part in ("odoo", "addons"):
            if (source.home / part).is_dir():
                shutil.copytree(
                    source.home / part, target / part, copy_function=_link, ignore=shutil.ignore_patterns(*NOT_NEEDED)
                )
        shutil.copy(source.program, target / "odoo-bin")
    return target


def _link(source, target):
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _wheels(context, folder):
    """The packages of requirements/odoo.txt, chosen by the system's own Python: it is the one of the image."""
    target = folder / "wheels"
    lock = context.root / "requirements" / "odoo.txt"
    mark = target / python_env.digest(lock)
    if not mark.exists():
        shutil.rmtree(target, ignore_errors=True)
        pip = [
            context.python("odoo"),
            "-m",
            "pip",
            "--python",
            SYSTEM_PYTHON,
            "wheel",
            "--quiet",
            f"--wheel-dir={target}",
        ]
        run([*pip, "--require-hashes", f"--requirement={lock}"], environment=clean_environment(), what="pip wheel")
        queue_job = f"odoo-addon-queue-job=={python_env.QUEUE_JOB['18.0']}"
        run([*pip, "--no-deps", queue_job], environment=clean_environment(), what="pip wheel")
        mark.touch()
    return target
