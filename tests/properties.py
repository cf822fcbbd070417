"""
Tests of properties, with hypothesis, on machines that do other things as well:
being slow is no failure.
"""

from hypothesis import HealthCheck, given, settings

__all__ = ["given", "settings"]

settings.register_profile(
    "busy",
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("busy")
