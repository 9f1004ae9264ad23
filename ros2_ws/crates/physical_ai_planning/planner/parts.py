"""Names that are said by a part: "the pump" for `hydraulic_pump`, "the arm" for `arm_1`, "cart 2" for `bag_cart_2`.

The part must be of no other name. `src/plan_question/parts.rs` does the same.
"""

from spoken import AFTER_NAMES, ARTICLES, BEFORE_NAMES, BEFORE_PLACES, MODIFIERS, SAID_OF_ANYTHING, SIDES, is_letters

LEAST = 3
"""Letters of a word that can stand for a name."""

ByWords = dict[tuple[str, ...], list[str]]


def tails(names: ByWords) -> ByWords:
    """References by the last words of names, two at least, where no other name ends with them."""
    found: ByWords = {}
    for words, references in names.items():
        for begin in range(1, len(words) - 1):
            found.setdefault(words[begin:], []).extend(references)
    return {words: references for words, references in found.items() if len(references) == 1 and words not in names}


def unique_words(names: ByWords) -> dict[str, tuple[str, bool]]:
    """References by single words that no other name has, and whether it is the name's last one."""
    holders: dict[str, int] = {}
    for words, references in names.items():
        for word in set(words):
            holders[word] = holders.get(word, 0) + len(references)
    found: dict[str, tuple[str, bool]] = {}
    for words, references in names.items():
        letters = [w for w in words if is_letters(w)]
        if len(words) < 2 or len(references) > 1:
            continue
        for index, word in enumerate(letters):
            is_last = index + 1 == len(letters)
            says_little = word in SAID_OF_ANYTHING or word in SIDES or (not is_last and word in MODIFIERS)
            if len(word) >= LEAST and holders[word] == 1 and not says_little:
                found[word] = (references[0], is_last)
    return found


def is_modified(pieces: list[str], at: int) -> bool:
    """Whether the word before says which one of several is meant: "the blue box" is no red one."""
    return at >= 2 and pieces[at - 1] in (" ", "-", "_") and pieces[at - 2] in MODIFIERS


def said(pieces: list[str], at: int, words: dict[str, tuple[str, bool]]) -> str | None:
    """The reference of a name that is said by one word, where a name can begin and before nothing that it could go on with."""
    if pieces[at] not in words:
        return None
    reference, is_last = words[pieces[at]]
    article = at >= 2 and pieces[at - 1] == " " and pieces[at - 2] in ARTICLES and (at == 2 or pieces[at - 3] == " ")
    begins = at == 0 or pieces[at - 1] in "(\"'" or (at >= 2 and pieces[at - 1] == " " and (pieces[at - 2] in ",.;:!?->)" or pieces[at - 2] in BEFORE_NAMES))
    if not article and not (begins and is_last):
        return None
    after = pieces[at + 1:at + 3]
    if not after or after[0] in ".,;:!?)":
        return reference
    if after[0] == "'":
        return reference if after[1:] == ["s"] else None
    if after[0] != " " or len(after) < 2:
        return None
    is_word = is_letters(after[1]) and len(after[1]) > 1
    if article:
        fits = is_word if is_last and reference.startswith("ref_r") else after[1] in AFTER_NAMES
    else:
        fits = after[1] in BEFORE_PLACES or after[1] == "-"
    return reference if fits else None
