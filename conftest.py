"""What is not collected: a module whose package is not installed, so that any other import that fails is an error."""

from importlib.util import find_spec

collect_ignore = [] if find_spec("sklearn") else ["nn/models/estimators.py"]
