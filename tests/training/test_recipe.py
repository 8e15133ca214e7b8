"""The training recipe: its defaults, its schedule, and PyTorch's SGD."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from medjax import nets
from medjax.errors import UserError
from medjax.training import Recipe, sgd


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
    assert Recipe(augment="color_crop", epochs=7).epochs == 7
    assert hash(Recipe()) == hash(Recipe())


def _rates(recipe):
    """The learning rate of each epoch, and whether the momentum is reset before it."""
    schedule = recipe.schedule()
    epochs = range(schedule.num_epochs)
    return [
        (float(schedule.learning_rate_at(epoch)), bool(schedule.resets_momentum_at(epoch)))
        for epoch in epochs
    ]


@pytest.mark.parametrize("epochs", [0, 1, 2, 5, 8, 300])
def test_parity_schedule_is_the_references(epochs):
    """E+1 epochs; *after* the one with index E//2+1 a new optimiser with a tenth of the rate."""
    expected, rate, fresh = [], 0.01, False
    for epoch in range(epochs + 1):
        expected.append((rate, fresh))
        fresh = epoch == epochs // 2 + 1
        rate = rate * 0.1 if fresh else rate
    assert [pytest.approx(e) for e in expected] == _rates(Recipe(epochs=epochs, parity=True))


@pytest.mark.parametrize(("epochs", "full"), [(1, 0), (2, 1), (5, 2), (300, 150)])
def test_plain_schedule_is_what_it_says(epochs, full):
    rates = _rates(Recipe(epochs=epochs))
    assert len(rates) == epochs
    assert rates == [(pytest.approx(0.01), False)] * full + [(pytest.approx(0.001), False)] * (
        epochs - full
    )


@pytest.mark.parametrize("case", ["convnet_c1_28", "convnet_c3_32", "convnet_c3_64"])
def test_sgd_is_torchs(golden, x64, case):
    """Five full-batch steps of the reference, in float64, parameter for parameter."""
    arrays = {k: v.astype(np.float64) for k, v in golden(case).items() if v.dtype.kind == "f"}
    syn = arrays["syn"]
    num_classes, per_class, _, height, width = syn.shape
    images = jnp.asarray(syn.reshape(-1, *syn.shape[2:]).transpose(0, 2, 3, 1))
    labels = jnp.repeat(jnp.arange(num_classes), per_class)
    features = arrays["param/features.0.weight"].shape[0]
    depth = sum(name.startswith("param/") and a.ndim == 4 for name, a in arrays.items())
    net = nets.make("convnet", num_classes=num_classes, width=features, depth=depth)
    final_size = (32 if height == 28 else height) // 2**depth
    params = _flax_params(arrays, "param", final_size)
    assert width == height

    def loss_fn(params):
        logits = net.apply({"params": params}, images)
        return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()

    recipe = Recipe()
    optimizer = sgd(recipe.learning_rate, recipe.momentum, recipe.weight_decay)

    @jax.jit
    def step(params, state):
        loss, grads = jax.value_and_grad(loss_fn)(params)
        updates, state = optimizer.update(grads, state, params)
        return optax.apply_updates(params, updates), state, loss

    state, losses = optimizer.init(params), []
    for _ in range(5):
        params, state, loss = step(params, state)
        losses.append(float(loss))

    np.testing.assert_allclose(losses, arrays["sgd/losses"], rtol=1e-6)
    expected = _flax_params(arrays, "sgd/param", final_size)
    # A bias before an instance norm has no gradient; it only decays, and may be near zero.
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-12), params, expected
    )


def _flax_params(arrays, prefix, size):
    """Torch's weights in our layout: OIHW → HWIO, and (C, H, W) features → (H, W, C)."""
    blocks = {}
    depth = sum(name.startswith(f"{prefix}/") and a.ndim == 4 for name, a in arrays.items())
    for block in range(depth):
        conv, norm = f"{prefix}/features.{4 * block}", f"{prefix}/features.{4 * block + 1}"
        kernel = arrays[f"{conv}.weight"].transpose(2, 3, 1, 0)
        blocks[f"conv_{block}"] = {"kernel": kernel, "bias": arrays[f"{conv}.bias"]}
        blocks[f"norm_{block}"] = {
            "scale": arrays[f"{norm}.weight"],
            "bias": arrays[f"{norm}.bias"],
        }
    weight = arrays[f"{prefix}/classifier.weight"]
    weight = weight.reshape(len(weight), -1, size, size).transpose(2, 3, 1, 0)
    head = {"kernel": weight.reshape(-1, len(weight[0, 0, 0])), "bias": None}
    head["bias"] = arrays[f"{prefix}/classifier.bias"]
    return jax.tree.map(jnp.asarray, blocks | {"head": head})


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("epochs", -1, "epochs must be a whole number of at least 0, not -1"),
        ("epochs", 2.5, "epochs must be a whole number of at least 0, not 2.5"),
        ("batch_size", 0, "batch_size must be a whole number of at least 1, not 0"),
        ("learning_rate", -0.1, "learning_rate must be a finite number of at least 0, not -0.1"),
        ("momentum", float("nan"), "momentum must be a finite number of at least 0, not nan"),
        ("augment", "color_crp", "unknown DSA operator 'crp'"),
        ("weight_decay", -1, "weight_decay must be a finite number of at least 0, not -1"),
    ],
)
def test_bad_values_are_named(field, value, message):
    with pytest.raises(UserError, match=message):
        Recipe(**{field: value})
