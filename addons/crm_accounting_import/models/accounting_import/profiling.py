"""What all cells of a column have in common: what its dates and amounts can be, and its words."""

import json
from collections import Counter

from .values import find_amount_sign, find_date_signs

#: A column of words has few of them; what has more is something else.
WORDS = 100
#: So many different texts of a column are counted.
_COUNTED = 1000
#: Words are short.
_LONGEST_WORD = 100


class Profile:
    """Notes on one column, taken cell by cell: they do not grow with the length of the file."""

    __slots__ = ("counts", "signs")

    def __init__(self):
        self.signs = set()
        self.counts = Counter()

    def add(self, text: str):
        """Note what a cell tells."""
        if text in self.counts:
            self.counts[text] += 1
            return
        if not text:
            return
        if len(self.counts) < _COUNTED:
            self.counts[text] = 1
        self.signs.update(find_date_signs(text))
        if sign := find_amount_sign(text):
            self.signs.add(sign)

    def dump(self) -> str:
        """The notes as a column keeps them."""
        words = {
            text: count
            for text, count in self.counts.most_common(WORDS)
            if len(text) <= _LONGEST_WORD
        }
        return json.dumps({"signs": sorted(self.signs), "words": words})


def load_signs(notes: str | None) -> set[str]:
    """What the dates and amounts of a column were seen to be."""
    signs = _load(notes).get("signs")
    return {sign for sign in signs if isinstance(sign, str)} if isinstance(signs, list) else set()


def load_words(notes: str | None) -> Counter:
    """How often each of the most frequent texts of a column stands there."""
    words = _load(notes).get("words")
    return Counter(
        {
            text: count
            for text, count in (words.items() if isinstance(words, dict) else ())
            if type(count) is int and 0 < count < 2**31
        }
    )


def _load(notes: str | None) -> dict:
    """The notes, as far as they are ours: they come back from a form."""
    try:
        found = json.loads(notes or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
