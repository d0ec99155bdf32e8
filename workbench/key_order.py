"""Keys take effect one after the other: what opens or closes something is over before the next key is sent anywhere.

The decision to know: Textual 8.2 sends a key to what has the focus while it takes it from the terminal. Of keys that
come in one burst (a slow connection, a macro, a fast hand) the later ones are sent before the first has closed a dialog
or opened one, and are lost with it, or act on what lies beneath. So a key that may do that is followed by a call that
goes the same way, from the focus up through every ancestor to the app. When it comes back and the focus stands where it
stood, the next key is sent. Letters of a text and the keys of a list change neither, and are sent at once.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from textual import events
from textual.app import ScreenStackError
from textual.message_pump import MessagePump

from workbench.widgets.text_fields import InOrder

if TYPE_CHECKING:
    from textual.app import App
    from textual.widget import Widget

# The first round follows the key; the second what the key's own widget posted then, a line that was entered say.
_ROUNDS = 2
# Dialogs that open dialogs; more than any key does.
_MOST_ROUNDS = 8
# A round that takes longer was lost with a widget on its way, and is not waited for, in seconds.
_LOST_S = 1.0


class KeyOrder:
    """Sends the app's keys one after the other."""

    def __init__(self, app: App[Any], clock: Callable[[], float] = time.monotonic) -> None:
        """Make an order with nothing on its way.

        Args:
            app: whose keys.
            clock: seconds that only go on.
        """
        self._app = app
        self._clock = clock
        self._held: deque[events.Key | events.Paste] = deque()
        self._simulated: deque[events.Key | events.Paste] = deque()
        self._on_its_way = False
        self._sent_at = 0.0
        self._sent = 0
        self._send: Callable[[events.Event], Awaitable[None]] | None = None

    @property
    def at_rest(self) -> bool:
        """Whether every key has taken effect, as far as that can be known."""
        lost = self._clock() - self._sent_at >= _LOST_S
        return not self._held and not self._simulated and (lost or not self._on_its_way)

    async def take(self, event: events.Event, send: Callable[[events.Event], Awaitable[None]]) -> None:
        """Send an event now, or, where it is a key behind one that is still on its way, after that.

        Args:
            event: as the app got it.
            send: what the app does with it otherwise.
        """
        if not isinstance(event, events.Key | events.Paste) or event.is_forwarded:
            await send(event)
            return
        self._send = send
        if self._on_its_way and self._clock() - self._sent_at < _LOST_S:
            self._held.append(event)
            return
        self._on_its_way = False
        self._held.append(event)
        await self._go_on()

    def simulate(self, key: str) -> bool:
        """Send a key that another stands for before those behind it; return False when none is on its way."""
        if self._on_its_way:
            self._simulated.append(events.Key(key, None))
        return self._on_its_way

    async def _go_on(self) -> None:
        while (self._simulated or self._held) and not self._on_its_way and self._send is not None:
            event = (self._simulated or self._held).popleft()
            focused = self._app.focused
            if _changes_nothing_around(event, focused):
                await self._send(event)
                continue
            self._on_its_way = True
            self._sent_at = self._clock()
            self._sent += 1
            origin: MessagePump = focused or self._app.screen
            await self._send(event)
            self._follow(self._sent, origin, origin, 1)

    def _follow(self, number: int, origin: MessagePump, before: MessagePump, rounds: int) -> None:
        """Go up from where the key went, and from what has the focus now; then look whether the key is done with."""
        try:
            now: MessagePump = self._app.focused or self._app.screen
        except ScreenStackError:
            # The program is being closed.
            return
        ways = [_way_up(origin)] if now is origin else [_way_up(origin), _way_up(now)]
        stops = [node for way in ways for node in way if node is not self._app]

        async def arrived() -> None:
            if number != self._sent or not self._on_its_way:
                return
            try:
                there: MessagePump = self._app.focused or self._app.screen
            except ScreenStackError:
                return
            if (rounds < _ROUNDS or there is not before) and rounds < _MOST_ROUNDS:
                self._follow(number, origin, there, rounds + 1)
                return
            self._on_its_way = False
            await self._go_on()

        def step(index: int) -> None:
            # One that is closed takes no calls any more: the next one up does.
            while index < len(stops):
                if stops[index].call_later(step, index + 1):
                    return
                index += 1
            self._app.call_later(arrived)

        step(0)


def _way_up(node: MessagePump) -> list[MessagePump]:
    way = [node]
    while (parent := way[-1]._parent) is not None:
        way.append(parent)
    return way


def _changes_nothing_around(event: events.Key | events.Paste, focused: Widget | None) -> bool:
    """Say whether the focused widget takes a key itself, and no other key's way is changed by it."""
    if focused is None:
        return False
    if isinstance(event, events.Paste) or focused.check_consume_key(event.key, event.character):
        return True
    # Enter opens a line, and escape leaves; of a field, other keys give the focus away as well.
    around = event.key in ("enter", "escape") or isinstance(focused, InOrder)
    return not around and event.key in focused._bindings.key_to_bindings
