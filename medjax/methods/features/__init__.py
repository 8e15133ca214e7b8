"""Methods that match the features of real and synthetic images."""
