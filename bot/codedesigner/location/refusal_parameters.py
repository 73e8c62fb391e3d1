"""Which parameter a server does not take, from the field that names it or from its sentence."""

from __future__ import annotations

import re

from codedesigner.location.refusal_bodies import Said


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_CODES = _names("unsupported_parameter unsupported_value unknown_parameter extra_forbidden value_error.extra")
# These carry the schema, under any vendor's name.
_OF_SCHEMA = _names(
    "response_format text format json_schema schema output_config output_format structured_outputs guided_json grammar"
    " guided_grammar tools tool tool_choice functions function_call strict response_schema responseschema"
)
# A question without these is none.
_OF_QUESTION = _names("messages message model input prompt system contents content body role instructions")
_KNOWN = _OF_SCHEMA | _names(
    "temperature top_p top_k min_p typical_p seed stop stop_sequences max_tokens max_completion_tokens num_predict"
    " presence_penalty frequency_penalty repetition_penalty repeat_penalty logit_bias logprobs top_logprobs n"
    " reasoning_effort reasoning thinking think effort stream_options parallel_tool_calls prompt_cache_key"
    " prompt_cache_retention prompt_cache_options store metadata user safety_identifier service_tier verbosity"
    " cache_control chat_template_kwargs cache_prompt post_sampling_probs truncate shift keep_alive num_ctx provider"
)
# The others are words of plain English, too, and count only in quotation marks.
_TELLING = {name for name in _KNOWN if "_" in name} | {"temperature", "logprobs", "seed", "verbosity"}


def _any_of(names: set[str] | frozenset[str]) -> str:
    return "|".join(sorted(names, key=lambda name: (-len(name), name)))


_NAMED = r"[`'\"]?(?P<name>[a-z_][a-z0-9_.\[\]]{0,80}?)[`'\"]?(?:[\s,.:;)\]]|$)"
_WELL_KNOWN = (
    rf"(?:[`'\"](?P<quoted>{_any_of(_KNOWN)})(?:\.[a-z_.]{{1,60}})?[`'\"]|(?<![\w.])(?P<name>{_any_of(_TELLING)})\b)"
)
_PARAMETER = r"(?:parameter|argument|field|key|name|property|option)s?"
_REFUSED = r"(?:not (?:supported|allowed|permitted|available)|unsupported|deprecated|unknown)"
# From the most certain.
_SENTENCES = tuple(
    re.compile(pattern)
    for pattern in (
        rf"unsupported (?:parameter|value|argument)s?\W{{1,4}}{_NAMED}",
        rf"(?:unknown|unrecognized|unexpected|unsupported) (?:request )?{_PARAMETER}(?: supplied)?\W{{1,4}}{_NAMED}",
        rf"argument not supported on this model: {_NAMED}",
        r"unexpected keyword argument '(?P<name>[a-z_]{1,80})'",
        r"additional properties are not allowed \('(?P<name>[a-z_]{1,80})' (?:was|were) unexpected",
        rf"does not support {_PARAMETER}\W{{1,4}}{_NAMED}",
        r"(?:^|[\s;])(?P<name>[a-z_][a-z0-9_.]{0,80}): extra (?:inputs|fields) (?:are )?not permitted",
        rf"{_PARAMETER} [`'\"]?(?P<name>[a-z_][a-z0-9_.]{{0,80}})[`'\"]? is {_REFUSED}",
        # Of two that exclude each other, the second is left out.
        r"[`'\"][a-z_]{1,40}[`'\"] and [`'\"](?P<name>[a-z_]{1,40})[`'\"] cannot both be",
        r"does not support (?P<name>think)ing",
        r"(?<![\w.])(?P<name>think) value",
        r"(?P<name>thinking) is not supported",
        rf"{_WELL_KNOWN}(?: parameter| value)?(?: of type [`'\"][a-z_]{{1,40}}[`'\"])? (?:is|are) {_REFUSED}",
        rf"{_WELL_KNOWN} (?:does not support|may only be set|must be (?:1|unset)|can only be)",
        rf"(?:does not|doesn't|do not) (?:currently )?support (?:setting |the use of )?{_WELL_KNOWN}",
    )
)


def unsupported(said: Said) -> str | None:
    """The parameter that is not taken, by its first name; also one that carries the schema."""
    if said.codes & _CODES and said.parameter:
        return root(said.parameter)
    found = next((found for pattern in _SENTENCES if (found := pattern.search(said.matched))), None)
    if found is None:
        return None
    groups = found.groupdict()
    return root(groups.get("quoted") or groups["name"])


def root(parameter: str) -> str:
    """`messages` of `messages[0].content`."""
    return re.split(r"[.\[]", parameter, maxsplit=1)[0]


def carries_schema(parameter: str | None) -> bool:
    """Whether the schema is told through this parameter."""
    return parameter is not None and root(parameter) in _OF_SCHEMA


def droppable(parameter: str) -> bool:
    """Whether there is a question without it."""
    return bool(parameter) and parameter not in _OF_QUESTION
