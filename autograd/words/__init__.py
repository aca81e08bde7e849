"""How things are told: what a node is called, how a number and a formula are written."""
