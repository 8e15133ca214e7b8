"""Whether an audit raises an alarm: all tests together, those of shadows and canaries apart."""

from collections.abc import Sequence
from typing import NamedTuple

from medjax.privacy.copies.nearest import CopyTest
from medjax.privacy.statistics import evidence
from medjax.privacy.statistics.membership import Attack


class Decision(NamedTuple):
    """What shows a leak, and by how many tests.

    Attributes:
      leaks: the attacks that show one.
      copied: the tests of copies that show one.
      tests: how many tests share the level of each audit.
      deep_tests: how many share that of shadows and canaries; 0 if there are none.
    """

    leaks: Sequence[Attack]
    copied: Sequence[CopyTest]
    tests: int
    deep_tests: int


def decide(
    traced: Sequence[Attack], deeper: Sequence[Attack], copies: Sequence[CopyTest]
) -> Decision:
    """Decides which outcomes show a leak.

    The tests of each audit share the probability ``evidence.LEVEL`` of a false alarm, and those by
    shadows and canaries share as much again. With one level for all, the many tests of a deep
    audit could take away an alarm that the same images raise without them.

    Args:
      traced: the attacks of each audit.
      deeper: those of a deep audit.
      copies: the tests of copies.

    Example:
      >>> decide([], [], [])
      Decision(leaks=[], copied=[], tests=0, deep_tests=0)
    """
    tests, deep_tests = evidence.count_tests(traced) + len(copies), evidence.count_tests(deeper)
    leaks = [*evidence.alarms(traced, tests), *evidence.alarms(deeper, deep_tests)]
    copied = [test for test in copies if test.p_value < evidence.LEVEL / tests]
    return Decision(leaks, copied, tests, deep_tests)
