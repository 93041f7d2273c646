"""The pages of telemetries: the table, one telemetry, one of its days, its files, its downloads."""
