"""How tests log."""

import structlog


def log_plainly() -> None:
    """Log as structlog does by itself, but for tracebacks: with every local variable drawn, one takes seconds."""
    structlog.reset_defaults()
    *others, _ = structlog.get_config()["processors"]
    last = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[*others, last])
