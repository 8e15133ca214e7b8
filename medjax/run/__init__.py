"""One run of the launcher: settings, distillation, checkpoints, summary and report."""
