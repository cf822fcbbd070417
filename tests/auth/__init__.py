"""
Tests of synauth.auth.
"""
