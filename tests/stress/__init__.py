"""
Trials by storm: each is a script that runs at any size, and a test that runs
it at a small one.
"""
