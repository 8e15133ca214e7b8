"""Which files a folder lists: their classes, splits and patients."""
