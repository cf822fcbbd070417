"""
The host that the daemon embeds: it implements the interfaces that
L{synauth.auth} needs.
"""
