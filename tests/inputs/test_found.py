"""Folders that people report to fail, or to be read wrongly without a word."""

import zipfile

import pytest

CLASSES = ("benign", "malignant")


@pytest.fixture
def scans(save, tmp_path):
    """``scans(pattern)`` makes 12 pictures of each class; the pattern holds ``{c}`` and ``{n}``."""

    def make(pattern="{c}/scan_{n:02d}.png", classes=CLASSES, count=12, first=0):
        for label, name in enumerate(classes):
            for number in range(first, first + count):
                save(tmp_path / "set" / pattern.format(c=name, n=number), label, number)
        return tmp_path / "set"

    return make


# 1, 2, 20: masks ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "mask",
    [
        *("{c}/scan_{n:02d}_mask.png", "{c}/scan_{n:02d}_Mask_1.tif", "{c}/scan_{n:02d}-seg.png"),
        *("{c}/scan_{n:02d} segmentation (2).png", "{c}/scan_{n:02d}.gt.png"),
        *("{c}/scan_{n:02d}-Maske.png", "{c}/scan_{n:02d}_overlay.jpg"),
    ],
)
def test_masks_beside_images_are_passed_over(mask, scans, describe):
    folder = scans()
    scans(mask)
    said = describe(folder)
    assert said.images == 24 and said.report["classes"] == list(CLASSES)
    assert said.warned("masks of images are not read: 24, the first is benign/scan_00")


def test_a_mask_without_its_image_stays(scans, describe):
    folder = scans("{c}/scan_{n:02d}_mask.png")
    said = describe(folder)
    assert said.images == 24 and not said.warned("masks")


@pytest.mark.parametrize(
    "image, mask",
    [
        ("images/{c}{n}.png", "masks/{c}{n}.png"),
        ("Image/{c}{n}.png", "Ground Truth/{c}{n}_gt.png"),
        ("CXR_png/{c}{n}.png", "masks/{c}{n}_mask.png"),
        ("data/images/{c}{n}.png", "data/labels/{c}{n}.png"),
    ],
)
def test_images_and_masks_are_no_classes(image, mask, scans, describe):
    folder = scans(image)
    scans(mask)
    assert describe(folder).status == 2


@pytest.mark.parametrize("top", ["", "train/"])
@pytest.mark.parametrize("name", ["masks", "Mask", "Ground_Truth", "labels", "GT"])
def test_masks_that_are_read_as_a_class(top, name, save, tmp_path, describe):
    for number in range(24):
        for label, folder in enumerate(("x-ray", name)):
            start = top.replace("train", "test") if number > 12 else top
            save(tmp_path / "set" / f"{start}{folder}/{number}.png", label, number)
    said = describe(tmp_path / "set")
    assert said.images == 48 and said.warned(
        f"{name} is read as a class, but is named like masks, and its files like those of x-ray: "
        f"if they are masks, move {name} elsewhere, or rename x-ray to images"
    )


@pytest.mark.parametrize("one, other", [("mask", "face"), ("with_mask", "without_mask")])
def test_a_class_of_people_with_masks(one, other, save, tmp_path, describe):
    for number in range(24):
        for label, folder in enumerate((one, other)):
            save(tmp_path / "set" / folder / f"{2 * number + label}.png", label, number)
    said = describe(tmp_path / "set")
    assert said.images == 48 and not said.warned("masks")


def test_images_beside_masks_are_told_and_read_by_a_table(scans, describe):
    folder = scans("images/{c}{n}.png")
    scans("masks/{c}{n}.png")
    assert describe(folder).refused("holds images beside their masks, and no class folders")
    rows = [f"{name}{number},{name}" for name in CLASSES for number in range(12)]
    (folder / "table.csv").write_text("\n".join(["file,label", *rows]))
    assert describe(folder).refused("no class folders", "--folder.table=")
    assert describe(folder, "--folder.table=table.csv").images == 24


@pytest.mark.parametrize("start", ["", "train/"])
@pytest.mark.parametrize("names", [("images", "masks"), ("Images", "lung masks"), ("img", "gt")])
def test_images_and_masks_in_each_class(names, start, scans, describe):
    folder = scans(f"{start}{{c}}/{names[0]}/{{c}}-{{n}}.png")
    scans(f"{start}{{c}}/{names[1]}/{{c}}-{{n}}.png", classes=CLASSES[:1])
    if start:
        scans(f"test/{{c}}/{names[0]}/{{n}}.png", first=20)
    said = describe(folder)
    assert said.images == 24 * (1 + bool(start))
    assert said.report["classes"] == list(CLASSES) and said.warned(
        "masks of images are not read: 12"
    )
    assert describe(folder, "--folder.patients=folders").refused("lies in a class itself")


