"""Machine code: a program as LLVM vectors whose lanes are samples, and the compiled function."""
