"""The chain rule on graphs: the sums that gradients add up, backward and forward; and branches, which silence them."""
