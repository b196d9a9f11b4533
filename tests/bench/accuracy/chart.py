# SPDX-License-Identifier: ISC
"""Points on two logarithmic axes, as SVG."""
import math
import xml.sax.saxutils

WIDTH, HEIGHT, EDGE = 720, 480, 70
COLOURS = ("#1f6fb4", "#2a9d4a", "#c0392b")


def ticks(low, high):
    """1, 2 and 5 times powers of ten from low to high."""
    for power in range(math.floor(math.log10(low)),
                       math.ceil(math.log10(high)) + 1):
        yield from (m * 10.0 ** power for m in (1, 2, 5)
                    if low <= m * 10.0 ** power <= high)


def scale(values, near, far):
    """The axis's ends, and a function to pixels."""
    low, high = min(values) / 1.3, max(values) * 1.3
    span = math.log(high / low)
    return low, high, lambda v: near + (far - near) * math.log(v / low) / span


def text(x, y, words, anchor="middle", more=""):
    words = xml.sax.saxutils.escape(words)
    return (f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
            f'{more}>{words}</text>')


def write(path, y_name, x_name, series):
    """series: (name, [(label, x, y), ...])."""
    points = [p for _, those in series for p in those]
    x_low, x_high, at_x = scale([p[1] for p in points], EDGE, WIDTH - 20)
    y_low, y_high, at_y = scale([p[2] for p in points], HEIGHT - EDGE, 20)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" '
           f'height="{HEIGHT}" font-family="sans-serif" font-size="12">',
           '<rect width="100%" height="100%" fill="white"/>']
    for v in ticks(x_low, x_high):
        out += [f'<path d="M{at_x(v):.1f} 20V{HEIGHT - EDGE}" stroke="#ddd"/>',
                text(at_x(v), HEIGHT - EDGE + 16, f"{v:g}")]
    for v in ticks(y_low, y_high):
        out += [f'<path d="M{EDGE} {at_y(v):.1f}H{WIDTH - 20}" '
                'stroke="#ddd"/>',
                text(EDGE - 6, at_y(v) + 4, f"{v:g}", "end")]
    for (name, those), colour in zip(series, COLOURS):
        line = " ".join(f"{at_x(x):.1f},{at_y(y):.1f}" for _, x, y in those)
        out.append(f'<polyline points="{line}" fill="none" '
                   f'stroke="{colour}"/>')
        for label, x, y in those:
            out += [f'<circle cx="{at_x(x):.1f}" cy="{at_y(y):.1f}" r="4" '
                    f'fill="{colour}"/>',
                    text(at_x(x) + 7, at_y(y) - 5, label, "start")]
        out.append(text(WIDTH - 30, 40 + 16 * COLOURS.index(colour), name,
                        "end", f' fill="{colour}"'))
    out += [text(WIDTH / 2, HEIGHT - 20, x_name),
            text(16, HEIGHT / 2, y_name, "middle",
                 f' transform="rotate(-90 16 {HEIGHT // 2})"'), "</svg>"]
    path.write_text("\n".join(out) + "\n")
