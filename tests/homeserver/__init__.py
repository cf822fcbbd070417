"""
Tests of synauth.homeserver.
"""
