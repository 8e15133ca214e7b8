"""Which outcomes raise an alarm."""

from medjax.privacy.copies.nearest import CopyTest
from medjax.privacy.statistics.decision import decide
from medjax.privacy.statistics.membership import Attack, Rate


def attack(p_value):
    rates = tuple(Rate(most, 0, 0, 0.0, (0.0, 0.1), 1.0) for most in (0.01, 0.05))
    return Attack("pixels", "", 20, 20, 0.5, (0.4, 0.6), p_value, rates, ())


def copied(p_value):
    return CopyTest("synthetic images are copies", "pixels", 2, 20, 0.1, p_value)


def test_further_tests_take_no_alarm_away():
    """0.0003 is below 1 % of 10 tests and above 1 % of 160."""
    traced, copies = [attack(0.5)] * 3, [copied(0.0003)]
    alone = decide(traced, [], copies)
    assert (alone.tests, alone.deep_tests, alone.copied) == (10, 0, copies)
    deep = decide(traced, [attack(0.5)] * 50, copies)
    assert (deep.tests, deep.deep_tests, deep.copied) == (10, 150, copies) and not deep.leaks


def test_each_level_is_divided_by_its_own_tests():
    small = attack(0.0002)  # 1 % of 50
    assert decide([small], [attack(0.5)] * 50, []).leaks == [small]
    assert decide([attack(0.5)], [small] + [attack(0.5)] * 16, []).leaks == []
    assert decide([attack(0.5)], [small] + [attack(0.5)] * 15, []).leaks == [small]
    many = [small] + [attack(0.5)] * 16
    assert decide(many, [attack(0.5)], []).leaks == []
    assert decide(many, [], [copied(0.001)]).copied == []
