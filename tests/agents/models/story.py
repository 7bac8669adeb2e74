"""What the fake model answers.

A *script* is a list of rules: `{"on": TEXT, "turns": [TURN, ...]}`. The rule whose TEXT was said
last by the user is in force, and the turn played is the number of things the model has said or
called since. Nothing is remembered between two requests: the request itself tells where the story
stands, as with the real services. A rule with `"knows": TEXT` holds only where TEXT, too, stands
somewhere in the conversation, and goes before the others: so a model can refuse what was resumed.

A turn is one of
    {"say": TEXT}                   plain text; ends the model's turn
    {"write": PATH, "text": TEXT}   the program's own tool for files; PATH in its folder
    {"shell": COMMAND}              the program's own shell tool
    {"tool": NAME, "input": {...}}  any other tool of the program
    {"fail": KIND}                  key, login, quota, billing, rate, server, overlong,
                                    history, model
and may also have
    "wait": SECONDS                 before it answers
    "stall": SECONDS                in the middle of the text, after its first half
    "usage": {"in": N, "cached": N, "out": N}
"""

import re

USAGE = {"in": 1000, "cached": 0, "out": 50}
DONE = {"say": "The fake model has nothing left to do."}

# How each program tells the model where it works. Tools for files want absolute paths.
FOLDER = re.compile(
    r"(?:[Pp]rimary working directory|[Ww]orking directory|working in the directory"
    r"|Workspace Directories:\**\s*-)[\s:*`]*(/[^\s\"\\`<]+)"
)


def choose(script, talk):
    """The turn to play after `talk`, a list of (who, text)."""
    known = "\n".join(text for _, text in talk)
    script = [rule for rule in script if rule.get("knows", "") in known]
    done = 0
    for who, text in reversed(talk):
        if who in ("model", "call"):
            done += 1
        rule = said_last(script, text) if who == "user" else None
        if rule:
            return rule["turns"][done] if done < len(rule["turns"]) else DONE
    return DONE


def said_last(script, text):
    """The rule whose words stand last in a text, for a program may join two prompts into one."""
    found = [(text.rfind(rule["on"]), "knows" in rule, n) for n, rule in enumerate(script)]
    place, _, n = max(found, default=(-1, False, 0))
    return script[n] if place >= 0 else None


def folder_in(text):
    """The working folder that the program named last, or one that no test has."""
    found = FOLDER.findall(text)
    return found[-1].rstrip(".,") if found else "/folder-not-named"


def usage_of(turn):
    return {**USAGE, **turn.get("usage", {})}


def halves(text):
    middle = len(text) // 2
    return text[:middle], text[middle:]


def talk_of(row):
    """The conversation in one logged request as (who, text): user, model, call, result."""
    from .server import APIS

    return APIS[row["api"]].talk(row["body"])
