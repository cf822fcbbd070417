"""
schemathesis over the OpenAPI files of the specification, at a size that a test
has time for.
"""

import os
import unittest

from twisted.trial.unittest import SynchronousTestCase

from tests.modules.needs import needs_package
from tests.specification import DIRECTORY
from tests.stress import schema


@unittest.skipUnless(os.environ.get(DIRECTORY), "%s is not set" % (DIRECTORY,))
@needs_package("schemathesis")
class SchemaTests(SynchronousTestCase):
    """
    What schemathesis makes of the daemon.
    """

    def test_all_files(self) -> None:
        """
        It finds nothing.
        """
        found = schema.run(os.environ[DIRECTORY], examples=5, seed=1)
        self.assertEqual(found, [])
