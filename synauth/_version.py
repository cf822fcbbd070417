"""
The version of synauth.
"""

__version__ = "0.1.0"
