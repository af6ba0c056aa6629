"""Parameters that several routes take, with their bounds."""

from typing import Annotated

from fastapi import Path, Query

Hash = Annotated[str, Path(pattern="^0x[0-9a-f]{64}$", description="32 bytes as lowercase 0x hex")]
Version = Annotated[int | None, Query(ge=1, lt=2**32, description="record version; the newest if left out")]
After = Annotated[int, Query(ge=0, lt=2**53, description="the last one that you have; 0 to begin")]
PageSize = Annotated[int, Query(ge=1, le=1000, description="how many at most")]
