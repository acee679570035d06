/** The specification curve: estimates in rising order with their intervals, the registered and the chosen one marked. */
function curveOn(svg, specifications, registered) {
  const { cells, comparable, scaleOf, isRatio, minus, shown, upper } = specifications;
  const LEFT = 52, RIGHT = 14, TOP = 18, BOTTOM = 28;
  let drawn = {}; // what the drawing shows now, so that another choice only moves the mark

  /** Round values between two ends: decades and their parts on a logarithmic axis, else even steps. */
  function ticksOf(low, high, log) {
    if (log) {
      const decades = Math.log10(high / low), steps = decades > 4 ? [1] : decades > 2.2 ? [1, 3] : [1, 2, 5];
      const powers = Array.from({ length: 13 }, (_, k) => 10 ** (k - 6));
      return powers.flatMap((power) => steps.map((step) => step * power)).filter((v) => v >= low && v <= high);
    }
    const rough = (high - low) / 6, power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].find((s) => s * power >= rough) * power, first = Math.ceil(low / step);
    return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, k) => Number(((first + k) * step).toPrecision(6)));
  }

  /** The vertical axis: room around the estimates; intervals that run beyond are cut at its ends. */
  function axis(ends, log, byT, bottom) {
    const room = byT ? 0.3 : (ends[1] - ends[0]) * 0.6;
    const [low, high] = log ? [ends[0] / 3.5, ends[1] * 3.5] : [ends[0] - room, ends[1] + room];
    const inner = (v) => Math.min(Math.max(v, low), high);
    const share = log ? (v) => Math.log(inner(v) / low) / Math.log(high / low) : (v) => (inner(v) - low) / (high - low);
    return { y: (v) => bottom - share(v) * (bottom - TOP), ticks: ticksOf(low, high, log) };
  }

  function draw(set, scale, byT, width, height) {
    const log = !byT && isRatio(scale), n = set.order.length;
    const { y, ticks } = axis([set.values[set.order[0]], set.values[set.order.at(-1)]], log, byT, height - BOTTOM);
    const x = (rank) => LEFT + (rank + 0.5) / n * (width - LEFT - RIGHT);
    const path = (name, piece) => make("path", { class: name, d: set.order.map(piece).join("") });
    const at = (number) => number.toFixed(1);
    const across = (name, v) => make("line", { class: name, x1: LEFT, x2: width - RIGHT, y1: y(v), y2: y(v) });
    const tickText = (v) => log ? String(Number(v.toPrecision(3))) : minus(String(byT ? v : Number((100 * v).toPrecision(3))));
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    svg.replaceChildren(
      ...ticks.flatMap((v) => [across("grid", v), make("text", { x: LEFT - 6, y: y(v) + 4, "text-anchor": "end" }, tickText(v))]),
      byT ? "" : path("intervals", (i, rank) => `M${at(x(rank))} ${at(y(cells.ci_low[i]))}V${at(y(cells.ci_high[i]))}`),
      across("none", log ? 1 : 0),
      path("estimates", (i, rank) => `M${at(x(rank))} ${at(y(set.values[i]))}h0`),
      make("text", { x: LEFT, y: 11 }, byT ? "t" : log ? `${upper(scale)}, log scale` : `${upper(scale)}, percentage points`),
      make("text", { x: width < 400 ? 6 : LEFT, y: height - 8 }, `${n.toLocaleString("en")} specifications, from lowest to highest`),
      mark("registered"), mark("chosen"),
    );
    drawn = { set, byT, width, height, x, y };
  }

  function mark(kind) {
    const shape = kind === "registered" ? make("path", { d: "M0 -7L7 0L0 7L-7 0Z" }) : make("circle", { r: 6 });
    return make("g", { class: kind }, make("line", { x1: 0, x2: 0 }), shape, make("text"));
  }

  /** Move a mark to a cell; return its rank from 0, or -1 and hide the mark if the cell is not in the drawing. */
  function place(kind, index, words, interval) {
    const { set, x, y, width } = drawn, rank = set.order.indexOf(index), group = svg.querySelector(`.${kind}`);
    group.setAttribute("visibility", rank < 0 ? "hidden" : "visible");
    if (rank < 0) return rank;
    const up = y(set.values[index]), [line, , text] = group.children, nearEnd = x(rank) > width - 130;
    group.style.transform = `translate(${x(rank)}px, ${up}px)`;
    line.setAttribute("y1", interval ? y(cells.ci_low[index]) - up : 0);
    line.setAttribute("y2", interval ? y(cells.ci_high[index]) - up : 0);
    text.setAttribute("text-anchor", nearEnd ? "end" : "start");
    text.setAttribute("x", nearEnd ? -12 : 12);
    text.setAttribute("y", kind === "chosen" ? -10 : 22);
    text.textContent = words;
    return rank;
  }

  /** Show a choice among those it may be compared with; return them, its rank, and what the drawing shows in words. */
  function show(choice, index, by) {
    const { width, height } = svg.getBoundingClientRect(), set = comparable(choice, by), byT = by === "t", scale = scaleOf(choice);
    if (drawn.set !== set || drawn.width !== width || drawn.height !== height) draw(set, scale, byT, width, height);
    const value = (i) => byT ? minus(set.values[i].toFixed(2)) : shown(set.values[i], scale);
    const rankOfRegistered = place("registered", registered, index === registered ? "" : "registered", false);
    const rank = place("chosen", index, cells.estimate[index] === null ? "" : value(index) + (index === registered ? ", registered" : ""), !byT);
    const number = (r) => (r + 1).toLocaleString("en");
    svg.setAttribute("aria-label", [
      `${set.order.length.toLocaleString("en")} ${byT ? "t values" : `estimates (${scale})`} in rising order, from ${value(set.order[0])} to ${value(set.order.at(-1))}.`,
      rank < 0 ? "The chosen combination was not run." : `The chosen one, ${value(index)}, is number ${number(rank)}.`,
      rankOfRegistered < 0 ? "" : `The registered one, ${value(registered)}, is number ${number(rankOfRegistered)}.`,
    ].join(" "));
    return { order: set.order, rank, withRegistered: rankOfRegistered >= 0 };
  }

  /** The cell drawn nearest to a place across the page. */
  function nearest(clientX) {
    const { left, width } = svg.getBoundingClientRect(), { order } = drawn.set;
    const rank = Math.floor((clientX - left - LEFT) / (width - LEFT - RIGHT) * order.length);
    return order[Math.min(Math.max(rank, 0), order.length - 1)];
  }

  return { show, nearest };
}
