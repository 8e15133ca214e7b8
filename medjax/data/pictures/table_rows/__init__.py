"""What the rows of a table say of its images: files, labels, patients and splits."""
