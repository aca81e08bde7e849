"""Which mistake is in a derivation by hand."""
