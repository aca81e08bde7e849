"""The command line: its options, the task that they describe, what is written, and predictions for a table."""
