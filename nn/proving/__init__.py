"""The same as expressions: the delta formulas proved for all numbers, not for these."""
