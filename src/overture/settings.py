"""What the operator sets outside the command line: the environment variables that begin with `OVERTURE_`."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, HttpUrl, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from overture.errors import StartError

PREFIX = "OVERTURE_"
DEFAULT_PUBLIC_URL = "http://127.0.0.1:8080"
"""Where browsers find Overture, as far as nobody says otherwise."""


class Settings(BaseSettings):
    """The settings of one process; an empty variable counts as not set."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, frozen=True, extra="ignore")

    database_url: SecretStr | None = Field(
        default=None, description="A PostgreSQL to use; without it, Overture runs its own."
    )
    secret_key: SecretStr | None = Field(
        default=None, description="Seals account tokens: 32 bytes, base64 or hexadecimal; former keys after commas."
    )
    data: Path = Field(default=Path("data"), description="The data directory.")
    log_level: Literal["debug", "info", "warning", "error", "critical"] = Field(
        default="info", description="The least severe log line that is written."
    )
    x_base_url: HttpUrl = Field(
        default=HttpUrl("https://api.x.com"), description="Where X answers; a sandbox's address for trials."
    )
    x_prices: Path | None = Field(
        default=None, description="A file with what X bills you, in place of X's published prices."
    )
    x_refusals: Path | None = Field(
        default=None, description="A file of refusals of X and what each means, read before the built-in ones."
    )
    x_answers: Literal["auto", "webhook", "stream", "poll"] = Field(
        default="auto",
        description="How X tells of answers; `auto`: by webhook where the public address can have one, else by stream.",
    )
    x_likes: bool = Field(
        default=False,
        description="Let like steps like posts on X: `1` for yes, where the app's plan and agreement with X allow it.",
    )
    dry_run: bool = Field(
        default=False, description="Simulate sending and deliver nothing, on a database of its own: `1` for yes."
    )
    public_url: HttpUrl | None = Field(
        default=None, description="Where browsers find Overture; platforms send them back there after a link."
    )
    rate_limits: str = Field(
        default="300/10000/100000",
        pattern=r"^(off|[1-9][0-9]{0,8}/[1-9][0-9]{0,8}/[1-9][0-9]{0,8})$",
        description="Calls a team may make in any minute, hour and day; `off` for no limits.",
    )
    cors_origins: str = Field(
        default="",
        pattern=r"^(\*|https?://[^/,\s]+(\s*,\s*https?://[^/,\s]+)*)?$",
        description="Where pages may come from that call the API from a browser: origins with commas between, or `*`.",
    )

    webhooks_to_private_networks: bool = Field(
        default=False, description="Let webhooks lead to this machine and its private networks: `1` for yes."
    )

    @classmethod
    def load(cls, *, data: Path | None = None) -> Self:
        """Read the environment; `data`, if given, overrules its data directory.

        Raises:
            StartError: a variable has a value that makes no sense.
        """
        try:
            settings = cls()
        except ValidationError as error:
            faults = "; ".join(f"{PREFIX}{str(fault['loc'][0]).upper()}: {fault['msg']}" for fault in error.errors())
            raise StartError(f"The environment is not right. {faults}") from error
        return settings if data is None else settings.model_copy(update={"data": data})

    @property
    def external_database(self) -> str | None:
        """The address of the operator's own PostgreSQL, if one is set."""
        return None if self.database_url is None else self.database_url.get_secret_value()

    @property
    def platform_urls(self) -> dict[str, str]:
        """Where each platform answers, by platform key."""
        return {"twitter": str(self.x_base_url).rstrip("/")}

    def public_address(self, listening: str) -> str:
        """Where browsers find Overture: what the operator says, else where it listens; no slash at the end."""
        return listening if self.public_url is None else str(self.public_url).rstrip("/")

    @property
    def call_limits(self) -> tuple[int, int, int] | None:
        """How many calls a team may make in a minute, an hour and a day; None for any number."""
        if self.rate_limits == "off":
            return None
        minute, hour, day = map(int, self.rate_limits.split("/"))
        return minute, hour, day

    @property
    def browser_origins(self) -> list[str]:
        """Where pages may come from that call the API from a browser; `*` stands for anywhere."""
        return [origin.strip().lower() for origin in self.cors_origins.split(",") if origin]

    @property
    def token_file(self) -> Path:
        """Where the first token is kept."""
        return self.data / "token"

    @property
    def key_file(self) -> Path:
        """Where the secret key is kept unless the environment holds it."""
        return self.data / "secret.key"

    @property
    def sandbox_record(self) -> Path:
        """Where the sandbox writes down every message it accepts."""
        return self.data / "sandbox.jsonl"
