"""`python -m api`: serve the HTTP surface with as many processes as the settings say."""

import sys

import uvicorn

from ledger.config import load_settings
from ledger.errors import GongzhiError, UsageError


def main() -> None:
    """Bind the configured address and serve until stopped."""
    settings = load_settings()
    if settings.api_port is None:
        raise UsageError("api_port is not set; `gongzhi up` sets it, or set GONGZHI_API_PORT")
    uvicorn.run(
        "api.server:app",
        factory=True,
        host=settings.api_host,
        port=settings.api_port,
        workers=settings.api_processes,
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level=settings.log_level,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=10,
    )


try:
    main()
except GongzhiError as error:
    sys.exit(f"{error.code}: {error.detail}")
