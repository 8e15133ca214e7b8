"""Methods that select real images, or crops of them."""
