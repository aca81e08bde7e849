"""How many objects of a class are alive, also of those that the cyclic collector does not know."""

import sys


def alive(kind: type) -> int:
    """Up to a constant; differences count.

    Each object of a class, written in Python or in C, holds one reference to it, whereas gc.get_objects() sees no
    node of the compiled core.  Dropped nodes kept for reuse hold theirs too: so that they are always equally many,
    more than are kept are made and dropped first.
    """
    made = [kind.__new__(kind) for _ in range(2000)]
    del made
    return sys.getrefcount(kind)
