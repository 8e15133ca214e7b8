"""The verdict of an audit in plain words."""

from collections.abc import Mapping, Sequence
from typing import Any

from medjax.privacy.canaries.attacks import CANARIES
from medjax.privacy.copies.nearest import CopyTest
from medjax.privacy.statistics.evidence import LEAST, LEVEL
from medjax.privacy.statistics.membership import Attack

_A = {"image": "an image", "patient": "a patient"}
_FACTS = {
    "unit": "counted by",
    "fewest_members": "fewest members of an attack",
    "fewest_others": "fewest others of an attack",
    "distilled": "images distilled again",
    "left_out": "copies left out",
    "left_out_exact": "of these, equal ones",
    "left_out_near": "of these, near ones",
    "deep_tests": "of these, by shadows and canaries",
    "runs": "distillations made",
    "shadows": "of these, shadows",
    "num_images": "synthetic images",
    "ipc": "images per class",
    "init": "started from",
    "synthetic_sha256": "SHA-256 of synthetic.npz",
}


ALARM = (
    "Alarm: these images, or images made in the same way, reveal which real images they were made "
    "from."
)


def findings(attacks: Sequence[Attack], copies: Sequence[CopyTest]) -> list[str]:
    """Returns a line for each leak that was found.

    Args:
      attacks: the attacks that show a leak.
      copies: the tests of copies that show one.

    Example:
      >>> findings([], [CopyTest("synthetic images are copies", "bytes", 3, 20, 0.0, 0.0)])
      ['3 of 20 synthetic images are copies.']
    """
    lines = []
    for test in copies:
        where = "" if test.space == "bytes" else f", by {test.space} ({test.expected:.2g} expected)"
        lines.append(f"{test.found} of {test.of} {test.name}{where}.")
    for attack in attacks:
        of = f" of images of {attack.group}" if attack.group else ""
        rate = attack.rates[0]
        if attack.name == CANARIES:
            lines.append(
                f"Canaries: AUC {attack.auc:.3f} [{attack.interval[0]:.3f}, "
                f"{attack.interval[1]:.3f}]; {rate.found} of {attack.members} included ones are "
                f"found while at most {rate.false} of {attack.others} others are taken for them."
            )
            continue
        lines.append(
            f"Membership{of} by {attack.name}: AUC {attack.auc:.3f} "
            f"[{attack.interval[0]:.3f}, {attack.interval[1]:.3f}]; {rate.found} of "
            f"{attack.members} members are found while at most {rate.false} of {attack.others} "
            "others are taken for members."
        )
    return lines


def verdict(
    alarm: bool, tried: Mapping[str, Any], detectable: Mapping[str, float | None]
) -> list[str]:
    """Says what was found, what was tried, and what could have been seen.

    Args:
      alarm: whether a leak was found.
      tried: the numbers of images, runs and tests, as ``audit.json`` holds them, and why no attack
        on membership was tried, if so.
      detectable: see ``evidence.detectable``.

    Returns:
      Sentences, none of which clears the images.

    Example:
      >>> tried = {"members": 10, "others": 10, "unit": "image", "left_out": 0, "runs": 1}
      >>> tried |= {"distilled": 10, "attacks": ["pixels"], "tests": 12}
      >>> verdict(False, tried, {"auc": None})[0]
      'No alarm: none of 12 tests found a leak. This does not clear the images.'
    """
    deep_tests = tried.get("deep_tests", 0)
    level = _level(tried["tests"] - deep_tests, deep_tests)
    return [_first(alarm, tried), *_tried(tried), _power(detectable, tried), level]


def too_few(tried: Mapping[str, Any]) -> str:
    """Says why no attack on membership was tried.

    Args:
      tried: the numbers of images, see ``verdict``.

    Example:
      >>> tried = {"members": 3, "others": 4, "unit": "image", "left_out_near": 50}
      >>> too_few(tried | {"left_out_near": 0})
      'an attack needs 8 members and 8 other images, and there are 3 and 4'
      >>> too_few(tried)[-55:]
      '; a smaller --near leaves out fewer than 50 near copies'
    """
    members, others, near = tried["members"], tried["others"], tried["left_out_near"]
    few = (
        f"an attack needs {LEAST} members and {LEAST} other {tried['unit']}s, and there are "
        f"{members:,} and {others:,}"
    )
    # If even all of them were too few, another distance would not help.
    helps = near and members + others + near >= 2 * LEAST
    return few + f"; a smaller --near leaves out fewer than {near:,} near copies" * bool(helps)


