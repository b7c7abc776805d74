"""The object store that the configuration names."""

from pathlib import Path
from urllib.parse import urlsplit

from api.config import Config, ConfigError
from storage.local import LocalStore
from storage.objects import ObjectStore


def build_store(config: Config, *, read_only: bool = False) -> ObjectStore:
    """The object store that ``config.objects_address`` names: a folder or ``s3://bucket/prefix``."""
    address = config.objects_address
    if not address.startswith("s3://"):
        if "://" in address:
            raise ConfigError(f"objects: a folder or s3://bucket/prefix, found {address!r}")
        return LocalStore(Path(address), read_only=read_only)
    from storage.s3 import S3Settings, S3Store  # noqa: PLC0415 - boto3 costs 0.4 s and is seldom needed

    parts = urlsplit(address)
    return S3Store(
        S3Settings(
            bucket=parts.netloc,
            prefix=parts.path.strip("/"),
            endpoint=config.s3_endpoint,
            region=config.s3_region,
            access_key=config.s3_access_key,
            secret_key=config.s3_secret_key,
            lock_mode=config.lock_mode,
            scratch=config.scratch_folder,
        ),
        read_only=read_only,
    )
