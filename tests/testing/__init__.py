"""
Tests of L{synauth.testing}.
"""
