"""The benchmarks: the hot jobs of the hub beside raw SQL and PostGraphile, in one run on one machine."""
