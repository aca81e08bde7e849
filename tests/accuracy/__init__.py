"""How many of the last digits are right: every row of the table against high precision.

`python -m tests.accuracy` prints the table, for us and for the peers that are installed;
`test_bars.py` is a fast slice of the same.  The bars are in docs/numerics.md.

truth.py     what each row should be, with mpmath; derivatives by differences at high precision
sampling.py  where it is asked
measure.py   how wrong our answer is, in ULP
peers.py     the same questions put to PyTorch, JAX and HIPS autograd, each in its own process
report.py    the printed table
edges.py     the conventions at 0, ±inf and nan, one case a row
"""
