"""
Tests of synauth, over real sockets and processes.
"""
