"""To other libraries and back, and their gradients under the referee's eye.

pytorch    a network as a torch.nn.Sequential, and a stack of Linear and σ as a network
watching   one run of a PyTorch module: which Linear got what, and which σ stands between them
certified  PyTorch's own gradients held to the hand formulas
"""
