"""medjax inside your own loop: first a whole method, then one kernel with any network.

python examples/own_loop.py --steps=300
"""

import argparse

import jax
import jax.numpy as jnp

from medjax import data, kernels, methods, nets

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--steps", type=int, default=300, help="iterations")
parser.add_argument("--width", type=int, default=32, help="channels of the network")
args = parser.parse_args()

key = jax.random.key(0)
ds = data.load("phantom")
real = data.real_data(ds.train, num_classes=ds.num_classes, mean=ds.mean, std=ds.std)

# A method: two pure functions. Every call of the step is one compiled program of many iterations.
net = nets.make("convnet", num_classes=ds.num_classes, width=args.width)
distiller = methods.make("dm", net=net, ipc=2, init="noise", batch_real=64)
state = distiller.init(key, real)
chunk = max(1, args.steps // 10)
while state.step < args.steps:
    state, info = distiller.step(key, state, real, min(chunk, args.steps - int(state.step)))
    print(f"iteration {state.step}: loss {info.loss:.4f}")
pixels = data.denormalize(state.images, ds.mean, ds.std)
print(f"dm: {len(pixels)} images, pixels {pixels.min():.2f} to {pixels.max():.2f}")


# A kernel: any function of parameters and images serves as a network, here a linear one.
def linear(params, images):
    return images.reshape(len(images), -1) @ params["weights"] + params["bias"]


def distance(images):
    labels = jnp.zeros(len(images), jnp.int32)
    return kernels.matching_loss(linear, params, zeros, zeros_labels, images, labels)


zeros, _ = data.sample_class(key, real, 0, batch=64)
zeros_labels = jnp.zeros(len(zeros), jnp.int32)
shape = (zeros[0].size, ds.num_classes)
params = {"weights": 0.01 * jax.random.normal(key, shape), "bias": jnp.zeros(ds.num_classes)}
images = jax.random.normal(key, (1, *zeros.shape[1:]))
step = jax.jit(jax.value_and_grad(distance))
for index in range(args.steps):
    loss, gradient = step(images)
    images = images - 1.0 * gradient
    if index in (0, args.steps - 1):
        print(f"kernel, step {index + 1}: gradient distance {loss:.4f}")
