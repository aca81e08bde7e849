"""Exercise sheets by hand, their keys, and a class's answers, graded.

settings   what a sheet is asked to be: the network, Err, digits, difficulty
rules      which numbers a sheet may have, so that it can be solved, printed and graded by hand
draws      numbers that keep the rules, the same for the same seed
telling    whether two mistakes can be told apart on a sheet
worksheet  the sheet: its numbers, its fields, its key, and its forms
"""
