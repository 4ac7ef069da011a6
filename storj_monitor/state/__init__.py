"""What is kept in memory: sums for the next commit and the live windows of the page."""
