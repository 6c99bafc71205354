"""J and F of every object by vos-benchmark, as JSON: python THIS TRUTHS RESULTS."""

import json
import sys
from pathlib import Path

from vos_benchmark.evaluator import Evaluator


def main(truths_dir, results_dir):
    import numpy as np
    from PIL import Image

    scores = {}
    for video in sorted(Path(truths_dir).iterdir()):
        evaluator = Evaluator(name=video.name)
        for path in sorted(video.iterdir())[1:-1]:
            result = Image.open(Path(results_dir) / video.name / path.name)
            evaluator.feed_frame(np.array(result), np.array(Image.open(path)))
        region, boundary = evaluator.conclude()
        scores[video.name] = {
            i: (region[i] / 100, boundary[i] / 100) for i in sorted(region)
        }
    print(json.dumps(scores))


if __name__ == "__main__":
    main(*sys.argv[1:])
