"""Korean words as hurried people spell them: 집개, 데기, 이둥."""

import random
import re

# Vowels by their place in the block of syllables, and those that are hit or heard instead: ㅐ and ㅔ, ㅗ and ㅜ, ㅓ and ㅕ, ㅡ and ㅜ, ㅏ and ㅑ.
_OTHER = {1: [5], 5: [1], 8: [13], 13: [8], 4: [6], 6: [4], 18: [13], 0: [2]}
_NUMBERS = re.compile("[한두세네]|다섯|여섯|일곱|여덟|아홉|[일이삼사오육칠팔구십]+[초분번]?|열.?")


def _slip(word: str, rng: random.Random) -> str:
    places = [i for i, c in enumerate(word) if "가" <= c <= "힣" and (ord(c) - 0xAC00) // 28 % 21 in _OTHER]
    if not places:
        return word
    at = rng.choice(places)
    code = ord(word[at]) - 0xAC00
    vowel = rng.choice(_OTHER[code // 28 % 21])
    return word[:at] + chr(0xAC00 + (code // 588 * 21 + vowel) * 28 + code % 28) + word[at + 1:]


def misspelt(text: str, kept: list[str], rng: random.Random) -> str:
    """One word with another vowel; numbers and the words in `kept` stay."""
    words = text.split(" ")
    able = [i for i, w in enumerate(words) if re.match("[가-힣]{2,}", w) and not _NUMBERS.match(w) and not any(k in w for k in kept)]
    if able:
        index = rng.choice(able)
        words[index] = _slip(words[index], rng)
    return " ".join(words)


def run_together(text: str, rng: random.Random) -> str:
    """A space less between words in Hangul."""
    gaps = [m.end() for m in re.finditer("[가-힣](?= [가-힣])", text)]
    if not gaps:
        return text
    at = rng.choice(gaps)
    return text[:at] + text[at + 1:]
