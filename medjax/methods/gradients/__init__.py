"""Methods that match the gradients of real and synthetic images."""
