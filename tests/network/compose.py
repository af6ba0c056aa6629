"""What `docker-compose config` makes of docker-compose.yml: no engine is needed for that, and no image."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
COMPOSE_FILE = ROOT / "docker-compose.yml"
NEEDED = (
    "docker-compose is not installed: `scripts/install --dev` as root does it, or the Debian package docker-compose"
)
VARIABLES: Mapping[str, str] = {
    "GONGZHI_USER": "1000:1000",
    "GONGZHI_SECRETS": "./secrets",
    "GONGZHI_NETWORK": "./network",
    "GONGZHI_TRUST_FILE": "./trust.json",
    "GONGZHI_GATEWAY": "1",
    "GONGZHI_PUBLIC_ORIGIN": "https://gateway.example",
}
"""Everything that a gateway must say; nothing of it has a default."""
COMMAND_TIMEOUT_SECONDS = 180


def config(
    folder: Path, variables: Mapping[str, str], files: tuple[Path, ...] = (COMPOSE_FILE,)
) -> subprocess.CompletedProcess[str]:
    """Run `docker-compose config` with relative paths from `folder`, and no variables but these."""
    program = shutil.which("docker-compose")
    assert program is not None, NEEDED
    own = {name: value for name, value in os.environ.items() if not name.startswith("GONGZHI_")}
    named = [word for file in files for word in ("-f", str(file))]
    return subprocess.run(
        [program, *named, "--project-directory", str(folder), "config"],
        env=own | dict(variables),
        capture_output=True,
        text=True,
        timeout=COMMAND_TIMEOUT_SECONDS,
        check=False,
    )


def resolved(folder: Path, variables: Mapping[str, str] = VARIABLES, *more: Path) -> dict[str, Any]:
    """The document with every variable and anchor filled in; asserts that it is accepted without a warning."""
    done = config(folder, variables, (COMPOSE_FILE, *more))
    assert done.returncode == 0, done.stderr
    assert not done.stderr, done.stderr
    document: dict[str, Any] = yaml.safe_load(done.stdout)
    return document


def secret_names(service: Mapping[str, Any]) -> dict[str, str]:
    """Name in the container → name of the secret, for those that a service is given."""
    return {secret.get("target", secret["source"]): secret["source"] for secret in service.get("secrets", [])}


def mounts(service: Mapping[str, Any]) -> dict[str, tuple[str, bool]]:
    """Path in the container → path outside (or name of a volume), and whether it is read-only."""
    found = {}
    for volume in service.get("volumes", []):
        outside, inside, mode = volume.rsplit(":", 2)
        found[inside] = outside, mode == "ro"
    return found
