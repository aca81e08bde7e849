"""The real functions on floats: IEEE semantics, no exceptions, care where a textbook form loses digits."""
