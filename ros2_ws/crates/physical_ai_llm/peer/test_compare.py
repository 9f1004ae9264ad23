"""Which of llama.cpp's runs ours is divided by."""
import unittest

import compare

PROMPT, LOAD, LOAD_MAPPED = compare.ROWS[0], compare.ROWS[-2], compare.ROWS[-1]


def run(speed, load_s):
    quantities = {row.quantity: speed for row in compare.ROWS}
    return {**quantities, "llm.load_s": load_s}


def rounds(**sides):
    found = {side: [None, None] for side in ["ours", *compare.SETTINGS]}
    found.update({side.replace("_", ", "): runs for side, runs in sides.items()})
    return found


class Compare(unittest.TestCase):
    def test_each_row_is_compared_with_the_best_setting_round_by_round(self):
        both = rounds(
            ours=[run(60.0, 0.1), run(30.0, 0.1)],
            mapped=[run(50.0, 0.05), run(20.0, 0.05)],
            repacked=[run(40.0, 1.0), run(10.0, 2.0)],
        )
        self.assertEqual(compare.best_setting(both, PROMPT), "mapped")
        expected = {"name": "llm.ratio.prompt_512", "value": 1.35, "unit": "ratio", "min": 1.2, "max": 1.5, "runs": 2}
        self.assertEqual(compare.result(both, PROMPT), expected)
        self.assertEqual(compare.ratios(both, LOAD), [0.1, 0.05])
        self.assertEqual(compare.ratios(both, LOAD_MAPPED), [2.0, 2.0])
        self.assertIn("35.0*", compare.table(both))

    def test_crashed_runs_count_for_nothing(self):
        crashed = rounds(
            ours=[run(60.0, 0.1), run(30.0, 0.1)],
            mapped_flash=[run(10.0, 0.2), run(10.0, 0.2)],
            repacked=[None, run(15.0, 1.0)],
        )
        self.assertEqual(compare.best_setting(crashed, PROMPT), "repacked")
        self.assertEqual(compare.ratios(crashed, PROMPT), [2.0])
        self.assertIn("n/a", compare.table(crashed))
        crashed["repacked"] = [None, None]
        # Nothing repacked is left.
        self.assertEqual(compare.best_setting(crashed, LOAD), "mapped, flash")
        self.assertIsNone(compare.best_setting(rounds(), PROMPT))


if __name__ == "__main__":
    unittest.main()
