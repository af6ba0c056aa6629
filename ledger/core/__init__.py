"""PERMANENT FORMATS and RULES.

Changing what a function here computes breaks old proofs: add a new name beside it instead.
"""
