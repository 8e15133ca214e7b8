"""The device that plans are made for."""

import jax


def planned_device() -> jax.Device:
    """Finds the device that programs run on unless they are told otherwise.

    Returns:
      This process's first device, or the one that ``jax.default_device`` names.

    Example:
      >>> with jax.default_device(jax.devices("cpu")[0]):
      ...     planned_device().platform
      'cpu'
    """
    chosen = jax.config.jax_default_device
    if isinstance(chosen, jax.Device):
        return chosen
    return jax.local_devices(backend=chosen)[0]
