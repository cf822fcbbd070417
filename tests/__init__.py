"""
Tests of synauth.
"""
