"""A set that a run made is scored on data whose classes have another order, or other names."""

import shutil

import numpy as np
import pytest

from medjax import evaluate

WORDS = "data.size=16"


@pytest.fixture
def pictures(save, tmp_path):
    """``pictures(folder, first, second)`` makes 15 dark-right and 15 bright-right pictures."""

    def make(folder, *classes):
        for number in range(30):
            kind = classes[number % 2].replace("/", "_")
            save(tmp_path / folder / kind / f"{number:02d}.png", number % 2, number)
        return f"folder:{tmp_path / folder}"

    return make


@pytest.fixture
def labels_read(monkeypatch):
    """The labels of the sets that are read, as networks train on them."""
    found, score = [], evaluate.evaluate_set
    monkeypatch.setattr(
        evaluate, "evaluate_set", lambda *x, **y: found.append(x[3].tolist()) or score(*x, **y)
    )
    return found


def lines(said):
    return [line for line in said.lines if ": its labels are " in line]


@pytest.mark.parametrize("names", [("zz", "aa"), ("10", "9")])
def test_other_names_are_refused(names, pictures, distil, score, tmp_path):
    assert distil(f"{pictures('one', 'A', 'B')},{WORDS}").status == 0
    said = score(tmp_path / "work" / "synthetic.npz", pictures("two", *names))
    ours = ", ".join(sorted(names, key=lambda x: (len(x), x)))
    assert said.refused("is of the classes A, B by the summary.json", f"two are {ours}: rename")
    assert len(said.lines) == 1


@pytest.mark.parametrize(
    ("before", "now", "flips"),
    [
        (("A", "B"), ("A", "B"), False),
        (("A", "B"), ("a", "b "), False),
        (("ko\u0308pfe", "zehen"), ("k\u00f6pfe", "zehen"), False),
        (("a", "B"), ("A", "b"), True),
    ],
)
def test_the_same_names(before, now, flips, pictures, distil, score, labels_read, tmp_path):
    """Capitals are sorted before small letters."""
    assert distil(f"{pictures('one', *before)},{WORDS}").status == 0
    said = score(tmp_path / "work" / "synthetic.npz", pictures("two", *now))
    assert said.status == 0 and labels_read[-1] == ([1, 1, 0, 0] if flips else [0, 0, 1, 1])
    wanted = ["0 = B, 1 = a, and become 0 = A, 1 = b, as in folder:"] * flips
    assert len(lines(said)) == flips and all(
        x in y for x, y in zip(wanted, lines(said), strict=True)
    )


def test_the_data_of_the_run_by_other_names(pictures, distil, score, labels_read, tmp_path):
    """The arrays are the same, so that labels are too, whatever their classes are called now."""
    assert distil(f"{pictures('one', 'A', 'B')},{WORDS}").status == 0
    shutil.copytree(tmp_path / "one" / "A", tmp_path / "two" / "aa", copy_function=shutil.copy2)
    shutil.copytree(tmp_path / "one" / "B", tmp_path / "two" / "zz", copy_function=shutil.copy2)
    said = score(tmp_path / "work" / "synthetic.npz", f"folder:{tmp_path}/two")
    assert said.status == 0 and lines(said) == [] and labels_read[-1] == [0, 0, 1, 1]


def test_classes_in_another_order(case, distil, score, labels_read, tmp_path, save):
    """In a table that is read by columns, the order is that of the setting."""
    folder = tmp_path / "set"
    header, rows = "file,mass,edema,effusion", []
    for number in range(36):
        save(folder / f"{number}.png", number % 2, number)
        found = [number % 2, number // 2 % 2, number % 3 == 0]
        rows.append(f"{number}.png," + ",".join(str(int(x)) for x in found))
    (folder / "table.csv").write_text("\n".join([header, *rows]))
    table, made = f"data.folder.table=table.csv,{WORDS}", tmp_path / "work" / "synthetic.npz"
    words = f"folder:{folder},{table},evaluation.select_by=auroc"
    said = distil(words, "--config.data.folder.findings=mass,edema,effusion")
    assert said.status == 0, said.line
    same = score(made, f"folder:{folder}", "--folder.findings=mass,edema,effusion")
    other = score(made, f"folder:{folder}", "--folder.findings=effusion,mass,edema")
    assert same.status == other.status == 0, other.line
    assert lines(same) == []
    (line,) = lines(other)
    assert "0 = mass, 1 = edema, 2 = effusion, and become 0 = effusion, 1 = mass, 2 = ed" in line
    before, after = map(np.array, labels_read[-2:])
    np.testing.assert_array_equal(after, before[:, [2, 0, 1]])
    said = score(made, f"folder:{folder}", "--folder.findings=effusion,mass")
    assert said.refused("is of the classes mass, edema, effusion by", "are effusion, mass: rename")


def test_a_set_without_summary_says_its_classes(pictures, distil, score, tmp_path):
    assert distil(f"{pictures('one', 'A', 'B')},{WORDS}").status == 0
    shutil.copy(tmp_path / "work" / "synthetic.npz", tmp_path / "mine.npz")
    said = score(tmp_path / "mine.npz", pictures("two", "zz", "aa"), "--size=16")
    assert said.status == 0 and said.warnings == []
    assert lines(said) == [f"medjax: {tmp_path}/mine.npz: its labels are taken as 0 = aa, 1 = zz"]


def test_a_size_that_is_not_that_of_the_set(pictures, distil, score, tmp_path):
    name, made = pictures("one", "A", "B"), tmp_path / "work" / "synthetic.npz"
    assert distil(f"{name},{WORDS}").status == 0
    line = "medjax: the images are 16×16, not --size=28: the steps of the set resize them"
    said = score(made, name, "--size=28")
    assert said.status == 0 and line in said.lines and said.warnings == []
    for flags in ([], ["--size=16"]):
        assert "not --size" not in "".join(score(made, name, *flags).lines)
    with np.load(made) as archive:
        arrays = {key: archive[key] for key in ("images", "labels", "mean", "std")}
    np.savez(tmp_path / "mine.npz", **arrays)
    images = np.random.default_rng(0).integers(0, 255, (12, 16, 16), np.uint8)
    splits = {f"{x}_images": images for x in ("train", "test")}
    np.savez(tmp_path / "real.npz", **splits, train_labels=[0, 1] * 6, test_labels=[0, 1] * 6)
    said = score(tmp_path / "mine.npz", tmp_path / "real.npz", "--size=28")
    assert f"not --size=28: {tmp_path / 'real.npz'} has them so" in "".join(said.lines)
