"""
matrix-js-sdk, as it is published, on Node, against the daemon as it is shipped.

C{python -m tests.js.install DIRECTORY} installs it; C{SYNAUTH_JS_SDK} names that
directory to the tests.
"""
