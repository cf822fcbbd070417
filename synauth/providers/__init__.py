"""
Who else may vouch for a user: modules of either age.
"""
