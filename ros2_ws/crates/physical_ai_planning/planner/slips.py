"""Names with one slip of the keyboard.

A slip swaps two letters, leaves one out, doubles or adds one, or hits a key beside the right one; the first
letter is right unless it was swapped. Endings stay as they are, since "docks" and "driver" are other words.
`src/plan_question/slips.rs` does the same.
"""

from spoken import NEAR_KEYS, NEVER_SLIPS, SEPARATORS, is_letters, plain

LEAST_WORD = 4
"""Letters of a word with a slip, in a name of several words."""
LEAST_NAME = 5
"""Letters of a name that is one word."""


def is_slip(said: str, word: str) -> bool:
    if said in NEVER_SLIPS or said == word:
        return False
    if len(said) == len(word):
        wrong = [i for i, (a, b) in enumerate(zip(said, word)) if a != b]
        if len(wrong) == 2 and wrong[1] == wrong[0] + 1:
            one, two = wrong
            return said[one] == word[two] and said[two] == word[one]
        return len(wrong) == 1 and wrong[0] > 0 and said[wrong[0]] in NEAR_KEYS.get(word[wrong[0]], "")
    if len(said) + 1 == len(word):
        return any(word[:i] + word[i + 1:] == said for i in range(1, len(word) - 1))
    if len(said) == len(word) + 1:
        doubled = said[:-1] == word and said[-1] == said[-2] != "s"
        return doubled or any(said[:i] + said[i + 1:] == word for i in range(1, len(said) - 1))
    return False


def match(words: tuple[str, ...], pieces: list[str], at: int) -> int:
    """Where a name with one slip that begins at a piece ends; `at` if none does."""
    least = LEAST_NAME if len(words) == 1 else LEAST_WORD
    end, found = at, 0
    for index, word in enumerate(words):
        if index > 0 and end < len(pieces) and pieces[end] in SEPARATORS:
            end += 1
        if end == len(pieces):
            return at
        said = pieces[end]
        end += 1
        if plain(said) == word:
            continue
        long_enough = min(len(said), len(word)) >= least and is_letters(said) and is_letters(word)
        if found or not long_enough or not is_slip(said, word):
            return at
        found = 1
    return end if found else at
