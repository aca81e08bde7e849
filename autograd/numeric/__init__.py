"""Derivatives of functions of numbers, whatever container the numbers come in."""
