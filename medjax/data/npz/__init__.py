"""Arrays in npz files as people save them: what the file is, and what its arrays mean."""
