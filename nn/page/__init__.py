"""The playground: a page in which a network learns before one's eyes, in the lecture's symbols.

loops       a program over lists → JavaScript that loops over arrays
engine      the layers, losses and updates of the page, lowered by it
"""
