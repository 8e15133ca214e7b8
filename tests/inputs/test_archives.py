"""Archives in npz files as people have them."""


def test_one_hot_rows_are_findings_with_a_warning(case, describe):
    said = describe(case("npz_one_hot") / "mine.npz")
    assert said.status == 0 and any("argmax" in line for line in said.warnings)


def test_a_class_that_is_alone_in_test_is_refused_before_training(case, distil):
    said = distil(case("npz_one_class_in_test") / "mine.npz")
    assert said.status == 2 and "same label" in said.line
