"""Two hospitals send distilled images instead of patients' images; a third one trains on both.

python examples/hospital_to_hospital.py
python examples/hospital_to_hospital.py --data=pneumoniamnist --words=quick,ipc=10 --seeds=5

Each hospital holds half of a data set: it distils its half from noise, packs and signs the result.
The receiver verifies both bundles by the keys that it was given, merges them, trains networks, and
compares: each bundle alone, both merged, and as many images distilled from all data in one place.
A seed draws the halves, the distilled images and the networks; the intervals are over seeds.
"""

import argparse
import pathlib

import jax
import numpy as np

import medjax
from medjax import data, evaluate, nets, share, training
from medjax.cli import messages, startup
from medjax.run import config
from medjax.share import signing
from medjax.types import MULTI_LABEL

SITES, METRICS = ("site_a", "site_b"), ("accuracy", "auroc")
PLACES = (*SITES, "central")

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--data", default="phantom", help="a data set with one class for each image")
parser.add_argument("--words", default="quick,ipc=5", help="words of the config of every site")
parser.add_argument("--seeds", type=int, default=1, help="how often all of it is done")
parser.add_argument("--folder", default="runs/hospitals", help="folder for what is made")
args = parser.parse_args()
if args.seeds < 1:
    parser.error(f"--seeds must be at least 1, got {args.seeds}")

startup.set_up_jax({"JAX_NUM_CPU_DEVICES": "1"})
messages.show_log()
try:
    ds = data.load(args.data)
except medjax.errors.UserError as error:
    parser.error(str(error))
if ds.info.task == MULTI_LABEL:
    parser.error(f"{args.data} has label rows; take a set with one class for each image")
names = np.array(ds.info.classes)


def write_half(path, part, seed):
    """Writes a random half of train and val; the test images are those of all."""
    arrays = {}
    for split, content in ds.splits.items():
        order = np.random.default_rng(seed).permutation(len(content))
        rows = np.arange(len(content)) if split == "test" else np.sort(order[part::2])
        arrays |= {f"{split}_images": content.images[rows]}
        arrays |= {f"{split}_labels": names[content.labels[rows]]}
    np.savez(path, **arrays)


def distil(workdir, where, seed, *, images=1):
    """Distils a set from noise; ``images`` times as many as the words say."""
    settings = config.make("dm", "phantom", f"{args.words},distill.init=noise").to_dict()
    # Hospitals share no seed: each starts from noise of its own.
    own = len(PLACES) * seed + PLACES.index(workdir.name)
    settings |= {"seed": own, "ipc": images * settings["ipc"]}
    settings["data"]["name"] = str(where)
    print(f"{workdir.name} distils, seed {own}")
    return medjax.distill(settings, workdir)


def send(folder, seed):
    """Distils and signs at both hospitals. Only a bundle and a public key leave each of them."""
    for part, site in enumerate(SITES):
        half, key = folder / f"{site}.npz", folder / f"{site}.key"
        write_half(half, part, seed)
        distil(folder / site, half, seed)
        if not key.exists():
            signing.make_keys(key)
        licence = ds.info.licence
        share.pack(folder / site, folder / f"{site}.zip", title=site, licence=licence, key=key)


def receive(folder):
    """Verifies by the public keys, which came by another way, and merges what is genuine."""
    for site in SITES:
        report = share.verify(folder / f"{site}.zip", key=folder / f"{site}.key.pub")
        print(f"{site}: {report.sentences[-1]}")
        if not report.ok:
            raise SystemExit(f"{site}.zip is not used")
    share.merge([folder / f"{x}.zip" for x in SITES], folder / "merged.zip", title="merged")


def score(path, seed):
    """Trains networks on the images of a bundle as its card says, and scores them on test."""
    bundle = share.read_bundle(path)
    plan, stats = bundle.card["training"], (bundle.shared.mean, bundle.shared.std)
    name, options = nets.parse(plan["network"])
    net = nets.make(name, num_classes=len(bundle.classes), **options)
    order = np.array([bundle.classes.index(x) for x in names])
    test = data.Split(ds.test.images, order[ds.test.labels].astype(np.int32))
    found = evaluate.evaluate_set(
        jax.random.key(seed),
        net,
        *share.load(path),
        evaluate.Benchmark({"test": test}, stats, ds.info.task),
        recipe=training.Recipe(**plan["recipe"]),
        num_networks=plan["networks"],
    )
    return found["test"], bundle.card["images"]["count"]


def compare(seed):
    """Does all of it once. Returns each row's scores and number of images."""
    folder = pathlib.Path(args.folder) / f"seed_{seed}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise medjax.errors.UserError(f"cannot make {folder}: {error.strerror}") from error
    send(folder, seed)
    receive(folder)
    # What it would be with all data in one place.
    summary = distil(folder / "central", args.data, seed, images=2)
    share.pack(folder / "central", folder / "central.zip", title="central")
    rows = {x: score(folder / f"{x}.zip", seed) for x in (*SITES, "merged", "central")}
    return rows | {"all real images": (summary["baselines"]["whole"], len(ds.train))}


def means(row, metric):
    """Returns the mean over networks for each seed."""
    return [rows[row][0][metric]["mean"] for rows in runs]


def cell(interval, form=".3f"):
    """Formats a mean, with its interval if there are several seeds."""
    ends = f" [{interval.low:{form}}, {interval.high:{form}}]" if interval.n > 1 else ""
    return f"{interval.mean:{form}}{ends}"


try:
    runs = [compare(seed) for seed in range(args.seeds)]
except (medjax.errors.UserError, medjax.errors.RunError) as error:
    raise SystemExit(f"hospital_to_hospital: {error}") from error
print(f"\n{'':<24}{'images':>8}{'accuracy':>24}{'AUROC':>24}")
for row, (_, count) in runs[0].items():
    accuracy, auroc = (cell(evaluate.mean_interval(means(row, x))) for x in METRICS)
    print(f"{row:<24}{count:>8,}{accuracy:>24}{auroc:>24}")
for other in PLACES:
    pairs = (evaluate.paired_interval(means("merged", x), means(other, x)) for x in METRICS)
    accuracy, auroc = (cell(pair, "+.3f") for pair in pairs)
    print(f"{f'merged − {other}':<24}{'':>8}{accuracy:>24}{auroc:>24}")
if args.seeds == 1:
    print("One seed cannot tell whether a difference is more than chance; --seeds=5 runs five.")
