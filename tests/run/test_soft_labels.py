"""Runs whose networks train on soft labels, of the method itself or of a teacher."""

import copy

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from medjax import data, evaluate, methods
from medjax.errors import UserError
from medjax.evaluate.baselines import whole
from medjax.run import config, distill
from medjax.run.binding import binding
from medjax.run.seeds import distill_seeds
from medjax.run.settings import Settings
from medjax.run.setup import make_experiment

CORESET = (
    "quick,ipc=2,net.width=4,net.depth=1,evaluation.epochs=2,evaluation.whole_steps=2,"
    "evaluation.batch_size=16,evaluation.networks=2,evaluation.select_networks=2,"
    "evaluation.augment=none,mesh.devices=1"
)


@pytest.fixture
def coreset(striped, tmp_path):
    """The settings of a run of two random images per class."""

    def make(*words, name="set"):
        words = [CORESET, f"{striped / name}.npz", f"data.cache={tmp_path / 'cache'}", *words]
        return config.make("random", "phantom", ",".join(words)).to_dict()

    return make


@pytest.fixture
def scored(monkeypatch):
    """The evaluations of distilled sets, as ``(labels, recipe, splits)``."""
    calls, original = [], evaluate.evaluate_set

    def record(key, net, images, labels, benchmark, *, recipe, **options):
        calls.append((np.asarray(labels), recipe, set(benchmark.splits)))
        return original(key, net, images, labels, benchmark, recipe=recipe, **options)

    monkeypatch.setattr(evaluate, "evaluate_set", record)
    return calls


@pytest.fixture
def learned(monkeypatch):
    """Gives every method logits as labels, of which the true class has the most."""
    original = methods.make

    def make(name, *, net, **options):
        distiller = original(name, net=net, **options)

        def init(key, real):
            state = distiller.init(key, real)
            return state._replace(labels=2 * jax.nn.one_hot(state.labels, net.num_classes))

        def decode(syn):
            return distiller.decode(syn._replace(labels=jax.nn.softmax(syn.labels)))

        return distiller._replace(init=init, decode=decode, soft_labels=True)

    monkeypatch.setattr(methods, "make", make)


def test_learned_labels_are_scored_soft_and_hard(coreset, scored, learned, tmp_path):
    summary = distill.distill(coreset(), tmp_path / "run")
    (selects, final, hard) = scored
    probabilities = np.asarray(jax.nn.softmax(2 * jnp.eye(2)[jnp.array([0, 0, 1, 1])]))
    for labels, recipe, _ in (selects, final):
        np.testing.assert_allclose(labels, probabilities, rtol=1e-6)
        assert recipe.soft_labels
    assert hard[0].tolist() == [0, 0, 1, 1] and not hard[1].soft_labels
    assert [splits for *_, splits in scored] == [{"val"}, {"val", "test"}, {"val", "test"}]
    assert summary["labels"] == "learned" and summary["recipe"]["soft_labels"]
    assert summary["test"] != summary["test_hard"] and set(summary["val_hard"])
    whole = summary["baselines"][summary["hlr_whole"]]["balanced_accuracy"]["mean"]
    ours = summary["test_hard"]["balanced_accuracy"]["mean"]
    assert summary["hlr"] == pytest.approx(100 * (whole - ours))
    made = data.load_synthetic(tmp_path / "run" / "synthetic.npz")
    np.testing.assert_allclose(made.labels, probabilities, rtol=1e-6)
    assert made.labels.dtype == np.float32
    report = (tmp_path / "run" / "report.html").read_text()
    assert "distilled, hard labels" in report and "so only hard labels compare alike" in report


def test_a_teacher_labels_distilled_and_random_images_alike(coreset, scored, tmp_path, monkeypatch):
    made, original = [], evaluate.make_teacher

    def make_teacher(*args, **options):
        made.append(original(*args, **options))
        return made[-1]

    def compare_learner(name, ours, *args, **options):
        learned.append(ours)
        return compare(name, ours, *args, **options)

    learned, compare = [], evaluate.compare_learner
    monkeypatch.setattr(evaluate, "make_teacher", make_teacher)
    monkeypatch.setattr(evaluate, "compare_learner", compare_learner)
    words = "evaluation.labels=teacher", "evaluation.temperature=3.0"
    summary = distill.distill(coreset(*words, "evaluation.learners=('knn',)"), tmp_path / "run")
    (teacher,) = made
    assert teacher.temperature == 3.0
    shared = data.load_synthetic(tmp_path / "run" / "synthetic.npz")
    wanted = teacher.label(shared.normalised().images)
    for labels, recipe, _ in scored[:2]:
        np.testing.assert_allclose(labels, wanted, rtol=1e-4, atol=1e-6)
        assert recipe.soft_labels
    np.testing.assert_array_equal(shared.labels, scored[1][0])
    np.testing.assert_array_equal(learned[0].labels, shared.labels.argmax(axis=1))
    assert scored[2][0].tolist() == [0, 0, 1, 1] and not scored[2][1].soft_labels
    assert summary["labels"] == "teacher" and "random_hard" in summary["baselines"]
    assert summary["test_hard"] != summary["test"]
    assert teacher.whole.facts["scores"]["test"] == summary["baselines"]["whole"]
    report = (tmp_path / "run" / "report.html").read_text()
    assert "random images, hard labels" in report and "at temperature 3" in report


