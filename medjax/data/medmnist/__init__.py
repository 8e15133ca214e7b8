"""The twelve 2-D MedMNIST sets: facts, download and file format."""
