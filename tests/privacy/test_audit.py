"""The audit of finished runs: planted leaks, what is written, and the command."""

import dataclasses
import json
import re
import shutil

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from medjax import data, privacy
from medjax.cli.privacy import main
from medjax.errors import UserError
from medjax.methods.formation import at_patch_size
from medjax.privacy import default_tests
from medjax.privacy.case import case as cases
from medjax.privacy.case import finished, redistil
from medjax.privacy.copies import release, started
from medjax.privacy.copies.started import NAME
from medjax.privacy.deep import shadow_attacks, shadows, together
from medjax.privacy.statistics import evidence
from medjax.privacy.statistics.membership import measure

FORBIDDEN = re.compile("private|anonymous|safe", re.I)
SMALL = ("--images=60",)


@pytest.fixture(scope="module")
def audited(core_set):
    """``(workdir, result)`` of the audit of a core-set."""
    return core_set, privacy.audit(core_set, images=150)


def test_real_images_passed_off_as_synthetic_raise_an_alarm(audited):
    _, result = audited
    assert result.alarm and result.verdict[0].startswith("Alarm: ")
    assert "20 of 20 synthetic images are a training image byte for byte." in result.findings
    member = [test for test in result.copies if "are members" in test.name]
    assert [(test.found, test.of) for test in member] == [(20, 20)] * 2


def test_what_is_written(audited):
    workdir, result = audited
    text, page = ((workdir / f"audit.{end}").read_text() for end in ("json", "html"))
    assert json.loads(text) == result.asdict()
    assert result.run["synthetic_sha256"] == finished.read(workdir).digest
    assert result.publish is False and json.loads(text)["publish"] is False
    for line in (*result.verdict, *result.findings):
        assert line.replace("'", "&#39;") in page
    assert page.count("<svg") == 1 and "log" in page and str(workdir) not in page + text
    assert not FORBIDDEN.search(text + page)
    names = "They are 4: pixels; whitened pixels; random networks; nearest synthetic image."
    assert names in result.verdict[1] and "shadows" not in text
    assert "with 150 members, which were, and 150 other images, which were not" in result.verdict[1]
    assert result.tried["left_out_exact"] == 1
    assert "1 copy of a training image was left out before." in result.verdict


def test_no_copy_of_the_images_stays(audited):
    workdir, _ = audited
    assert not list(workdir.rglob("images.npz"))


def test_no_copy_stays_in_a_cache_if_images_are_read_from_disk(make_run, tmp_path):
    options = "distill.init=noise,distill.batch_real=16,distill.augment=none"
    options += f",data.stream_above_gib=0.0,data.cache={tmp_path}"
    workdir = make_run("dm", f"ipc=1,iterations=1,evaluation.every=1,{options}")
    before = sorted(tmp_path.rglob("*.npy"))
    privacy.audit(workdir, images=60)
    assert before and sorted(tmp_path.rglob("*.npy")) == before
    assert not list((workdir / "audit").rglob("*.npy"))


def test_a_second_audit_reads_the_distillation(audited, monkeypatch, capsys):
    workdir, result = audited
    made = (workdir / "audit").glob("*/half/synthetic.npz")
    before = [path.stat().st_mtime_ns for path in made]
    monkeypatch.chdir(workdir.parent)  # the place of the run may be written in another way
    path = workdir.name
    assert main(["privacy", "audit", f"--workdir={path}", "--images=150", "--publish"]) == 0
    said = capsys.readouterr()
    assert said.out.splitlines()[0] == result.verdict[0]
    assert said.out.splitlines()[-1] == f"{path}/audit.html has the details."
    made = (workdir / "audit").glob("*/half/synthetic.npz")
    assert [path.stat().st_mtime_ns for path in made] == before
    again = json.loads((workdir / "audit.json").read_text())
    assert again["publish"] is True and again["attacks"] == result.asdict()["attacks"]
    assert not FORBIDDEN.search(said.out + said.err)


def test_a_real_start_with_few_steps_raises_an_alarm(make_run):
    options = "distill.init=real,distill.batch_real=16,distill.augment=none"
    workdir = make_run("dm", f"ipc=6,iterations=2,evaluation.every=2,{options}")
    result = privacy.audit(workdir, images=60)
    matched = [test for test in result.copies if "started from" in test.name]
    assert result.alarm and [(test.found, test.of) for test in matched] == [(12, 12)] * 2
    assert any("nearest to the real image that they started from" in x for x in result.findings)
    assert not any(
        "(seed known)" in attack.name and "networks" not in attack.name for attack in result.attacks
    )


