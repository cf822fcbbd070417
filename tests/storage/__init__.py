"""
Tests of synauth.storage.
"""
