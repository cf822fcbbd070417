"""
Modules and homeservers that other people publish, unmodified, with synauth on
the other side.

Most of it needs packages or servers that the default environments leave out,
and is skipped there; the environments of C{tox.ini} that have them skip
nothing.
"""
