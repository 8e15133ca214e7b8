"""The training recipe: its defaults, and values that are refused."""

import pytest

from medjax.errors import UserError
from medjax.training import Recipe


def test_defaults_are_the_references():
    assert Recipe() == Recipe(
        epochs=300,
        learning_rate=0.01,
        momentum=0.9,
        weight_decay=5e-4,
        batch_size=256,
        augment=None,
        parity=False,
    )
    assert Recipe(augment="color_crop").epochs == 1000
    assert Recipe(augment="none").epochs == 300
    assert Recipe(augment="dc_crop_noise").epochs == 1000
    assert Recipe(augment="color_crop", epochs=7).epochs == 7
    assert hash(Recipe()) == hash(Recipe())


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("epochs", -1, "epochs must be a whole number of at least 0, not -1"),
        ("epochs", 2.5, "epochs must be a whole number of at least 0, not 2.5"),
        ("batch_size", 0, "batch_size must be a whole number of at least 1, not 0"),
        ("learning_rate", -0.1, "learning_rate must be a finite number of at least 0, not -0.1"),
        ("momentum", float("nan"), "momentum must be a finite number of at least 0, not nan"),
        ("augment", "color_crp", "unknown DSA operator 'crp'"),
        ("augment", "dc_flip", "unknown DC operator 'flip'"),
        (
            "name",
            "fats",
            r"unknown recipe 'fats' \(did you mean 'fast'\?\); choose from: reference, ",
        ),
        ("weight_decay", -1, "weight_decay must be a finite number of at least 0, not -1"),
    ],
)
def test_bad_values_are_named(field, value, message):
    with pytest.raises(UserError, match=message):
        Recipe(**{field: value})


def test_parity_is_the_references_alone():
    with pytest.raises(UserError, match="parity needs the recipe 'reference', not 'fast'"):
        Recipe(parity=True, name="fast")
