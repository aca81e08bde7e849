"""`take`: an operation whose index is data, and whose table hangs at the operation, not in the graph."""
