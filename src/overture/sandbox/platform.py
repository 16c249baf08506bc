"""The platform's state: who is there, what was written, what will be answered, and when."""

import heapq
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from overture.sandbox import instants, messages, talk
from overture.sandbox.accounts import Account
from overture.sandbox.clock import Clock
from overture.sandbox.draws import Draws
from overture.sandbox.messages import Message, Origin
from overture.sandbox.people import Nature, Person, Population
from overture.sandbox.record import Record, RecordError

EARLIEST = instants.parse("2011-01-01T00:00:00Z")
LATEST = instants.parse("2080-01-01T00:00:00Z")  # later, ids would outgrow the 19 digits X gives them

Member = Account | Person


def checked(moment: int) -> int:
    """Return an instant (milliseconds since 1970) that ids can tell.

    Raises:
        ValueError: it is too early or too late.
    """
    if not EARLIEST <= moment <= LATEST:
        raise ValueError(f"must lie between {instants.text_of(EARLIEST)} and {instants.text_of(LATEST)}")
    return moment


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class _Due:
    """An answer that somebody will write; the order is that in which answers happen."""

    moment: int
    cause: int
    number: int
    sender: str
    recipient: str
    text: str

    @property
    def name(self) -> str:
        return f"{self.cause}/{self.number}"


