"""Engine = hand formula = finite differences: the certificate of a network, of an error, of a data set."""
