"""What is inside a bundle: packed from a finished run, read, merged and exported."""
