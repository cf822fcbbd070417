"""
Measurements of synauth.  Each of C{http.py}, C{sessions.py} and C{startup.py}
is a script with C{--help}.
"""
