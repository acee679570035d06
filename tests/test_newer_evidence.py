"""What the next summers may bring goes in by rows, and the registered answer stays: see newer_evidence.py."""

import subprocess

import newer_evidence
import pytest

from innodivide.data import frozen

CLAIM = """
from innodivide.data.tables import Tables
from innodivide.evidence.claims.newer_states import newer_states
print(newer_states(Tables()).claim_id)
"""


@pytest.mark.slow
def test_every_step_goes_in_and_leaves_the_registered_answer(tmp_path):
    """In a clone of the last commit; reports and tests after each step: python tests/newer_evidence.py."""
    status = ["git", "status", "--porcelain", "innodivide", "data", "tests"]
    changed = subprocess.run(status, cwd=frozen.ROOT, capture_output=True, text=True, check=True).stdout
    assert not changed, "commit first: the trial is of the last commit"
    copy = newer_evidence.cloned(tmp_path / "copy")
    answer = newer_evidence.innodivide(copy, "leader-test")
    for number in range(1, len(newer_evidence.STEPS) + 1):
        assert newer_evidence.after(copy, number) == answer, newer_evidence.STEPS[number - 1].__doc__
    assert newer_evidence.called(copy, "-c", CLAIM).strip() == "C14", "what was put in can be computed"
