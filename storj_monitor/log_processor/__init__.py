"""Lines of a storagenode's log become typed events; every line is counted, none raises."""

from storj_monitor.log_processor.line_state import CountryLookup
from storj_monitor.log_processor.processor import LineProcessor, character_of

__all__ = ["CountryLookup", "LineProcessor", "character_of"]
