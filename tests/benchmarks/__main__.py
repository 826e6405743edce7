"""`make bench`: every benchmark, one after the other. What counts are the ratios within one run."""

from tests.benchmarks import codec, stack

for benchmark in (codec, stack):
    benchmark.main()
    print()
