"""
What is measured while the daemon runs, for Prometheus.

Most of it is counted where it happens anyway, in plain numbers
(L{synauth.metrics.counting} has what is not), and read when somebody asks
(L{synauth.metrics.exposing}).  Only that imports C{prometheus_client}, and only
where C{enable_metrics} is set.
"""
