"""Masks by the names of files and of folders."""

import pytest

from medjax.data.pictures.listing import masks
from medjax.data.pictures.listing.entry import Entry


@pytest.mark.parametrize(
    "mask",
    [
        *("a/1_mask.png", "a/1_Mask.TIF", "a/1-mask.png", "a/1 mask.png", "a/1_masks_2.png"),
        *("a/1_mask (1).png", "a/1_seg.nii.gz", "a/1_segmentation.png", "a/1.gt.png"),
        *("a/1_ground_truth.png", "a/1_label.png", "a/1_annotation.png", "a/mask_1.png"),
        *("a/1_Maske.png", "a/1-Masken.png", "a/Maske_1.png", "a/1_Segmentierung.png"),
        *("a/1_masque.png", "a/1_máscara.png", "a/1_segmentación.png", "a/1_contour.png"),
        *("a/1_Kontur.png", "a/1_lesion.png", "a/1-overlay.jpg", "a/1_heatmap.png"),
    ],
)
def test_a_word_beside_the_name_of_an_image(mask):
    assert masks.find(["a/1.jpg", "a/2.jpg", mask]).files == {mask}
    assert not masks.find(["b/1.jpg", "a/2.jpg", mask]).files
    assert masks.find(["1.jpg", mask.removeprefix("a/")]).files == {mask.removeprefix("a/")}


@pytest.mark.parametrize(
    "name", ["a/1_0.png", "a/1mask.png", "a/1_masked.png", "a/1_view.png", "a/1_maskenball.png"]
)
def test_other_words_are_none(name):
    assert not masks.find(["a/1.png", name]).files


@pytest.mark.parametrize("images", ["images", "Image", "imgs", "imagesTr"])
@pytest.mark.parametrize(
    "folder",
    ["masks", "Mask", "gt", "Ground Truth", "lung masks", "labelsTr", "Masken", "Lunge-Masken"],
)
@pytest.mark.parametrize("start", ["", "benign/", "train/benign/"])
def test_folders_beside_images(images, folder, start):
    found = masks.find([f"{start}{images}/1.png", f"{start}{folder}/deep/2.png"])
    assert found.files == {f"{start}{folder}/deep/2.png"}
    assert found.images == {f"{start}{images}/"}
    assert found.parts(f"{start}{images}/x/1.png") == [*start.split("/")[:-1], "x", "1.png"]


def test_folders_of_images_at_the_same_depth():
    found = masks.find(["a/images/1.png", "a/masks/1.png", "b/images/2.png", "images/c/d/3.png"])
    assert found.images == {"a/images/", "b/images/"}
    assert found.parts("images/c/d/3.png") == ["images", "c", "d", "3.png"]


def test_folders_with_files_of_the_same_names():
    names = ["x-ray/1.png", "x-ray/2.png", "masks/1.png", "masks/2_mask.png", "masks/3.png"]
    assert masks.find(names).files == set(names[2:]) and not masks.find(names).images
    assert not masks.find(["x-ray/1.png", "x-ray/2.png", "masks/1.png", "masks/4.png"]).files
    assert not masks.find(["with_masks/1.png", "without_masks/1.png"]).files
    assert not masks.find(["a/images/1.png", "b/masks/1.png"]).files


@pytest.mark.parametrize("name", ["seg", "Mask", "gt", "label"])
@pytest.mark.parametrize("top", ["", "train/", "images/"])
def test_a_class_may_be_named_as_masks(name, top):
    classes = [f"{top}{x}/{n}.png" for x in ("baso", "eos", name) for n in range(3)]
    tops = [top.strip("/")] if top == "train/" else [""]
    assert not masks.find(classes, tops=tops).files
    named = [x.replace("baso", "images") for x in classes]
    assert masks.find(named, tops=tops).files == set(named[6:])
    inner = [f"{top}cell/{x.removeprefix(top)}" for x in classes]
    assert masks.find(inner, tops=tops).files == set(inner[6:])
    marked = [*classes[:6], *(f"{top}{name}/{n}_mask.png" for n in range(3))]
    assert masks.find(marked, tops=tops).files == set(marked[6:])


def doubtful(*names, split=None):
    return masks.among_classes([Entry(x, split, x.split("/")[-2], x) for x in names])


@pytest.mark.parametrize(
    "name",
    [
        *("masks", "Mask", "annotations", "Segmentation", "ground_truth", "Ground Truth", "labels"),
        *(
            "Masken",
            "Maske",
            "Segmentierungen",
            "GT",
            "lung_masks",
            "mask_images",
            "seg2",
            "x-ray_labels",
        ),
    ],
)
def test_classes_that_may_be_masks(name):
    assert doubtful("x-ray/1.png", "x-ray/2.png", f"{name}/1.tif") == {name: "x-ray"}
    assert doubtful("a/1.png", "b/2.png", "b/3.png", *(f"{name}/{n}.png" for n in (1, 2, 3))) == {
        name: "b"
    }
    assert not doubtful("x-ray/1.png", f"{name}/2.png", f"{name}/1.png")
    assert doubtful("a/1.png", "b/1.png", f"{name}/1.png") == {name: "a"}
    entries = [Entry("train/a/1.png", "train", "a", ""), Entry("test/m/1.png", "test", name, "")]
    assert not masks.among_classes(entries)


def test_words_that_name_masks_beside_their_images_name_no_folder():
    names = [f"{x}/{n}.png" for x in ("images", "lesion", "overlay") for n in range(3)]
    assert not masks.find(names).files
    assert not doubtful("nevus/1.png", "lesion/1.png", "contour/1.png")


def test_classes_of_people_with_masks():
    assert not doubtful("with_mask/1.png", "without_mask/1.png", "mask_weared_incorrect/1.png")
    assert not doubtful("mask/a.png", "face/b.png") and not doubtful("unmasked/1.png", "b/1.png")
    assert not doubtful("baso/1.png", "eos/1.png", "SEG/1.png")
    assert doubtful("baso/1.png", "eos/2.png", "seg/1.png") == {"seg": "baso"}
