"""Which files a folder or a table lists: their classes, splits and patients."""
