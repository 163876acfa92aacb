"""GitHub's workflows: they call what exists, with no more rights than they need. Whether they run shows only there."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = {path.stem: yaml.safe_load(path.read_text()) for path in (ROOT / ".github" / "workflows").glob("*.yml")}
TARGETS = set(re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))


def steps(name):
    return [step for job in WORKFLOWS[name]["jobs"].values() for step in job["steps"]]


def test_these_exist():
    assert set(WORKFLOWS) == {"test", "image", "staging"}
    assert {"run": "make test"} in steps("test")


@pytest.mark.parametrize("name", sorted(WORKFLOWS))
def test_rights_times_and_versions(name):
    workflow = WORKFLOWS[name]
    assert workflow["permissions"]["contents"] == "read"
    assert set(workflow["permissions"]) == ({"contents", "packages"} if name == "image" else {"contents"})
    assert all(job["timeout-minutes"] <= 90 for job in workflow["jobs"].values())
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@v\d+", step["uses"]) for step in steps(name) if "uses" in step)


@pytest.mark.parametrize("name", sorted(WORKFLOWS))
def test_commands_exist_and_no_expression_stands_in_a_script(name):
    scripts = [step["run"] for step in steps(name) if "run" in step]
    for script in scripts:
        assert "${{" not in script, "what GitHub fills in reaches a script as a variable only"
        assert set(re.findall(r"\bmake ([a-z]+)", script)) <= TARGETS


def test_staging_is_optional_and_its_key_stays_private():
    job = WORKFLOWS["staging"]["jobs"]["deploy"]
    assert job["if"] == "vars.STAGING_HOST != ''"
    assert "secrets." not in str(job["env"])


def test_an_image_is_pushed_for_a_tag_only():
    [build] = [step for step in steps("image") if step.get("uses", "").startswith("docker/build-push-action")]
    assert build["with"]["push"] == "${{ github.ref_type == 'tag' }}"
    assert (ROOT / build["with"]["file"]).exists()
