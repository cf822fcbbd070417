"""
Tests for L{synauth.metrics}.
"""