def fact(name: str) -> str:
    """Returns the name of a number of ``audit.json`` in words.

    Example:
      >>> fact("left_out_near"), fact("seconds")
      ('of these, near ones', 'seconds')
    """
    return _FACTS.get(name, name.replace("_", " "))


def _first(alarm: bool, tried: Mapping[str, Any]) -> str:
    if alarm:
        return ALARM
    found = f"none of {tried['tests']} tests found a leak"
    if reason := tried.get("no_attacks_because"):
        found = f"no attack on membership was tried, because {reason}"
    return f"No alarm: {found}. This does not clear the images."


def _tried(tried: Mapping[str, Any]) -> list[str]:
    unit, runs = tried["unit"], tried["runs"]
    plural, names = f"{unit}s", [name for name in tried["attacks"] if name != CANARIES]
    lines = [
        f"The attacks ask whether {_A[unit]} was among those that were distilled. They were tried "
        f"with {tried['members']:,} members, which were, and {tried['others']:,} other {plural}, "
        f"which were not, of the run's own training split{_fewest(tried)}. They are "
        f"{len(names)}: {'; '.join(names)}.",
        "The run distilled its whole training split, which leaves no others in it. So the attacks "
        "see not the released images, but a distillation of a random half of it, "
        f"{tried['distilled']:,} images, with the run's own settings; {runs} "
        f"{'distillation was' if runs == 1 else 'distillations were'} made.",
    ] * ("no_attacks_because" not in tried)
    if comparisons := tried.get("comparisons"):
        lines.append(f"It was counted how many {'; how many '.join(comparisons)}.")
    if reason := tried.get("no_start_because"):
        lines.append(
            "Whether synthetic images are nearest to the real image that they started from was not "
            f"tried, because {reason}."
        )
    if count := tried.get("canaries"):
        few = "" if CANARIES in tried["attacks"] else "; that is too few for an attack on them"
        lines.append(
            f"{count} canaries, images that are easy to trace, were planted, half of them among "
            f"the images of one more distillation{few}."
        )
    if reason := tried.get("no_canaries_because"):
        lines.append(f"No canaries were planted, because {reason}.")
    if left_out := tried["left_out"]:
        copies = "copy of a training image was" if left_out == 1 else "copies of images were"
        lines.append(f"{left_out:,} {copies} left out before.")
    return lines


def _fewest(tried: Mapping[str, Any]) -> str:
    """Says how few members and others an attack had, if fewer."""
    fewest = tried.get("fewest_members"), tried.get("fewest_others")
    if None in fewest or fewest == (tried["members"], tried["others"]):
        return ""
    return f" (some attacks with as few as {fewest[0]:,} members or {fewest[1]:,} others)"


def _power(detectable: Mapping[str, float | None], tried: Mapping[str, Any]) -> str:
    area, rate = detectable.get("auc"), detectable.get("tpr_at_fpr_0.01")
    if area is None and rate is None:
        return "With so few images, no leak of membership could have been seen."
    parts = []
    if area is not None:
        parts.append(f"an AUC of {area:.3f} (0.5 is chance)")
    if rate is not None:
        parts.append(f"{100 * rate:.1f} % of members found at 1 % false positives")
    return (
        f"The smallest leak of an attack on all {tried['members']:,} and {tried['others']:,} that "
        f"is seen in 8 of 10 audits is {' or '.join(parts)}. A smaller one can go unseen, and so "
        "can a larger one that fewer images show, such as those of one class."
    )


def _level(tests: int, deep_tests: int) -> str:
    chance, each = f"{100 * LEVEL:.0f} %", f"{LEVEL / tests:.1e}"
    line = (
        "Images that do not depend on who is a member, or on which real images they started from, "
        f"raise a false alarm in at most {chance} of audits: one of the {tests} tests has to find "
        f"a p-value below {each}"
    )
    if deep_tests:
        line += (
            f". The tests by shadows and canaries raise one in at most {chance} more: one of these "
            f"{deep_tests} has to find a p-value below {LEVEL / deep_tests:.1e}"
        )
    return f"{line}."
