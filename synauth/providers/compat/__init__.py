"""
The C{synapse.*} names that published modules import, where there is no Synapse.
"""

from synauth.providers.compat.finding import provide_synapse_names

__all__ = ["provide_synapse_names"]
