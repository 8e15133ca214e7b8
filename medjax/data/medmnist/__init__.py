"""The twelve 2-D MedMNIST sets: what they hold, where they lie and how they are read."""
