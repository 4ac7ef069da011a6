"""Standing of nodes at satellites: pure arithmetic on snapshots, events and `now`. `app` feeds it, the database keeps what it returns."""
