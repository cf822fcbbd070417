"""
Tests of the measurements.
"""
