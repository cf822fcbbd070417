"""
For tests, of synauth and of what is written for it: fakes, and factories of
tests that say what a contract means, to be run over every implementation.
"""
