"""
Tests of L{synauth.dropin}.
"""
