"""
The HTTP side: a tree of Twisted web resources.
"""
