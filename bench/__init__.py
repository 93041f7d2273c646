"""Measurements, as ratios of interleaved runs on one machine: `make bench`. Results go to bench/results/."""
