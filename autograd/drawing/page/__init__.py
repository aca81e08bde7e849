"""The page to step through both passes of a graph, and its JavaScript."""
