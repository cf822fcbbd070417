"""
The pages in a real browser, Debian's Chromium, against the daemon as it is
shipped.

C{python -m tests.browser.screenshots DIRECTORY} takes a picture of each page, as
wide as a telephone and as a desk.
"""
