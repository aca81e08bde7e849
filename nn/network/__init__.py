"""The network: neurons, layers and their u, o, θ, δ; activations, losses, and how it is kept and drawn."""
