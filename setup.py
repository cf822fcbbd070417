"""
Packaging of synauth.
"""

from typing import Dict

from setuptools import find_packages, setup

with open("README.rst", encoding="utf-8") as readme:
    LONG_DESCRIPTION = readme.read()

# Read, not imported: what synauth imports may not be there at build time.
VERSION: Dict[str, str] = {}
with open("synauth/_version.py", encoding="utf-8") as version:
    exec(version.read(), VERSION)

setup(
    name="synauth",
    version=VERSION["__version__"],
    description="The authentication half of a Matrix homeserver, on Twisted",
    long_description=LONG_DESCRIPTION,
    long_description_content_type="text/x-rst",
    license="Apache-2.0",
    python_requires=">=3.7",
    # "twisted.plugins" by name: it is a namespace that belongs to Twisted, and
    # find_packages leaves out folders without an __init__.py.
    packages=find_packages(include=["synauth", "synauth.*"]) + ["twisted.plugins"],
    # Says nothing new to a build, but makes an editable install put this
    # folder on sys.path instead of an import hook.  Twisted looks for plugins
    # on sys.path only.
    package_dir={"": "."},
    package_data={
        "synauth": ["py.typed", "storage/schema/*.sql", "templates/*"],
    },
    install_requires=[
        "twisted[tls]>=19.2.1",
        "treq>=20.9.0",
        "bcrypt>=3.1.7",
        "pymacaroons>=0.13.0",
        "pynacl>=1.3.0",
        "simplejson>=3.16.0",
        "zope.interface>=4.6.0",
        "attrs>=19.3.0",
        # Telephone numbers, as people of each country write them, are beyond us.
        "phonenumbers>=8.10",
        "PyYAML>=5.1",
        # As old as that because a Synapse of 2019, which our adapters run in, takes
        # none from 0.4 on.
        "prometheus_client>=0.3.1",
        # Pages and mails, and the templates that modules bring along.
        "Jinja2>=2.9",
    ],
    extras_require={
        # Not psycopg2 itself: that is built with a C compiler and PostgreSQL's
        # headers, which a machine that only has Python lacks.  Who has built it
        # needs no extra.
        "postgres": ["psycopg2-binary>=2.8.6"],
        "test": [
            "hypothesis",
            # Answers are checked against the specification's schemas.
            "jsonschema>=4.4",
            "psycopg2-binary>=2.8.6",
            "matrix-nio; python_version >= '3.9'",
            "aiosmtpd; python_version >= '3.8'",
        ],
        "docs": ["pydoctor; python_version >= '3.9'"],
    },
    entry_points={"console_scripts": ["synauth = synauth.cli:main"]},
    zip_safe=False,
    classifiers=[
        "Development Status :: 4 - Beta",
        "Environment :: No Input/Output (Daemon)",
        "Framework :: Twisted",
        "Intended Audience :: System Administrators",
        "Operating System :: POSIX",
        "Programming Language :: Python :: 3",
        "Programming Language :: Python :: 3.7",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.13",
        "Topic :: Communications :: Chat",
        "Topic :: System :: Systems Administration :: Authentication/Directory",
        "Typing :: Typed",
    ],
)
