"""The long runs: people at work for half an hour, clocks drained over a killed worker, the long forms of two suites."""
