"""Rotation of the secret key: what is sealed under former keys is sealed anew under the one in use."""

from collections.abc import Callable

from overture import main, secrets
from overture.errors import StartError
from overture.secrets import SealBroken, Sealer
from overture.settings import Settings
from overture.store import overviews, seals
from overture.store.pool import Pool

Say = Callable[[str], None]
_BATCH = 500


async def rotate(settings: Settings, *, say: Say) -> None:
    """Seal everything under the newest key of the setting, or under a new one of the key file.

    It may be broken off anywhere and run again.

    Raises:
        StartError: the setting holds no former key, processes run that know the key file's old key alone, or
            something is sealed under a key that is not at hand.
        KeyUnusable: the setting or the file holds no usable keys.
    """
    async with main.any_database(settings) as dsn, main.pool_of(dsn, size=2) as pool:
        await main.prepare_schema(settings, pool)
        if settings.secret_key is None:
            await _rotate_file(settings, pool, say)
            return
        keys = secrets.parse_keys(settings.secret_key.get_secret_value())
        if len(keys) == 1:
            raise StartError(
                "OVERTURE_SECRET_KEY holds one key. Make a new one (openssl rand -base64 32), set NEW,FORMER, restart "
                "every process with that, and run this again."
            )
        say(f"{await _seal_anew(pool, Sealer(keys))} sealed anew. The former keys can be left out of the setting now.")


async def _rotate_file(settings: Settings, pool: Pool, say: Say) -> None:
    """Put a new key into the file, seal everything under it, and take the former one out."""
    async with pool.acquire() as connection:
        running = await overviews.processes(connection)
    if running:
        roles = ", ".join(sorted({process.role for process in running}))
        raise StartError(f"Overture runs ({roles}) with the key that is to be replaced. Stop it, and run this again.")
    path, keys = settings.key_file, main.keys_of(settings, may_create=False)
    if len(keys) == 1:
        # Both are in the file before anything is sealed under the new one: whoever starts meanwhile can open all.
        keys = [secrets.new_key(), *keys]
        secrets.write_keys(path, keys)
    count = await _seal_anew(pool, Sealer(keys))
    secrets.write_keys(path, keys[:1])
    say(f"{count} sealed anew, and {path} holds a new key. Backups made before open with the former one alone.")


async def _seal_anew(pool: Pool, sealer: Sealer) -> int:
    count = 0
    for place in seals.PLACES:
        async with pool.acquire() as connection:
            while former := await seals.former(connection, place, mark=sealer.mark, count=_BATCH):
                after = [_again(sealer, place, one) for one in former]
                count += await seals.replace(connection, place, before=former, after=after)
    return count


def _again(sealer: Sealer, place: seals.Place, one: seals.Sealed) -> bytes:
    context = f"{one.team_id}:{one.row}"
    try:
        return sealer.seal(sealer.open(one.seal, context=context), context=context)
    except SealBroken as error:
        raise StartError(
            f"{place.table} {one.row}: {error} Nothing is lost; all that could be opened is as it was."
        ) from error
