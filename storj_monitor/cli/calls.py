"""The one place where the command line calls the app."""

from storj_monitor.app.ingest import ingest
from storj_monitor.app.monitor import run
from storj_monitor.app.stats import stats_of_database, stats_of_logs

__all__ = ["ingest", "run", "stats_of_database", "stats_of_logs"]
