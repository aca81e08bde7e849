"""Why δ vanishes or explodes, and what helps."""
