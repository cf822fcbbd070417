"""
Tables and queries.
"""
