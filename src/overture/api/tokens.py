"""Tokens of the API."""

from pydantic import Field

from overture.actions import tokens
from overture.api import bodies, refusals, routing
from overture.api.auth import CurrentActor, CurrentContext
from overture.api.paging import CurrentPage, Page
from overture.core.words import MemberRole
from overture.store.tokens import Token

router = routing.router("Tokens", route_class=routing.SecretRoute)


class NewToken(bodies.Body):
    """What the token is for."""

    name: bodies.Name = Field(description="What it is for; need not be unique.", examples=["Dashboard"])
    member_id: str | None = Field(
        default=None,
        description="Whom it acts for; left out or null: whom the token of this call acts for.",
        examples=["m0mdbz3k91yq0c8f4w2n7xhs"],
    )


class TokenAnswer(bodies.Answer):
    """One token, without its secret."""

    id: str = Field(description="Id of the token.", examples=["k0mdbz3k91yq0c8f4w2n7xhs"])
    name: str = Field(description="What it is for.", examples=["Dashboard"])
    member_id: str | None = Field(
        description="Whom it acts for; null: nobody, and it may do what a `user` may.",
        examples=["m0mdbz3k91yq0c8f4w2n7xhs"],
    )
    role: MemberRole = Field(description="What it may do: the role of that member.", examples=["owner"])
    created_at: bodies.Instant = Field(description="When it was made.")
    revoked_at: bodies.Instant | None = Field(description="Since when it opens nothing; null: it opens the team.")


class FreshToken(TokenAnswer):
    """A token that was made just now."""

    token: str = Field(
        description="The secret, shown this once: send it as `Authorization: Bearer <token>`.", examples=["ovt_…"]
    )


@router.get("/tokens", summary="List tokens")
async def list_tokens(context: CurrentContext, actor: CurrentActor, paging: CurrentPage) -> Page[TokenAnswer]:
    """Return the team's tokens in the order they were made, revoked ones too; never their secrets."""
    rows = await tokens.read_page(context, actor, after=paging.after_id, limit=paging.fetch)
    shown, cursor = paging.cut(rows, lambda token: (token.id,))
    return Page(data=[_answer(token) for token in shown], next_cursor=cursor)


@router.post(
    "/tokens", status_code=201, summary="Make a token", openapi_extra=refusals.of("forbidden", "memberNotFound")
)
async def make_token(context: CurrentContext, actor: CurrentActor, body: NewToken) -> FreshToken:
    """Make a token. The answer shows its secret, and nothing else ever does."""
    token, secret = await tokens.create(context, actor, name=body.name, member_id=body.member_id)
    return FreshToken(**_answer(token).model_dump(by_alias=False), token=secret)


@router.delete("/tokens/{token_id}", status_code=204, summary="Revoke a token", openapi_extra=refusals.of("forbidden"))
async def revoke_token(context: CurrentContext, actor: CurrentActor, token_id: str) -> None:
    """Make a token open nothing from now on; revoking it again changes nothing."""
    await tokens.revoke(context, actor, token_id=token_id)


def _answer(token: Token) -> TokenAnswer:
    return TokenAnswer(
        id=token.id,
        name=token.name,
        member_id=token.member_id,
        role=MemberRole(token.role or MemberRole.USER),
        created_at=token.created_at,
        revoked_at=token.revoked_at,
    )
