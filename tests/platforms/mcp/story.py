"""One call through all six tools, whichever client carries it: what a voice model would read of each answer."""

import asyncio
import os
import time

URL = os.environ["BATON_URL"]
CALL = os.environ["BATON_CALL"]
# In the order in which they are served: some platforms keep a digest of the list.
TOOLS = ["route_lead", "offer_times", "choose_time", "promise_callback", "what_now", "call_ended"]
CALLER = {"name": "Dana Whitfield", "phone": "+1 415 555 0142", "company": "Northwind Foods", "country": "US", "score": 82}
# The hard limit for words, and what a client and a busy machine add to it.
WORDS_WITHIN = 1.5 + 1.0


def headers():
    return {
        "Authorization": f"Bearer {os.environ['BATON_TOKEN']}",
        "Baton-Call-Id": CALL,
        "Baton-Call-Platform": "tests",
    }


def is_sentence(tool, text):
    assert text.strip() and text.rstrip()[-1] in ".?", f"{tool}: no sentence to say: {text!r}"
    for sign in ("error", "Error", "null", "{", "}"):
        assert sign not in text, f"{tool}: {sign!r} in what the model reads: {text!r}"


async def tell(names, call):
    """`call(tool, arguments)` gives the text that the model reads."""
    assert list(names) == TOOLS, f"listed: {list(names)}"

    async def says(tool, arguments):
        began = time.monotonic()
        text = await call(tool, arguments)
        took = time.monotonic() - began
        assert took < WORDS_WITHIN, f"{tool} took {took:.2f} s"
        is_sentence(tool, text)
        return text

    await says("what_now", {})
    first = await says("route_lead", CALLER)
    for _ in range(50):
        again = await says("route_lead", CALLER)
        if again == first:
            break
        # The decision came after the words of the first time; from now on they stay.
        first = again
        await asyncio.sleep(0.1)
    assert again == first, f"told anew: {again!r} after {first!r}"
    await says("route_lead", {**CALLER, "title": "Head of Operations", "summary": "Wants a demo for forty seats."})
    await says("what_now", {})
    await says("offer_times", {"times": "tomorrow morning"})
    await says("choose_time", {"choice": 1})
    await says("promise_callback", {})
    await says("call_ended", {"reason": "said goodbye"})