def test_masks_of_patients(scans, describe):
    folder = scans("{c}/{c}{n}/images/1.png")
    scans("{c}/{c}{n}/masks/1.png")
    said = describe(folder, "--folder.patients=folders")
    assert said.images == 24 and said.report["cut"] == "patient"
    assert said.warned("masks of images are not read: 24")


def test_classes_of_masks_are_classes(scans, describe):
    folder = scans(classes=("with_mask", "without_mask"))
    said = describe(folder)
    assert said.images == 24 and not said.warned("masks")


# 3: parts -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", ["images_part_{}", "images_{:03d}", "fold_{}", "Part {}"])
def test_numbered_parts_beside_a_table_are_no_classes(part, scans, describe):
    folder = scans("{c}/scan_{c}_{n:02d}.png", classes=(part.format(1), part.format(2)))
    said = describe(folder)
    assert said.warned("seem to be numbered parts of one set")
    files = sorted(folder.glob("*/*.png"))
    rows = [f"{file.stem},{CLASSES[number % 2]}" for number, file in enumerate(files)]
    (folder / "metadata.csv").write_text("\n".join(["image_id,dx", *rows]))
    command = f"--folder.table={folder}/metadata.csv --folder.columns=file=image_id,label=dx"
    assert describe(folder).refused("numbered parts of one set, and no classes", command)
    flags = ["--folder.table=metadata.csv", "--folder.columns=file=image_id,label=dx"]
    assert describe(folder, *flags).images == 24


@pytest.mark.parametrize("names", [("1", "2"), ("grade_1", "grade_2"), ("stage 1", "stage 2")])
def test_numbered_classes_are_classes(names, scans, describe):
    folder = scans(classes=names)
    (folder / "table.csv").write_text(f"file,label\n{names[0]}/scan_00.png,1\n")
    said = describe(folder)
    assert said.images == 24 and not said.warned("parts")


# 5, 6, 16: what is not read -----------------------------------------------------------------------


def test_a_class_without_images_is_named(scans, describe):
    folder = scans()
    (folder / "normal").mkdir()
    for number in range(3):
        (folder / "odd" / f"{number}.heic").parent.mkdir(exist_ok=True)
        (folder / "odd" / f"{number}.heic").write_bytes(b"ftypheic")
    said = describe(folder)
    assert said.images == 24 and said.warned("no image is in normal (empty), odd (3 × .heic)")


@pytest.mark.parametrize("start", ["train/", "chest/Training/"])
def test_a_class_without_images_below_splits(start, scans, describe):
    folder = scans(f"{start}{{c}}/{{n}}.png")
    scans(f"{start.replace('rain', 'est')}{{c}}/{{n}}.png", first=20)
    (folder / start / "normal").mkdir()
    (folder / start / "@eaDir").mkdir()
    said = describe(folder)
    assert said.images == 48 and said.warned("no image is in normal (empty)")
    assert not said.warned("@eaDir")


def test_files_of_other_formats_are_told(scans, describe):
    folder = scans()
    for number, suffix in enumerate((".heic", ".heic", ".svg")):
        (folder / "benign" / f"more_{number}{suffix}").write_bytes(b"<svg/>")
    (folder / "benign" / "readme.txt").write_text("scans of 2020")
    said = describe(folder)
    assert said.images == 24
    assert said.warned("no images, and not read: 2 × .heic, 1 × .svg, in benign")


def test_loose_pictures_are_counted(scans, describe):
    folder = scans()
    scans("extra_{c}_{n}.png", count=3)
    said = describe(folder)
    assert said.images == 24
    assert said.warned("outside class folders are not read: 6, the first is extra_benign_0.png")


# 18, 19, 24, 26, 31: folders ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "names", [("Training", "Testing"), ("TRAIN", "Test"), ("train_set", "test")]
)
@pytest.mark.parametrize("start", ["", "chest_xray/", "a/b/"])
def test_other_names_of_splits_one_folder_deeper(names, start, scans, describe):
    folder = scans(f"{start}{names[0]}/{{c}}/{{n}}.png")
    scans(f"{start}{names[1]}/{{c}}/{{n}}.png", first=20, count=4)
    said = describe(folder)
    assert {name: x["images"] for name, x in said.report["splits"].items()} == {
        "train": 24,
        "test": 8,
    }
    assert describe(folder, "--folder.patients=folders").refused("lies in a class itself")


def test_a_test_without_labels(scans, describe):
    folder = scans("train/{c}/{n}.png")
    scans("test/{c}{n}.png", count=4)
    train = f"folder:{folder}/train alone is cut into splits"
    assert describe(folder).refused(
        "holds no images in test (none of the 8 there lies in test/CLASS/FILE)", train
    )
    assert describe(folder / "train").images == 24