def test_a_start_that_was_chosen_is_matched_too(from_noise, monkeypatch):
    run = finished.read(from_noise)
    images = np.float32(run.dataset.train.images[[7, 9, 20, 30]]) / 255
    monkeypatch.setattr(started, "start_of", lambda _: images)
    settings = dataclasses.replace(run.settings, distill={"init": "kcenter"})
    chosen = run._replace(settings=settings, released=run.released._replace(images=images))
    tests, _, why_not = release.compare(chosen, images=20)
    matched = [(test.found, test.of) for test in tests if "started from" in test.name]
    assert matched == [(4, 4)] * 2 and why_not is None


def test_each_patch_of_a_mixed_start_is_matched(make_run, monkeypatch):
    options = "distill.init=mix,distill.factor=2,distill.batch_real=16,distill.augment=none"
    run = finished.read(make_run("auto", f"ipc=2,iterations=1,evaluation.every=1,{options}"))
    # Noise of eight pixels is nothing at four: many images are near to a few.
    of_noise, *_ = (test for test in release.compare(run, images=20)[0] if test.name == NAME)
    assert of_noise.of == 16 and of_noise.expected > 2 and of_noise.p_value > 0.01
    train, rows = run.dataset.train, np.arange(16) * 11
    train = data.Split(np.kron(train.images, np.ones((1, 2, 2, 1), np.uint8)), train.labels)
    patches = at_patch_size(jnp.float32(train.images[rows]) / 255, factor=2)
    monkeypatch.setattr(started, "start_of", lambda _: np.asarray(patches))
    released = run.released._replace(images=np.asarray(patches), labels=train.labels[rows])
    dataset = dataclasses.replace(run.dataset, train=train, val=None, test=train)
    tests, *_ = release.compare(run._replace(dataset=dataset, released=released), images=20)
    fine, *_ = (test for test in tests if test.name == NAME)
    assert (fine.found, fine.of) == (16, 16) and fine.expected < 0.1 and fine.p_value < 1e-9


def test_a_start_that_experts_choose_is_said_to_be_untried(from_noise, monkeypatch):
    run = finished.read(from_noise)
    monkeypatch.setattr(started, "start_of", lambda _: None)
    settings = dataclasses.replace(run.settings, method="datm", distill={"init": "real"})
    tests, _, why_not = release.compare(run._replace(settings=settings), images=20)
    assert why_not == "the experts of datm choose its start"
    assert not any("started from" in test.name for test in tests)


def test_noise_raises_none_and_a_deep_audit_says_what_it_tried(from_noise):
    pytest.importorskip("jax_privacy")
    result = privacy.audit(from_noise, deep=True, images=60, shadows=4)
    names = {attack.name for attack in result.attacks}
    for name in ("pixels", "random networks", "the run's own networks (seed known)"):
        assert name in names
    for name in ("LiRA on pixels", "LiRA on a trained network", "RMIA on a trained network"):
        assert {name, f"{name} (seed known)"} <= names
    assert {"pixels (seed known)", "LiRA on the run's own networks (seed known)"} <= names
    assert not result.alarm and result.verdict[0].endswith("This does not clear the images.")
    assert result.tried["shadows"] == 8 and result.tried["runs"] == 10
    deeper = [x for x in result.attacks if x.name.startswith(("LiRA", "RMIA", "canaries"))]
    assert result.tried["deep_tests"] == evidence.count_tests(deeper)
    assert result.tried["tests"] == evidence.count_tests(result.attacks) + len(result.copies)
    counts = [(x.members, x.others) for x in result.attacks if not x.group]
    fewest = result.tried["fewest_members"], result.tried["fewest_others"]
    assert fewest == tuple(map(min, zip(*counts, strict=True)))
    assert min(fewest) < 60 and result.tried["canaries"] == 6
    assert any("6 canaries" in line and "too few for an attack" in line for line in result.verdict)
    assert set(result.epsilon) == {"mislabelled", "rare", "duplicated", "all"}
    assert result.epsilon["all"]["included"] == result.epsilon["all"]["others"] == 3
    text = (from_noise / "audit.json").read_text() + (from_noise / "audit.html").read_text()
    assert not FORBIDDEN.search(text)