class Platform:
    """Accepts messages, lets people answer in its own time, and shows each account its messages.

    Args:
        population: the people.
        accounts: the sending accounts.
        clock: the platform's time.
        record: where every message is written down first; what it holds already is taken over.
        seed: what the people's answers are drawn from.

    Raises:
        RecordError: the record speaks of people or accounts that are not here.
        ValueError: two accounts, or an account and a person, share a username.
    """

    def __init__(
        self, *, population: Population, accounts: Sequence[Account], clock: Clock, record: Record, seed: int
    ) -> None:
        self.population = population
        self.accounts = tuple(accounts)
        self.messages: list[Message] = []
        self._clock = clock
        self._record = record
        self.seed = seed
        self._accounts_by_id = {account.id: account for account in accounts}
        self._accounts_by_username = {account.username.lower(): account for account in accounts}
        self._accounts_by_token = {account.token: account for account in accounts}
        self._mailboxes: defaultdict[str, list[Message]] = defaultdict(list)
        self._conversations: defaultdict[str, list[Message]] = defaultdict(list)
        self._received: defaultdict[tuple[str, str], int] = defaultdict(int)
        self._has_written: set[tuple[str, str]] = set()
        self._due: list[_Due] = []
        self.received: Callable[[Account, Message], None] | None = None
        """Called for each message an account receives; those of the record were received before."""
        if len(self._accounts_by_username) < len(self.accounts):
            raise ValueError("two accounts have the same username")
        for account in accounts:
            if population.by_username(account.username) is not None:
                raise ValueError(f"the username {account.username} belongs to a person already")
        self._take_over(record.earlier)

    def now(self) -> int:
        """Return the present instant (milliseconds since 1970) after everything due by then has happened."""
        present = self._clock.read()
        if self.messages:
            present = max(present, self.messages[-1].moment)
        if self._due and self._due[0].moment <= present:
            self._answer_until(present)
        return present

    def move_clock(self, to: int) -> int:
        """Move the clock forward to `to` and return the present instant.

        An earlier instant is ignored, save by the first move of a platform on which nothing was written yet.

        Raises:
            ValueError: ids cannot tell such an instant.
        """
        checked(to)
        is_untouched = not self.messages and not self._clock.is_virtual
        if is_untouched or to >= self.now():
            self._clock.move(to, may_go_back=is_untouched)
        return self.now()

    def account_of(self, token: str) -> Account | None:
        """Return the sending account that owns a token."""
        return self._accounts_by_token.get(token)

    def account_named(self, username: str) -> Account | None:
        """Return the sending account with this handle."""
        return self._accounts_by_username.get(username.lower())

    def by_id(self, user_id: str) -> Member | None:
        """Return the account or person with this id of digits, also one that is suspended or deleted."""
        return self._accounts_by_id.get(user_id) or self.population.by_id(user_id)

    def by_username(self, username: str) -> Member | None:
        """Return the account or person with this handle, also one that is suspended or deleted."""
        return self._accounts_by_username.get(username.lower()) or self.population.by_username(username)

    def refusal(self, account: Account, recipient: Member) -> str | None:
        """Name the entry of the table of refusals that a message would meet now; None lets it pass."""
        if isinstance(recipient, Account) or self._reaches(account, recipient):
            return None
        return recipient.refusal

    def receives(self, account: Account, other: Member) -> bool:
        """Tell what a look-up says: a person who blocks the sender looks as open as any."""
        if isinstance(other, Account):
            return other.id != account.id
        return other.nature is Nature.BLOCKING or self._reaches(account, other)

    def accept(self, sender: Member, recipient: Member, text: str, origin: Origin) -> Message:
        """Write a message down, then show it; the recipient's answers are scheduled with it."""
        moment = self.now()
        last = self.messages[-1].id if self.messages else 0
        message = Message(
            id=messages.next_id(moment, last),
            sender=sender.id,
            recipient=recipient.id,
            text=text,
            moment=moment,
            origin=origin,
            cause=None,
            is_virtual=self._clock.is_virtual,
        )
        self._record.append((message,))
        self._show(message)
        return message

    def mailbox(self, account: Account) -> Sequence[Message]:
        """Return every message an account sent or received, oldest first."""
        return self._mailboxes.get(account.id, ())

    def conversation(self, one: str, other: str) -> Sequence[Message]:
        """Return the messages between two users, oldest first."""
        return self._conversations.get(messages.conversation_id(one, other), ())

    def close(self) -> None:
        """Let go of the record."""
        self._record.close()

    def _reaches(self, account: Account, person: Person) -> bool:
        if person.nature is Nature.OPEN:
            return True
        if not person.exists or person.nature is Nature.BLOCKING:
            return False
        return person.follows == account.id or (person.id, account.id) in self._has_written

    def _answer_until(self, present: int) -> None:
        written: list[Message] = []
        last = self.messages[-1].id if self.messages else 0
        while self._due and self._due[0].moment <= present:
            due = heapq.heappop(self._due)
            last = messages.next_id(due.moment, last)
            written.append(
                Message(
                    id=last,
                    sender=due.sender,
                    recipient=due.recipient,
                    text=due.text,
                    moment=due.moment,
                    origin=Origin.ANSWER,
                    cause=due.name,
                    is_virtual=self._clock.is_virtual,
                )
            )
        self._record.append(written)
        for message in written:
            self._show(message)

    def _show(self, message: Message) -> None:
        self.messages.append(message)
        for member in (message.sender, message.recipient):
            if member in self._accounts_by_id:
                self._mailboxes[member].append(message)
        receiver = self._accounts_by_id.get(message.recipient)
        if receiver is not None and self.received is not None:
            self.received(receiver, message)
        self._conversations[messages.conversation_id(message.sender, message.recipient)].append(message)
        if message.sender in self._accounts_by_id:
            self._schedule(message)
        else:
            self._has_written.add((message.sender, message.recipient))

    def _schedule(self, message: Message) -> None:
        person = self.population.by_id(message.recipient)
        if person is None:
            return
        pair = (message.sender, message.recipient)
        self._received[pair] += 1
        if self._received[pair] != person.habit.after:
            return
        draws = Draws(self.seed, "talk", person.index, message.sender)
        for number, answer in enumerate(talk.answers(person.habit.talk, draws), start=1):
            due = _Due(
                moment=message.moment + answer.delay,
                cause=message.id,
                number=number,
                sender=person.id,
                recipient=message.sender,
                text=answer.text,
            )
            heapq.heappush(self._due, due)

    def _take_over(self, earlier: Sequence[Message]) -> None:
        for message in earlier:
            if not (self._is_known(message.sender) and self._is_known(message.recipient)):
                raise RecordError(f"message {message.id} of the record is between users of another platform")
            self._show(message)
        written = {message.cause for message in earlier if message.cause is not None}
        self._due = [due for due in self._due if due.name not in written]
        heapq.heapify(self._due)

    def _is_known(self, user_id: str) -> bool:
        return user_id.isdecimal() and self.by_id(user_id) is not None
