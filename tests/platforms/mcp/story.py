"""One call through the six tools of a caller, whichever client carries it: what a voice model would read of each answer."""

import asyncio
import json
import os
import time

URL = os.environ["BATON_URL"]
CLIENT = os.environ["BATON_CLIENT"]
CALL = os.environ["BATON_CALL"]
# In the order in which they are served: some platforms keep a digest of the list.
TOOLS = ["route_lead", "offer_times", "choose_time", "promise_callback", "what_now", "call_ended", "rep_accepted", "rep_declined"]
CALLER = {"name": "Dana Whitfield", "phone": "+1 415 555 0142", "company": "Northwind Foods", "country": "US", "score": 82}
MORE = {"title": "Head of Operations", "summary": "Wants a demo for forty seats."}
# Part of the words that tell of a decision, for whoever must not go on before it; any words otherwise.
DECIDED = os.environ.get("BATON_DECIDED", "")
# As long as the least patient of these clients waits, livekit-agents'; the worker takes 1.5 s at most, a busy machine adds to it.
WORDS_WITHIN = 5.0


def headers(call_id=CALL):
    return {
        "Authorization": f"Bearer {os.environ['BATON_TOKEN']}",
        "Baton-Call-Id": call_id,
        "Baton-Call-Platform": "tests",
    }


def is_sentence(tool, text):
    assert text.strip() and text.rstrip()[-1] in ".?", f"{tool}: no sentence to say: {text!r}"
    for sign in ("error", "Error", "null", "{", "}"):
        assert sign not in text, f"{tool}: {sign!r} in what the model reads: {text!r}"


async def tell(names, call, client=CLIENT, call_id=CALL):
    """`call(tool, arguments)` gives the text that the model reads. What each tool said last is printed."""
    assert list(names) == TOOLS, f"listed: {list(names)}"
    said = {}

    async def says(tool, arguments):
        began = time.monotonic()
        text = await call(tool, arguments)
        took = time.monotonic() - began
        assert took < WORDS_WITHIN, f"{tool} took {took:.2f} s"
        is_sentence(tool, text)
        said[tool] = text
        return text

    await says("what_now", {})
    first = await says("route_lead", CALLER)
    for _ in range(50):
        again = await says("route_lead", CALLER)
        if again == first and DECIDED in again:
            break
        # The decision came after the words of the first time; from now on they stay.
        first = again
        await asyncio.sleep(0.1)
    assert again == first and DECIDED in again, f"told anew: {again!r} after {first!r}"
    await says("route_lead", {**CALLER, **MORE})
    await says("offer_times", {"times": "tomorrow morning"})
    await says("choose_time", {"choice": 1})
    await says("promise_callback", {})
    await says("what_now", {})
    await says("call_ended", {"reason": "said goodbye"})
    print(json.dumps({"client": client, "call": call_id, "said": said}))