def test_a_further_audit_takes_no_alarm_away(from_noise):
    first = privacy.audit(from_noise, images=60)
    assert not first.alarm
    path = from_noise / "audit.json"
    raised = first.asdict() | {"alarm": True, "findings": ["3 of 4 images are copies."]}
    path.write_text(json.dumps(raised))
    for _ in range(2):
        again = privacy.audit(from_noise, images=60)
        assert again.alarm and again.verdict[0].startswith("Alarm: ")
        assert again.findings == ("An earlier audit found: 3 of 4 images are copies.",)
        assert json.loads(path.read_text()) == again.asdict()
    of_others = raised | {"run": raised["run"] | {"synthetic_sha256": "0" * 64}}
    for text in (json.dumps(of_others), "no JSON"):
        path.write_text(text)
        assert privacy.audit(from_noise, images=60).findings == ()


def halves_of(run, workdir):
    case = cases.make_case(run, images=60, near=0)
    inside = np.stack([case.half(number) for number in (1, 2)])
    inside[1, np.flatnonzero(inside[1])[:5]] = False  # so that classes have other numbers of rows
    return case.images, inside, workdir


@pytest.mark.parametrize(
    ("made", "is_vectorised", "seeds"),
    [("from_noise", False, [3, 8]), ("of_auto", True, [3, 8]), ("from_noise", True, [3, 3])],
)
def test_shadows_of_one_program_are_those_one_by_one(
    made, is_vectorised, seeds, request, tmp_path, monkeypatch
):
    run = finished.read(request.getfixturevalue(made))
    images, inside, folder = halves_of(run, tmp_path)
    monkeypatch.setattr(together, "_is_vectorised", lambda: is_vectorised)
    found = shadows.distil_shadows(run, images, inside, folder / "a", seeds=seeds).sets
    monkeypatch.setattr(together, "METHODS", ())
    alone = shadows.distil_shadows(run, images, inside, folder / "b", seeds=seeds).sets
    for one, other in zip(found, alone, strict=True):
        np.testing.assert_allclose(one.images, other.images, atol=2e-5)
        np.testing.assert_array_equal(one.labels, other.labels)
        np.testing.assert_array_equal(one.mean, other.mean)
    assert np.abs(found[0].images - found[1].images).max() > 0.01


def test_halves_take_turns_on_a_cpu():
    assert together._is_vectorised() == (jax.default_backend() != "cpu")


def test_whoever_knows_the_seed_knows_the_networks_of_auto(of_auto):
    names = {attack.name for attack in privacy.audit(of_auto, images=20).attacks}
    assert {"the run's own networks (seed known)", "pixels (seed known)"} <= names


def test_stopped_shadows_resume(from_noise, tmp_path, monkeypatch):
    run = finished.read(from_noise)
    images, inside, _ = halves_of(run, tmp_path)
    monkeypatch.setattr(together, "_CALL", 2)
    monkeypatch.setattr(together, "_SAVE_SECONDS", 0.0)
    whole = together.distil(run, images, inside, tmp_path / "whole", seeds=[3, 3])
    save, saved = together._save, []

    def stop(state, path):
        save(state, path)
        saved.append(int(state.step[0]))
        raise KeyboardInterrupt

    monkeypatch.setattr(together, "_save", stop)
    with pytest.raises(KeyboardInterrupt):
        together.distil(run, images, inside, tmp_path / "stopped", seeds=[3, 3])
    monkeypatch.setattr(together, "_save", save)
    resumed = together.distil(run, images, inside, tmp_path / "stopped", seeds=[3, 3])
    assert saved == [2]
    fewer = together.distil(run, images, inside[:1], tmp_path / "stopped", seeds=[3])
    np.testing.assert_array_equal(fewer[0].images, whole[0].images)
    # Other halves, or another seed, are not taken for these.
    other = together.distil(run, images, ~inside, tmp_path / "stopped", seeds=[3, 3])
    assert np.abs(other[0].images - whole[0].images).max() > 0.01
    (again,) = together.distil(run, images, inside[:1], tmp_path / "stopped", seeds=[4])
    assert np.abs(again.images - whole[0].images).max() > 0.01
    for one, other in zip(whole, resumed, strict=True):
        np.testing.assert_array_equal(one.images, other.images)
    assert not list((tmp_path / "stopped").glob("state*"))


def test_an_audit_with_fewer_shadows_takes_the_first_of_them(from_noise, monkeypatch):
    case, asked = cases.make_case(finished.read(from_noise), images=60, near=0), []

    def asks(run, images, inside, folder, *, seeds):
        asked.append([(rows.tobytes(), seed) for rows, seed in zip(inside, seeds, strict=True)])
        raise InterruptedError

    monkeypatch.setattr(shadow_attacks, "distil_shadows", asks)
    for shadows_ in (8, 4):
        with pytest.raises(InterruptedError):
            shadow_attacks.shadow_attacks(case, [], own=[], shadows=shadows_)
    assert asked[1] == asked[0][:4] and len(set(asked[0])) == 8


