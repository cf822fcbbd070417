"""
The core: sessions, stages, passwords, tokens, limits.  It imports neither
L{synauth.web} nor L{synauth.homeserver}.
"""
