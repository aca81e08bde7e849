"""The measurements that `python -m nn` trains on when it is given no others.

iris.csv  150 flowers of three species, four lengths each in centimetres: E. Anderson's
          measurements, published by R. A. Fisher, The use of multiple measurements in
          taxonomic problems (1936), and in the public domain.
"""
