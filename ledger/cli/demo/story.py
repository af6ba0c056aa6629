"""Telling the demonstration: plain words on the way, figures at the end."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Story:
    """What is told (on stderr where stdout carries JSON), and how long each phase took, in seconds."""

    as_json: bool
    seconds: dict[str, float] = field(default_factory=dict)

    def say(self, line: str = "") -> None:
        """Print one line of the story."""
        print(line, file=sys.stderr if self.as_json else sys.stdout, flush=True)

    @contextmanager
    def phase(self, name: str, title: str) -> Iterator[None]:
        """Tell a phase's title, and note how long it took under `name`."""
        self.say()
        self.say(f"── {title}")
        started = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = round(time.perf_counter() - started, 2)
