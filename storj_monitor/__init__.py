"""storj_monitor: a monitor for Storj storage nodes that costs the node next to nothing."""

__version__ = "0.2.0"
