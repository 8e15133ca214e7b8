"""Methods that match the training on synthetic images to that on real ones."""
