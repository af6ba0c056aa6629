"""A folder with engines running and key files, where commands of `gongzhi admin` are given."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from ledger.cli.main import run

OFFICER = {"officer": "4711"}


class Desk:
    """A folder with engines running and key files, where commands are given."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self._capsys = folder, capsys
        self.password = folder / "password"
        self.password.write_text("a password for tests\n", encoding="utf-8")
        self.password.chmod(0o600)

    @property
    def data(self) -> str:
        """The data folder."""
        return str(self.folder / "data")

    def __call__(self, *arguments: str, expect: int = 0) -> dict[str, Any]:
        """Run `gongzhi admin …` and return its JSON; asserts the exit code."""
        return self.gongzhi("admin", *arguments, expect=expect)

    def gongzhi(self, *arguments: str, expect: int = 0) -> dict[str, Any]:
        """Run `gongzhi …` and return its JSON; asserts the exit code."""
        self._capsys.readouterr()
        code = run([*arguments, "--json"])
        out = self._capsys.readouterr().out
        assert code == expect, out
        answer: dict[str, Any] = json.loads(out)
        return answer

    def path(self, name: str) -> str:
        """Return the path of a file of the folder."""
        return str(self.folder / name)

    def key(self, name: str) -> Path:
        """Make a key file."""
        path = self.folder / f"{name}.json"
        self("key", "new", str(path), "--password-file", str(self.password))
        return path

    def address(self, key: Path) -> str:
        """Return the address of a key file."""
        return "0x" + str(json.loads(key.read_text())["address"]).removeprefix("0x").lower()

    def signing(self, key: Path) -> list[str]:
        """Return the options that name a key and this folder."""
        return [*self.with_key(key), "--data-folder", self.data]

    def with_key(self, key: Path) -> list[str]:
        """Return the options that name a key."""
        return ["--keystore", str(key), "--password-file", str(self.password)]

    def written(self, name: str, document: object) -> Path:
        """Write a JSON file."""
        path = self.folder / name
        path.write_text(json.dumps(document), encoding="utf-8")
        return path

    def agency_file(self, name: str, kind: int, *keys: list[str], **changes: Any) -> Path:
        """Write an agency file with an admin key and keys of these roles, all of one officer but for `changes`."""
        document = {
            "name": name,
            "kind": kind,
            "region": 990101,
            "admin": {"keystore": self.key(f"{name}-admin").name, "passwordFile": "password"},
            "keys": [
                {"keystore": self.key(f"{name}-{place}").name, "passwordFile": "password", "roles": roles, **OFFICER}
                for place, roles in enumerate(keys)
            ],
            "validDays": 30,
            "officerSecret": f"{name}.officers",
            **changes,
        }
        return self.written(f"{name}-agency.json", document)

    def founding_file(self, admins: Sequence[Path], threshold: int, *, development: bool = True) -> Path:
        """Write a founding file of agencies with these first ADMIN keys."""
        founders = [
            {
                "name": f"founder {number}",
                "kind": kind,
                "region": 990101,
                "allowedRoles": ["API_SIGN"],
                "admin": self.address(admin),
                "validDays": 30,
            }
            for number, (admin, kind) in enumerate(zip(admins, (1, 8, 3, 6, 21), strict=False), 1)
        ]
        document = {
            "format": "gongzhi-founding/1",
            "threshold": threshold,
            "development": development,
            "founders": founders,
            "catalogueAuthority": 1,
            "parameters": {"reviewAgency": 2},
        }
        return self.written("founding.json", document)

    def council_keys(self, admins: Sequence[Path]) -> Path:
        """Write the file that names ADMIN keys of members 1, 2 … on this machine."""
        members = [
            {"agency": number, "keystore": admin.name, "passwordFile": "password"}
            for number, admin in enumerate(admins, 1)
        ]
        return self.written("council-keys.json", {"members": members})

    def found_alone(self) -> list[str]:
        """Found a consortium of one member, agency 1; returns the options with which its Council acts at once."""
        deployer, admin = self.key("deployer"), self.key("founder")
        options = [*self.signing(deployer), "--council-keys", str(self.council_keys([admin]))]
        self("deploy", str(self.founding_file([admin], 1)), *options)
        return options
