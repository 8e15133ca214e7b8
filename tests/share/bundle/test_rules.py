"""What may leave a site, and what may not."""

import pathlib
import runpy

import numpy as np
import pytest

from medjax import data, methods
from medjax.data.prepare.zca_whitening import Whitening
from medjax.errors import UserError
from medjax.methods.initial import INITS
from medjax.share.bundle import rules
from medjax.share.bundle.finished import read_run
from medjax.types import SyntheticSet

CONFIGS = pathlib.Path(__file__).resolve().parents[3] / "configs"


# In docs/SHARING.md; the presets of MTT whiten, which needs an audit.
MADE_FOR_SHARING = ["dm_breast", "dm_pneumonia", "dsa_breast", "dsa_chest"]
MADE_FOR_SHARING += [f"presets:{m}_{d}" for m in ("dc", "dm", "dsa") for d in ("phantom", "retina")]
MADE_FOR_SHARING += ["presets:dc_breast", "presets:dc_chest", "presets:dm_chest"]
MADE_FOR_SHARING += ["presets:dc_pneumonia", "presets:dsa_pneumonia"]


@pytest.mark.parametrize("words", [None, "quick"])
@pytest.mark.parametrize("name", MADE_FOR_SHARING)
def test_configs_made_for_sharing_start_from_noise(name, words):
    file, _, preset = name.partition(":")
    get_config = runpy.run_path(str(CONFIGS / f"{file}.py"))["get_config"]
    config = get_config(",".join(filter(None, (preset, words))) or None)
    assert config.distill.init == "noise" and methods.real_parts(config.method) is None
    assert "zca" not in config.data.prepare and config.evaluation.labels == "hard"


def test_a_start_from_noise_may_leave(site):
    assert rules.check_may_leave(read_run(site()), allow_real_init=False) == []


@pytest.mark.parametrize("method", ["random", "herding", "kcenter", "rded"])
def test_core_sets_never_leave(site, audited, method):
    run = read_run(audited(site(method=method, init="coreset")))
    with pytest.raises(UserError, match=f"is a core-set \\({method}\\).*patients' images"):
        rules.check_may_leave(run, allow_real_init=True)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        *(({"init": init}, "started from real images") for init in INITS if init != "noise"),
        ({"init": "of some later version"}, "started from real images"),
        ({"labels": "teacher"}, "labels are outputs of a network"),
        ({"labels": "learned"}, "labels started as outputs"),
        ({"baseline_ipc": [2, 1]}, "a class has one real image"),
    ],
)
def test_what_tells_of_patients_needs_an_audit_and_a_word(site, audited, changes, reason):
    workdir = site(**changes)
    for allowed in (False, True):
        with pytest.raises(UserError, match=f"{reason}.*or audit the run"):
            rules.check_may_leave(read_run(workdir), allow_real_init=allowed)
    run = read_run(audited(workdir))
    with pytest.raises(UserError, match=f"{reason}.*Read its audit"):
        rules.check_may_leave(run, allow_real_init=False)
    (mark,) = rules.check_may_leave(run, allow_real_init=True)
    assert reason in mark


def test_one_image_a_class_is_no_class_of_one_image(site):
    run = read_run(site(ipc=1, baseline_ipc=[1, 1]))
    assert rules.check_may_leave(run, allow_real_init=False) == []


@pytest.mark.parametrize(("count", "few"), [(1, True), (2, False)])
def test_a_class_of_one_image_with_one_image_a_class(site, count, few):
    run = read_run(site(ipc=1, baseline_ipc=[1, 1]))
    run.summary["data"]["smallest_group"] = count
    assert any("a class has one real image" in x for x in rules.risks(run)) == few


def test_whitened_images_hold_a_mean_patient(site, audited):
    workdir = site()
    matrix = np.eye(30, dtype=np.float32)
    data.save_synthetic(
        workdir / "synthetic.npz",
        SyntheticSet(np.zeros((4, 6, 5, 1), np.float32), np.array([0, 0, 1, 1])),
        mean=[0.4],
        std=[0.2],
        whitening=Whitening("mtt", np.zeros(30, np.float32), matrix, matrix),
    )
    with pytest.raises(UserError, match="the mean of all real training images"):
        rules.check_may_leave(read_run(workdir), allow_real_init=True)


def test_remarks_are_marked_and_not_refused(findings):
    clip = "percentile_clip(low=0, high=99, over=train, bounds=(3.0, 250.0))|resize(6)"
    marks = rules.check_may_leave(read_run(findings(preparation=clip)), allow_real_init=False)
    assert ["label rows" in marks[0], "pixel value" in marks[1]] == [True, True]
    inner = clip.replace("low=0", "low=1")
    assert (
        len(rules.check_may_leave(read_run(findings(preparation=inner)), allow_real_init=False))
        == 1
    )
