"""The memory of a machine as its system tells it; the rest of the report needs a cluster (tests/integration)."""

import sys

import pytest
from saas_engine import cluster_report

MEMINFO = """\
MemTotal:       24641428 kB
MemFree:          812344 kB
MemAvailable:   19876543 kB
HugePages_Total:       0
Odd:
"""


@pytest.fixture
def memory(tmp_path):
    """A function: what is measured where /proc/meminfo reads like this."""

    def measure(text):
        file = tmp_path / "meminfo"
        file.write_text(text)
        return cluster_report.machine_memory(file)

    return measure


def test_what_programs_can_still_have_counts_as_free(memory):
    """In bytes; MemFree alone would leave out what the caches give back."""
    assert memory(MEMINFO) == (19876543 * 1024, 24641428 * 1024)


def test_a_system_without_the_file(tmp_path):
    assert cluster_report.machine_memory(tmp_path / "nothing") == (None, None)


@pytest.mark.parametrize("missing", ["MemTotal", "MemAvailable"])
def test_a_file_that_tells_a_part(memory, missing):
    lines = [line for line in MEMINFO.splitlines() if not line.startswith(missing)]
    assert memory("\n".join(lines)) == (None, None)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has /proc/meminfo")
def test_this_machine():
    free, total = cluster_report.machine_memory()
    assert 0 < free < total
    assert total > 2**26