def test_the_half_is_distilled_with_the_runs_own_settings(from_noise, tmp_path):
    run = finished.read(from_noise)
    part = data.Split(run.dataset.train.images[:20], run.dataset.train.labels[:20])
    with redistil.config_of(run, part, tmp_path) as config:
        assert (tmp_path / "images.npz").exists()
        own = run.settings.config
        for name in ("distill", "net", "ipc", "seed", "method", "precision"):
            assert config[name] == own[name]
        assert config["iterations"] == run.summary["selected_step"] == 4
        assert list(own["evaluation"]["learners"]) == ["knn"]
        assert not config["evaluation"]["learners"]
    assert not (tmp_path / "images.npz").exists()


def test_a_half_without_a_class_is_not_distilled_under_other_numbers(from_noise, tmp_path):
    run = finished.read(from_noise)
    train = run.dataset.train
    part = data.Split(train.images[train.labels == 1], train.labels[train.labels == 1])
    with (
        pytest.raises(UserError, match="it has no image of 0"),
        redistil.config_of(run, part, tmp_path),
    ):
        pass
    inside = np.stack([train.labels == 1])
    with pytest.raises(UserError, match="it has no image of 0"):
        together.distil(run, train, inside, tmp_path, seeds=[3])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "no command given; choose from: audit"),
        (["audti"], "unknown command 'audti' (did you mean 'audit'?); choose from: audit"),
        (["audit"], "--workdir is missing, as in --workdir=runs/dm"),
        (["audit", "--workdir=nowhere"], "nowhere holds no finished run: it has no readable summa"),
        (["audit", "--workdir=x", "--images=3"], "images must be at least 20, got 3"),
        (["audit", "--workdir=x", "--shadows=1"], "shadows must be at least 4, got 1"),
        (["audit", "--workdir=x", "--near=200"], "near must be 0–127 bits, got 200"),
        (["audit", "--workdir=x", "--deeep"], "Unknown command line flag 'deeep'"),
    ],
)
def test_mistakes_are_one_line(arguments, message, capsys):
    assert main(["privacy", *arguments]) == 2
    said = capsys.readouterr()
    assert said.out == "" and said.err.startswith(f"medjax: {message}")
    assert said.err.count("\n") == 1


def test_help(capsys):
    assert main(["privacy", "--help"]) == main(["privacy", "audit", "--help"]) == 0
    assert "--[no]deep" in capsys.readouterr().out


def test_strict_is_a_status(audited, monkeypatch):
    workdir, result = audited
    monkeypatch.setattr(privacy, "audit", lambda *_, **__: result)
    assert main(["privacy", "audit", f"--workdir={workdir}", "--strict"]) == 1
    assert main(["privacy", "audit", f"--workdir={workdir}"]) == 0


def test_a_class_too_small_for_half_of_it(make_run):
    workdir = make_run("random", "ipc=170")
    with pytest.raises(
        UserError, match=r"cannot distil a random half of the training images: .*170"
    ):
        privacy.audit(workdir, images=60)


def test_other_data_and_other_folders_are_refused(core_set, noisy, tmp_path):
    workdir = shutil.copytree(core_set, tmp_path / "run", ignore=lambda *_: ["audit"])
    summary = json.loads((workdir / "summary.json").read_text())
    changed = summary | {"data": summary["data"] | {"digest": "0"}}
    (workdir / "summary.json").write_text(json.dumps(changed))
    with pytest.raises(UserError, match="the data has changed since the run"):
        privacy.audit(workdir)
    (workdir / "summary.json").write_text(json.dumps(summary | {"seed_runs": ["seed_0"]}))
    with pytest.raises(UserError, match=r"several seeds; name one of them, as in .*seed_0"):
        privacy.audit(workdir)


@pytest.mark.parametrize("found", [[], [measure("canaries", np.arange(9.0), np.arange(9.0))]])
def test_an_audit_without_an_attack_measures_nothing(audited, monkeypatch, found):
    """An attack on canaries is none on members."""
    monkeypatch.setattr(default_tests, "tracing_attacks", lambda *_: found)
    workdir, _ = audited
    result = privacy.audit(workdir, images=60)
    assert list(result.attacks) == found and set(result.detectable.values()) == {None}
    assert not any("were tried with" in line for line in result.verdict)
    assert "and there are 60 and 60" in result.tried["no_attacks_because"]
    assert "With so few images, no leak of membership could have been seen." in result.verdict
    assert result.tried["no_attacks_because"] in (workdir / "audit.html").read_text()
