"""The rows of ``gpu_proof.py``, a module for each kind."""
