"""Two hospitals send distilled images instead of patients' images; a third one trains on both.

python examples/hospital_to_hospital.py
python examples/hospital_to_hospital.py --data=pneumoniamnist --words=quick,ipc=10

Each hospital holds half of a data set: it distils its half from noise, packs and signs the result.
The receiver verifies both bundles by the keys that it was given, merges them, trains networks, and
compares: each bundle alone, both merged, and as many images distilled from all data in one place.
"""

import argparse
import pathlib

import jax
import numpy as np

import medjax
from medjax import data, evaluate, nets, share, training
from medjax.cli import startup
from medjax.run import config
from medjax.share import signing

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--data", default="phantom", help="a data set with one class for each image")
parser.add_argument("--words", default="quick,ipc=5", help="words of the config of every site")
parser.add_argument("--folder", default="runs/hospitals", help="folder for what is made")
args = parser.parse_args()

startup.set_up_jax({"JAX_NUM_CPU_DEVICES": "1"})
folder = pathlib.Path(args.folder)
folder.mkdir(parents=True, exist_ok=True)
ds = data.load(args.data)
names = np.array(ds.info.classes)


def write_half(name, part):
    """Writes a random half of train and val; the test images are those of all."""
    arrays = {}
    for split, content in ds.splits.items():
        order = np.random.default_rng(0).permutation(len(content))
        rows = np.arange(len(content)) if split == "test" else np.sort(order[part::2])
        arrays |= {f"{split}_images": content.images[rows]}
        arrays |= {f"{split}_labels": names[content.labels[rows]]}
    np.savez(folder / f"{name}.npz", **arrays)
    return f"{folder / name}.npz"


def distil(name, where, *, images=1):
    """Distils a set from noise; ``images`` times as many as the words say."""
    settings = config.make("dm", "phantom", f"{args.words},distill.init=noise").to_dict()
    settings["data"]["name"] = where
    settings["ipc"] *= images
    print(f"{name} distils")
    return medjax.distill(settings, folder / name)


def scores(path):
    """Trains networks on the images of a path as their card says, and scores them on test."""
    bundle = share.read_bundle(path)
    plan, stats = bundle.card["training"], (bundle.shared.mean, bundle.shared.std)
    name, options = nets.parse(plan["network"])
    net = nets.make(name, num_classes=len(bundle.classes), **options)
    order = np.array([bundle.classes.index(x) for x in names])
    labels = order[ds.test.labels].astype(np.int32)
    benchmark = evaluate.Benchmark(
        {"test": data.Split(ds.test.images, labels)}, stats, ds.info.task
    )
    found = evaluate.evaluate_set(
        jax.random.key(0),
        net,
        *share.load(path),
        benchmark,
        recipe=training.Recipe(**plan["recipe"]),
        num_networks=plan["networks"],
    )
    return found["test"], bundle.card["images"]["count"]


# The two hospitals. Nothing but the bundle and the public key leaves them.
for part, site in enumerate(("site_a", "site_b")):
    distil(site, write_half(site, part))
    if not (folder / f"{site}.key").exists():
        signing.make_keys(folder / f"{site}.key")
    share.pack(
        folder / site,
        folder / f"{site}.zip",
        title=site,
        licence=ds.info.licence,
        key=folder / f"{site}.key",
    )

# The receiver has the public keys by another way, and refuses what they did not sign.
for site in ("site_a", "site_b"):
    report = share.verify(folder / f"{site}.zip", key=folder / f"{site}.key.pub")
    print(f"{site}: {report.sentences[-1]}")
    if not report.ok:
        raise SystemExit(f"{site}.zip is not used")
share.merge([folder / "site_a.zip", folder / "site_b.zip"], folder / "merged.zip", title="merged")

# What it would be with all data in one place.
summary = distil("central", args.data, images=2)
share.pack(folder / "central", folder / "central.zip", title="central")

print(f"\n{'':<16}{'images':>8}{'accuracy':>18}{'AUROC':>18}")
for name in ("site_a", "site_b", "merged", "central"):
    found, count = scores(folder / f"{name}.zip")
    cells = [f"{found[x]['mean']:.3f} ± {found[x]['std']:.3f}" for x in ("accuracy", "auroc")]
    print(f"{name:<16}{count:>8,}{cells[0]:>18}{cells[1]:>18}")
whole = summary["baselines"]["whole"]
cells = [f"{whole[x]['mean']:.3f} ± {whole[x]['std']:.3f}" for x in ("accuracy", "auroc")]
print(f"{'all real images':<16}{len(ds.train):>8,}{cells[0]:>18}{cells[1]:>18}")