def test_no_test(scans, describe):
    folder = scans("train/{c}/{n}.png")
    assert describe(folder).refused(
        f"no images in test; folder:{folder}/train alone is cut into splits"
    )
    scans("Valid/{c}/{n}.png", first=20)
    assert describe(folder).refused(
        "no images in test; rename Valid to test if it is to be tested on"
    )
    (folder / "Valid").rename(folder / "test")
    assert describe(folder).images == 48


def test_an_archive_is_to_be_unpacked(scans, run):
    from medjax.cli import data as cli_data

    folder = scans()
    with zipfile.ZipFile(folder / "scans.zip", "w") as file:
        file.write(folder / "benign" / "scan_00.png", "scan_00.png")
    assert run(cli_data.main, f"--name=folder:{folder}/scans.zip").refused(
        "scans.zip is a file: unpack it"
    )
    assert run(cli_data.main, f"--name={folder}/scans.zip").refused(
        "unpack images and read them as folder:"
    )


@pytest.mark.parametrize("name", ["@eaDir", "#recycle", "lost+found", "$RECYCLE.BIN"])
def test_folders_of_network_drives(name, scans, describe):
    folder = scans()
    scans(f"{{c}}/{name}/thumb_{{n}}.jpg")
    scans(f"{name}/{{c}}/thumb_{{n}}.jpg")
    said = describe(folder)
    assert said.images == 24 and not said.warned(name)
    assert describe(folder, "--folder.patients=folders").refused("lies in a class itself")


# 30, 32: names of classes ------------------------------------------------------------------------


@pytest.mark.parametrize("other", ["Benign", "benign ", "BENIGN"])
def test_classes_that_differ_by_case_or_spaces(other, scans, describe):
    folder = scans("train/{c}/{n}.png")
    scans("test/{c}/{n}.png", classes=(other, "malignant"), first=20)
    assert describe(folder).refused(
        f"class {other!r} has no image in train; 'benign' differs in case"
    )
    scans("train/{c}/{n}.png", classes=(other,), first=40)
    assert describe(folder).warned("'benign'", f"{other!r}", "differ in case or spaces only")


def test_many_numbers_may_be_measurements(scans, describe):
    folder = scans("{c}/{n}.png", classes=[str(number) for number in range(31)], count=4)
    assert describe(folder).warned("31 classes are numbers: if they are measurements")


# patients and siblings by the names of folders and files ------------------------------------------


def test_folders_of_patients_that_are_read_as_classes_are_warned_of(scans, describe):
    said = describe(scans("{c}/x{n}.png", classes=[f"PAT{i:03}" for i in range(12)]))
    assert said.status == 0
    assert said.warned("12 folders, as PAT000 and PAT001, seem to be patients", "CLASS/PAT000/FILE")
    assert not describe(scans()).warned("seem to be patients")


def test_an_expression_finds_patients_below_folders_of_days(scans, describe):
    folder = scans("{c}/2019-01-02/PAT{n}.png", count=20)
    scans("{c}/2020-03-04/PAT{n}.png", first=0, count=20)
    said = describe(folder, r"--folder.patients=PAT(\d+)")
    assert said.images == 80 and said.report["classes"] == list(CLASSES)
    assert said.report["cut"] == "patient"


def test_the_way_out_of_folders_of_sites_is_no_patient_folder(scans, describe):
    folder = scans("site0/{c}/{n}.png")
    scans("site1/{c}/{n}.png")
    said = describe(folder)
    assert said.status == 2
    assert "folders such as site0 and site1 hold the same ones, benign and malignant" in said.line


@pytest.mark.parametrize(
    "one, other, asked",
    [
        ("{c}/MRN{n}.png", "{c}/MRN{n}.jpg", True),
        ("{c}/x{n}.png", "{c}/x{n}_thumb.png", True),
        ("{c}/{n}_2019-03-10.png", "{c}/{n}_2020-04-11.png", True),
        ("{c}/sub-{n:03d}_ses-01_T1w.png", "{c}/sub-{n:03d}_ses-02_T1w.png", True),
        ("benign/{n}{n}{n}.png", "malignant/{n}{n}{n}.png", True),
        ("benign/{n}.png", "malignant/{n}.png", False),
        ("benign/IM{n:04d}.png", "malignant/IM{n:04d}.png", False),
    ],
)
def test_files_of_one_patient_by_their_names(one, other, asked, scans, describe, save, tmp_path):
    both = "{c}" in one
    for label, pattern in enumerate((one, other)):
        for number in range(24):
            name = pattern.format(c=CLASSES[number % 2], n=number)
            save(tmp_path / "set" / name, number % 2 if both else label, number + 50 * label)
    assert describe(tmp_path / "set").warned("perhaps leakage: ", "named like") == asked
