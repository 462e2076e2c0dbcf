#!/usr/bin/env python3
"""How near the default rules come to the best point that was ever timed.

usage: survey.py TUNE_DB

One line a question (graph, operation, device): the best time of all runs, the
best of the runs with the fewest candidates (the default rules beside an
exhaustive run), their ratio, and both points.
"""
import math
import sqlite3
import sys

BEST = """
SELECT run.id, graph.text, op.text, count(*), min(median_ns), variant.family,
       variant.knobs
FROM measurement JOIN run ON run.id = measurement.run
JOIN graph ON graph.id = run.graph JOIN op ON op.id = run.op
JOIN variant ON variant.id = measurement.variant
WHERE status = 'ok' AND median_ns IS NOT NULL
GROUP BY run.id ORDER BY run.id
"""


def main():
    questions = {}
    for _, graph, op, n, ns, family, knobs in sqlite3.connect(
            sys.argv[1]).execute(BEST):
        questions.setdefault((graph, op), []).append((n, ns, family, knobs))
    logs = []
    for (graph, op), runs in questions.items():
        chosen, best = min(runs), min(runs, key=lambda r: r[1])
        logs.append(math.log(chosen[1] / best[1]))
        print(f"{graph[:8]} {op}\n    {chosen[1] / best[1]:.2f}x"
              f"  rules {chosen[1] / 1e3:.2f} us {chosen[2]} {chosen[3]}"
              f"\n           best {best[1] / 1e3:.2f} us of {best[0]},"
              f" {best[2]} {best[3]}")
    if logs:
        print(f"geometric mean {math.exp(sum(logs) / len(logs)):.3f}x,"
              f" worst {math.exp(max(logs)):.2f}x, {len(logs)} questions")


if __name__ == "__main__":
    main()
