"""Slack by a bot's token: what a webhook does, and answers in the thread of a story."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import SecretStr

from alerts.answers import JSON_UTF8, refused, unanswered
from alerts.card import is_one_story
from alerts.channel_settings import SlackSettings
from alerts.messages import Composer
from alerts.posting import Answer, Poster, PostError
from alerts.secrets import Redactor
from domain.notice import Delivery, SendOutcome, SendResult

# What chat.postMessage says of the message itself: the same words would be refused again.
_OF_MESSAGE = frozenset(
    "invalid_blocks invalid_blocks_format msg_too_long msg_blocks_too_long no_text "
    "too_many_attachments attachment_payload_limit_exceeded markdown_text_conflict "
    "invalid_arguments invalid_metadata_format invalid_metadata_schema".split()
)
# A trouble of the moment, of Slack or of the rate; everything else is the channel's or token's.
_OF_MOMENT = frozenset(
    "internal_error fatal_error service_unavailable request_timeout ratelimited rate_limited "
    "message_limit_exceeded duplicate_message_not_found team_added_to_org".split()
)
_THREAD_GONE = frozenset(
    "thread_not_found cannot_reply_to_message message_not_found invalid_thread_ts "
    "restricted_action_thread_locked".split()
)


class SlackBotChannel:
    """Posts to one channel of Slack; the token never leaves this object.

    A message that follows another of its story goes into that one's thread, whose mark
    (``ts``) is the receipt.
    """

    def __init__(
        self, name: str, settings: SlackSettings, composer: Composer, poster: Poster
    ) -> None:
        self.name = name
        self.gap = 1.0
        self._token = settings.bot_token or SecretStr("")
        self._channel = settings.channel
        self._composer = composer
        self._poster = poster
        self._url = f"{settings.api_url}chat.postMessage"
        self._redact = Redactor(self._token.get_secret_value())

    async def send(self, deliveries: Sequence[Delivery], *, digest: bool) -> SendOutcome:
        """See ``alerts.ports.Channel``."""
        del digest  # the number of deliveries decides the form
        payload = {"channel": self._channel, **self._composer.slack(deliveries)}
        thread = deliveries[0].thread if deliveries and is_one_story(deliveries) else ""
        outcome = await self._post(payload | ({"thread_ts": thread} if thread else {}))
        if thread and outcome.reason in _THREAD_GONE:  # somebody deleted what it answers
            outcome = await self._post(payload)
        return outcome

    async def _post(self, payload: Mapping[str, Any]) -> SendOutcome:
        headers = {**JSON_UTF8, "Authorization": f"Bearer {self._token.get_secret_value()}"}
        try:
            answer = await self._poster.post(self._url, json.dumps(payload).encode(), headers)
        except PostError as error:
            return unanswered(error, self._redact)
        return self._outcome(answer)

    def _outcome(self, answer: Answer) -> SendOutcome:
        if answer.status != 200:
            return refused(answer, self._redact)
        said = _said(answer)
        if said.get("ok") is True:
            return SendOutcome(result=SendResult.ACCEPTED, receipt=str(said.get("ts", ""))[:40])
        error = str(said.get("error") or "an answer that is none of Slack's")
        reason = self._redact(error, 120)
        if error in _OF_MESSAGE:
            return SendOutcome(result=SendResult.REFUSED, reason=reason)
        is_wide = "error" in said and error not in _OF_MOMENT
        return SendOutcome(result=SendResult.RETRY, reason=reason, channel_wide=is_wide)

    async def close(self) -> None:
        """See ``alerts.ports.Channel``."""


def _said(answer: Answer) -> Mapping[str, Any]:
    try:
        said = json.loads(answer.body)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
