"""HTTP and WebSocket: routes, sessions, commands, broadcasting. Knows its data only through `ports`."""

from storj_monitor.server.access import Exposure
from storj_monitor.server.encoding import make_encoder
from storj_monitor.server.gate import Limits
from storj_monitor.server.passwords import hash_password
from storj_monitor.server.service import MAX_CLIENTS, Binding, Content, Greeting, Server

__all__ = ["MAX_CLIENTS", "Binding", "Content", "Exposure", "Greeting", "Limits", "Server", "hash_password", "make_encoder"]
