"""Room: does the database take writes?"""

from overture.store.pool import Connection

_TRIED_BYTES = 512 * 1024
"""How much is written to find out: more than what is left over on a disk that has just filled up."""


async def probe(connection: Connection) -> None:
    """Write a little and take it back.

    Raises:
        asyncpg.PostgresError: the database takes no writes; the error says why.
    """
    transaction = connection.transaction()
    await transaction.start()
    try:
        # A table of this session alone: it takes room on the disk and none in the log.
        await connection.execute("CREATE TEMPORARY TABLE room_probe (content text STORAGE PLAIN)")
        await connection.execute(
            "INSERT INTO room_probe SELECT repeat(md5(n::text), 128) FROM generate_series(1, $1::int) AS n",
            _TRIED_BYTES // 4096,
        )
    finally:
        await transaction.rollback()
