"""The one error tree of the product.

MonitorError
├── ConfigError           bad setting; carries every mistake found, not only the first
├── StoreError            the database cannot do what was asked
│   ├── StoreLocked       another monitor owns this database
│   ├── StoreTooNew       written by a newer version of the product
│   ├── StoreForeign      another program's database
│   ├── StoreFailing      the disk fails just now: to be tried again
│   └── PositionConflict  somebody else has read this part of the log meanwhile
├── NodeApiError          a question to a node's HTTP API got no usable answer; `path` is what was asked
│   ├── NodeUnreachable   no answer came, or not all of it
│   │   └── RouteHangs    the node took the question and did not answer it, while it may well answer others
│   └── AnswerNotUnderstood  an answer came that is not what this API says; `field` is where in it
│       └── RouteMissing  what a node answers for a path that its version does not have
└── RequestError          a bad request; `code` goes on the wire
"""


class MonitorError(Exception):
    """Base of every error that the product raises on purpose."""


class ConfigError(MonitorError):
    """One or more settings are wrong; `mistakes` lists them all, one readable line each."""

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


class StoreError(MonitorError):
    """The database cannot do what was asked."""


class StoreLocked(StoreError):
    """Another monitor owns this database."""


class StoreTooNew(StoreError):
    """The database was written by a newer version of the product."""


class StoreForeign(StoreError):
    """The file is the database of another program."""


class StoreFailing(StoreError):
    """The disk does not give back what is stored, or does not take more, just now: to be tried again."""


class PositionConflict(StoreError):
    """The log position in the database is not the one that this batch starts from."""


class NodeApiError(MonitorError):
    """A question to a node's HTTP API got no usable answer. `path` is what was asked, `why` one readable line."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(f"{path}: {why}")
        self.path = path
        self.why = why


class NodeUnreachable(NodeApiError):
    """No answer came, or not all of it, or not in time: the node is down, starting, overloaded, or the address is wrong."""


class RouteHangs(NodeUnreachable):
    """The connection stood and the answer did not come, in time or at all: this route's trouble, not yet the node's."""


class AnswerNotUnderstood(NodeApiError):
    """An answer came that is not what this API says. `field` is where in it (`$.diskSpace.used`), "$" for all of it."""

    def __init__(self, path: str, field: str, why: str) -> None:
        super().__init__(path, why if field == "$" else f"{why} at {field}")
        self.field = field


class RouteMissing(AnswerNotUnderstood):
    """The answer is the one that a node gives for a path it does not know: its page, or a plain 404."""


class RequestError(MonitorError):
    """A request that cannot be answered; `code` is stable and goes on the wire."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
