"""Images that stay on disk and are read row by row."""
