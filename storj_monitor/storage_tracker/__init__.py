"""Space of nodes: one reconciled picture from API, /metrics, log and file system, its history and its forecast. Pure arithmetic."""
