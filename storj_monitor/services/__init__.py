"""What runs as long as the monitor runs, one noun a file. Services join pure rooms with I/O and hold no rule and no sum of the domain."""
