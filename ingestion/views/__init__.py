"""The pages of a source, whatever its kind: syncing it, its runs, its files, its rejected rows."""
