"""The same work done by the PyTorch reference, imported from a checkout.

github.com/VICO-UoE/DatasetCondensation runs as is. Its loops are inside its ``main`` functions, so
they are rewritten here around its own functions. Four things keep it from running on a present-day
machine and are fixed from outside:

- It imports torchvision only for data sets that are not used here; empty modules replace it.
- torch refuses ``x[:] = x[0]``, which its siamese draws contain; the right side is cloned.
- Its "crop" gives grey images a memory order in which the network cannot flatten its features;
  they are copied into the usual order.
- Its ConvNet fails on 28-pixel colour images; they are padded to 32, as medjax's first convolution
  pads them, so that both convolve the same number of pixels.
"""

import contextlib
import copy
import importlib
import sys
import types
import warnings
from argparse import Namespace
from collections.abc import Callable

import cases
import numpy as np
import torch


def load(directory: str) -> types.ModuleType:
    """Imports the reference's ``utils``."""
    parts = {name: types.ModuleType(name) for name in ("datasets", "transforms")}
    sys.modules["torchvision"] = types.ModuleType("torchvision")
    vars(sys.modules["torchvision"]).update(parts)
    warnings.filterwarnings("ignore", category=UserWarning)
    warnings.filterwarnings("ignore", category=DeprecationWarning)
    sys.path.insert(0, directory)
    _clone_what_is_assigned()
    utils = importlib.import_module("utils")
    utils.DiffAugment = _in_usual_order(utils.DiffAugment)
    return utils


def _in_usual_order(augment: Callable) -> Callable:
    def augmented(images, *args, **options):
        return augment(images, *args, **options).clone(memory_format=torch.contiguous_format)

    return augmented


def _clone_what_is_assigned() -> None:
    assign = torch.Tensor.__setitem__

    def assign_clone(self, index, value):
        assign(self, index, value.clone() if isinstance(value, torch.Tensor) else value)

    torch.Tensor.__setitem__ = assign_clone


def make_work(
    utils: types.ModuleType, work: str, case: cases.Case, *, precision: str, steps: int
) -> Callable[[], object]:
    """Returns a function that does the work of a row and waits for its end."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    _set_precision(precision)
    args = Namespace(
        device=device,
        dsa=work not in ("dc", "eval5", "eval20"),
        dsa_strategy=cases.STRATEGY,
        dsa_param=utils.ParamDiffAug(),
        dc_aug_param=None,
        dis_metric="ours",
    )
    make = {"dm": _dm, "dc": _matching, "dsa": _matching, "dsa_life": _life}.get(work, _training)
    run = make(utils, args, case, work)
    repeats = steps if work in cases.OUTER_STEPS else 1

    def timed():
        for _ in range(repeats):
            run()
        if device == "cuda":
            torch.cuda.synchronize()

    return timed


def _set_precision(precision: str) -> None:
    """Sets the precision; the reference has no bfloat16 and keeps its default, TF32."""
    torch.backends.cudnn.allow_tf32 = precision != "float32"
    torch.backends.cuda.matmul.allow_tf32 = precision != "float32"


def _network(utils, case):
    with contextlib.redirect_stdout(None):
        size = _size(case)
        return utils.get_network("ConvNet", case.channels, case.classes, (size, size))


def _size(case):
    return 32 if case.channels == 3 and case.size == 28 else case.size


def _tensors(case, device, *, per_class):
    pixels, labels = cases.images(case, per_class=per_class)
    pixels = np.ascontiguousarray(pixels.transpose(0, 3, 1, 2))
    images = (torch.tensor(pixels).float() / 255 - 0.5) / 0.25
    padding = (_size(case) - case.size) // 2
    images = torch.nn.functional.pad(images, [padding] * 4).to(device)
    images = images.clone(memory_format=torch.contiguous_format)
    return images, torch.tensor(labels).long().to(device)


class _Images:
    """The real images, the synthetic ones and their optimiser."""

    def __init__(self, utils, args, case, *, rate):
        self.utils, self.args, self.case = utils, args, case
        self.per_class = cases.BATCH_REAL + 44
        self.real, _ = _tensors(case, args.device, per_class=self.per_class)
        shape = (case.classes * case.ipc, case.channels, _size(case), _size(case))
        self.syn = torch.randn(shape, device=args.device, requires_grad=True)
        self.labels = torch.arange(case.classes, device=args.device).repeat_interleave(case.ipc)
        self.optimizer = torch.optim.SGD([self.syn], lr=rate, momentum=0.5)
        self.seed = 0

    def batches(self):
        """Yields each class's real and synthetic images under one augmentation."""
        for label in range(self.case.classes):
            start = label * self.per_class
            rows = start + torch.randperm(self.per_class)[: cases.BATCH_REAL]
            pair = self.real[rows], self.syn[label * self.case.ipc : (label + 1) * self.case.ipc]
            if self.args.dsa:
                self.seed += 1
                pair = [
                    self.utils.DiffAugment(
                        images, self.args.dsa_strategy, seed=self.seed, param=self.args.dsa_param
                    )
                    for images in pair
                ]
            yield label, *pair

    def update(self, loss):
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss.item()


