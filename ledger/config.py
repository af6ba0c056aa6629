"""Settings: the only place that reads the environment.

Each setting comes from `GONGZHI_<NAME>`, else from `settings.json` in the data folder, else from its default here.
Secrets are never settings: a setting names the file that holds one.
"""

import os
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    JsonConfigSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from ledger.errors import UsageError

DEFAULT_DATA_FOLDER = ".gongzhi"
SETTINGS_FILE = "settings.json"


class KeySetting(BaseModel):
    """A signing key: where it is, and the files by which it is reached."""

    uri: str = Field(description="`keystore:PATH` or `web3signer:https://HOST[:PORT][#ADDRESS]`")
    password_file: Path | None = Field(default=None, description="file that holds the keystore's password")
    ca_file: Path | None = Field(
        default=None, description="certificates (PEM) that a web3signer's own comes from; if empty, the system's"
    )
    client_certificate: Path | None = Field(
        default=None, description="file (PEM, mode 0600) with the certificate and key shown to a web3signer"
    )


class Settings(BaseSettings):
    """What a gateway's processes and the command line are told from outside."""

    model_config = SettingsConfigDict(env_prefix="GONGZHI_", env_nested_delimiter="__", extra="forbid")

    data_folder: Path = Field(
        default=Path(DEFAULT_DATA_FOLDER),
        description="folder of the embedded engines, keys, logs and this settings file",
    )
    database_url: str | None = Field(
        default=None, description="PostgreSQL URL; if empty, the embedded server in the data folder"
    )
    database_password_file: Path | None = Field(
        default=None, description="file (mode 0600) with the password of the database's user, which goes in no URL"
    )
    rpc_url: str | None = Field(
        default=None, description="JSON-RPC URL of a chain node; if empty, the embedded chain in the data folder"
    )
    trust_file: Path | None = Field(
        default=None, description="trust file of the chain; if empty, `trust.json` in the data folder"
    )
    gateway: int = Field(default=1, ge=1, description="agency id of the member that runs this gateway")
    api_sign_key: KeySetting | None = Field(default=None, description="key with role API_SIGN: signs statements")
    anchor_keys: list[KeySetting] = Field(
        default_factory=list, description="keys with role ANCHOR: the first sends, the others take over if it may not"
    )
    relay_key: KeySetting | None = Field(default=None, description="key that pays for relayed messages; holds no power")
    key_provider: str | None = Field(default=None, description="`file:PATH` of the master key that seals originals")
    public_origin: str | None = Field(
        default=None,
        description="scheme and authority that callers sign, as `https://gateway.example`; if empty, the bound address",
    )
    api_host: str = Field(default="127.0.0.1", description="address that the API binds")
    api_port: int | None = Field(
        default=None, description="port that the API binds; if empty, a free one that is remembered"
    )
    api_processes: int = Field(default=2, ge=1, le=64, description="API processes")
    confirmations: int = Field(
        default=0, ge=0, description="blocks on top before a block counts: 0 anvil, 1 QBFT, max(6, signers) Clique"
    )
    anchor_seconds: float = Field(
        default=2.0, gt=0, description="greatest age in seconds of an entry before a batch is fixed"
    )
    anchor_count: int = Field(default=65_536, ge=1, le=65_536, description="entries at which a batch is fixed at once")
    poll_seconds: float = Field(default=0.25, gt=0, description="pause of the worker between two looks, in seconds")
    snapshot_seconds: float = Field(
        default=60.0, gt=0, description="seconds between two snapshots of the embedded chain"
    )
    rate_per_second: float = Field(
        default=2_000.0, gt=0, description="requests per second that one agency may send, on average"
    )
    rate_burst: int = Field(default=4_000, ge=1, description="requests that one agency may send at once")
    concurrency: int = Field(
        default=32, ge=1, description="requests of one agency that one API process answers at a time"
    )
    subject_epoch_days: int = Field(
        default=90, ge=1, le=3_650, description="days for which an agency's token of a person stays the same"
    )
    subject_queries_per_day: int = Field(
        default=1_000, ge=0, le=1_000_000, description="queries about persons that one agency may ask on one day (UTC)"
    )
    subjects_listed_per_day: int = Field(
        default=100_000,
        ge=0,
        le=10_000_000,
        description="persons whose tokens one agency may list on one day (UTC) for records that it publishes",
    )
    attachment_bytes: int = Field(
        default=5 * 1024 * 1024, ge=1, le=64 * 1024 * 1024, description="bytes that one attachment may have"
    )
    attachment_staged_bytes: int = Field(
        default=64 * 1024 * 1024, ge=1, description="bytes of one agency's attachments that may wait for their records"
    )
    attachment_pdf: bool = Field(
        default=False, description="whether PDF is taken too, in the plainest form; pictures are taken always"
    )
    attachment_staged_hours: int = Field(
        default=24, ge=1, le=720, description="hours that an attachment waits for its record before it is removed"
    )
    collect_once_file: Path | None = Field(
        default=None, description="`gongzhi-collect-once/1`: which items are collected once; if empty, those shipped"
    )
    counts_file: Path | None = Field(
        default=None, description="`gongzhi-counts/1`: which tables of counts there are; if empty, those shipped"
    )
    log_level: str = Field(default="info", description="debug, info, warning or error")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 (pydantic's signature)
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments before the environment before the data folder's file."""
        folder = init_settings().get("data_folder") or os.environ.get("GONGZHI_DATA_FOLDER", DEFAULT_DATA_FOLDER)
        file = JsonConfigSettingsSource(settings_cls, json_file=Path(folder) / SETTINGS_FILE)
        return init_settings, env_settings, file

    @property
    def trust_path(self) -> Path:
        """The trust file that is in force."""
        return self.trust_file or self.data_folder / "trust.json"


def load_settings(data_folder: Path | None = None, **overrides: Any) -> Settings:
    """Return the settings of a data folder (the default one if None).

    Raises UsageError naming each setting that is none or has another value than expected, never the value.
    """
    if data_folder is not None:
        overrides["data_folder"] = data_folder
    try:
        return Settings(**overrides)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False, include_context=False)
        wrong = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in found)
    except SettingsError as error:
        wrong = str(error)
    except (ValueError, TypeError):
        wrong = "the file is no JSON object"
    raise UsageError(f"settings ({SETTINGS_FILE} of the data folder, or GONGZHI_…): {wrong}")
