"""
Tests of L{synauth.providers}.
"""