def _dm(utils, args, case, _work):
    images = _Images(utils, args, case, rate=1.0)

    def step():
        net = _network(utils, case)
        for parameter in net.parameters():
            parameter.requires_grad = False
        loss = torch.tensor(0.0, device=args.device)
        for _, real, syn in images.batches():
            means = net.embed(real).detach().mean(0), net.embed(syn).mean(0)
            loss = loss + torch.sum((means[0] - means[1]) ** 2)
        return images.update(loss)

    return step


def _matching_loss(images, net):
    args = images.args
    criterion, parameters = torch.nn.CrossEntropyLoss(), list(net.parameters())
    total = torch.tensor(0.0, device=args.device)
    for label, real, syn in images.batches():
        gradients = []
        for batch, graph in ((real, False), (syn, True)):
            labels = torch.full((len(batch),), label, device=args.device)
            loss = criterion(net(batch), labels)
            gradients.append(torch.autograd.grad(loss, parameters, create_graph=graph))
        real_gradient = [g.detach() for g in gradients[0]]
        total = total + images.utils.match_loss(gradients[1], real_gradient, args)
    return total


def _matching(utils, args, case, _work):
    images = _Images(utils, args, case, rate=0.1)

    def step():
        net = _network(utils, case)
        return images.update(_matching_loss(images, net))

    return step


def _life(utils, args, case, _work):
    images = _Images(utils, args, case, rate=0.1)

    def step():
        net = _network(utils, case)
        images.update(_matching_loss(images, net))
        optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
        _epochs(utils, args, net, optimizer, images.syn.detach(), images.labels, cases.EPOCHS)
        return images.update(_matching_loss(images, net))

    return step


def _training(utils, args, case, work):
    if work == "whole":
        count, epochs = 1, 1
        images, labels = _tensors(case, args.device, per_class=cases.WHOLE_IMAGES // case.classes)
    else:
        count, epochs = cases.networks(work)[0], cases.EPOCHS
        images, labels = _tensors(case, args.device, per_class=case.ipc)

    def train():
        for _ in range(count):
            net = _network(utils, case)
            optimizer = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9, weight_decay=5e-4)
            _epochs(utils, args, net, optimizer, images, labels, epochs)

    return train


def _epochs(utils, args, net, optimizer, images, labels, epochs):
    dataset = utils.TensorDataset(copy.deepcopy(images), labels)
    loader = torch.utils.data.DataLoader(dataset, batch_size=cases.BATCH_TRAIN, shuffle=True)
    criterion = torch.nn.CrossEntropyLoss()
    for _ in range(epochs):
        utils.epoch("train", loader, net, optimizer, criterion, args, aug=args.dsa)
