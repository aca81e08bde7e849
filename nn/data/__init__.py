"""What there is to learn when no other data are given.

iris.csv   what `python -m nn` trains on: 150 flowers of three species, four lengths each in
           centimetres: E. Anderson's measurements, published by R. A. Fisher, The use of multiple
           measurements in taxonomic problems (1936), and in the public domain.
names.txt  363 first names of three to eight letters from a to z, written down for notebook 10.
"""
