"""Training: the loop, the optimisers, an epoch in machine code, and where samples come from."""
