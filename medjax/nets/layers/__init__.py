"""Layers of the networks, and the operations inside them."""
