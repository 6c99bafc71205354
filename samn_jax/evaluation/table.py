"""Results as a table for the terminal."""

from typing import Any


def format_results(results: dict[str, Any]) -> str:
    """Returns a line for each sequence, their mean, and the speed."""
    measures = list(results["metrics"])
    rows = [(name, scores) for name, scores in results["sequences"].items()]
    rows.append((f"all of {results['dataset']}", results["metrics"]))
    width = max(len(name) for name, _ in rows)
    lines = [" ".join([" " * width, *(f"{name:>9}" for name in measures)])]
    for name, scores in rows:
        cells = (
            f"{scores[key]:9.3f}" if key in scores else " " * 9 for key in measures
        )
        lines.append(" ".join([f"{name:<{width}}", *cells]))
    if not measures:
        lines.append("no truth beyond the first frames, so there is nothing to score")
    if results["failed"]:
        failed = ", ".join(results["failed"])
        lines.append(f"failed and not in these figures: {failed}")
    speed = results["frames_per_second"]
    if speed is not None:
        lines.append(
            f"{speed:.1f} frames/s, first frame {results['first_frame_seconds']:.2f} s "
            f"({results['timed']})"
        )
    return "\n".join(lines)
