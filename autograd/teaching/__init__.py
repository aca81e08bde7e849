"""Why a gradient is what it is: backward as a film, as a sum over paths, and where a nan was born."""
