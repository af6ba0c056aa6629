"""The one collection of tables that migrations and their test compare."""

from sqlalchemy import MetaData

METADATA = MetaData()
