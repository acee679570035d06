"""What the next summers may bring goes in by rows, and the registered answer stays: see newer_evidence.py."""

import newer_evidence
import pytest


@pytest.mark.slow
def test_every_step_goes_in_and_leaves_the_registered_answer(tmp_path):
    """In a clone of the last commit; reports and tests after each step: python tests/newer_evidence.py."""
    copy = newer_evidence.cloned(tmp_path / "copy")
    answer = newer_evidence.innodivide(copy, "leader-test")
    for number in range(1, len(newer_evidence.STEPS) + 1):
        assert newer_evidence.after(copy, number) == answer, newer_evidence.STEPS[number - 1].__doc__
