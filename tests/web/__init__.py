"""
Tests of synauth.web.
"""
