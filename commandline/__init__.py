"""The base of management commands: input, output, exit codes. Knows nothing of the product."""
