"""Command lines: flags, start-up, exit codes and messages."""
