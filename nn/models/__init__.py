"""A model that can be used: a network, and how rows as they are in a table go into it."""