def test_the_teacher_is_trained_once_and_kept_for_other_runs(coreset, tmp_path, monkeypatch):
    trained, original = [], whole.start_training
    monkeypatch.setattr(
        whole, "start_training", lambda *a, **k: trained.append(a) or original(*a, **k)
    )
    soft = distill.distill(coreset("evaluation.labels=teacher"), tmp_path / "soft")
    assert len(trained) == 1  # classes are equally frequent, so balancing changes nothing
    hard = distill.distill(coreset(), tmp_path / "hard")
    again = distill.distill(coreset("evaluation.labels=teacher"), tmp_path / "again")
    assert len(trained) == 1
    assert soft["baselines"]["whole"] == hard["baselines"]["whole"]
    assert soft["baselines"]["random_hard"] == hard["baselines"]["random"]
    assert soft["test_hard"] == hard["test"]
    assert hard["test_hard"] is None and hard["labels"] == "hard"
    assert {k: v for k, v in again.items() if k != "time"} == {
        k: v for k, v in soft.items() if k != "time"
    }
    files = [(tmp_path / x / "synthetic.npz").read_bytes() for x in ("soft", "again")]
    assert files[0] == files[1]


def test_learned_labels_stay_beside_a_teacher(coreset, scored, learned, tmp_path):
    summary = distill.distill(coreset("evaluation.labels=teacher"), tmp_path / "run")
    assert summary["labels"] == "learned" and "random_hard" in summary["baselines"]
    np.testing.assert_allclose(scored[1][0].max(axis=1), 0.8808, atol=1e-4)
    report = (tmp_path / "run" / "report.html").read_text()
    assert "which were learned with them" in report and "at temperature 1" in report


def test_several_seeds_keep_the_hard_labels(coreset, learned, tmp_path):
    summary = distill_seeds(coreset("seeds=2"), tmp_path / "run")
    assert len(summary["test_hard"]["auroc"]["values"]) == 2 and summary["labels"] == "learned"
    assert "distilled, hard labels" in (tmp_path / "run" / "report.html").read_text()


def test_crops_are_scored_beside_random_images_of_the_same_form(striped, tmp_path):
    words = [CORESET, f"{striped / 'set'}.npz", f"data.cache={tmp_path / 'cache'}"]
    words += ["ipc=1", "distill.factor=2", "evaluation.labels=teacher"]
    settings = config.make("rded", "phantom", ",".join(words)).to_dict()
    summary = distill.distill(settings, tmp_path / "run")
    assert (summary["num_images"], summary["num_decoded"], summary["init"]) == (2, 8, "crops")
    assert {"random_mixed", "random_hard"} <= set(summary["baselines"])
    made = data.load_synthetic(tmp_path / "run" / "synthetic.npz")
    assert made.labels.shape == (8, 2) and len(made.stored) == 2
    report = (tmp_path / "run" / "report.html").read_text()
    assert "parts of real patients' images" in report.replace("&#39;", "'")


@pytest.mark.parametrize(
    ("word", "message"),
    [
        (
            "evaluation.labels=teachr",
            r"unknown evaluation.labels 'teachr' \(did you mean",
        ),
        ("evaluation.temperature=0.0", r"evaluation.temperature must be positive, got 0.0"),
    ],
)
def test_bad_settings_are_named(coreset, word, message):
    with pytest.raises(UserError, match=message):
        Settings.from_config(coreset(word))


def test_a_temperature_needs_a_teacher(coreset):
    settings = Settings.from_config(coreset("evaluation.temperature=2.0"))
    with pytest.raises(UserError, match=r"^evaluation.temperature needs evaluation.labels=teach"):
        make_experiment(settings)


def test_findings_have_no_teacher():
    words = "quick,evaluation.labels=teacher"
    settings = Settings.from_config(config.make("dm", "phantom_findings", words).to_dict())
    with pytest.raises(UserError, match="needs classes that exclude each other, but "):
        make_experiment(settings)


def test_an_older_run_had_hard_labels(coreset):
    new = coreset()
    old = copy.deepcopy(new)
    del old["evaluation"]["labels"], old["evaluation"]["temperature"]
    assert binding(old) == binding(new) != binding(coreset("evaluation.labels=teacher"))
