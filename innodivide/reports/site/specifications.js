/** The grid of specifications: cells by their choices, which cells compare, and numbers in words. */
function specificationsOf(grid) {
  const { dimensions, cells, reasons } = grid;
  const sizes = dimensions.map((d) => d.levels.length);
  const indexOf = (choice) => choice.reduce((index, level, d) => index * sizes[d] + level, 0);
  function choiceOf(index) {
    const choice = [];
    for (let d = sizes.length - 1; d >= 0; d--) {
      choice[d] = index % sizes[d];
      index = Math.floor(index / sizes[d]);
    }
    return choice;
  }
  const levelOf = (choice, name) => {
    const d = dimensions.findIndex((dimension) => dimension.name === name);
    return dimensions[d].levels[choice[d]].id;
  };
  const scaleOf = (choice) => grid.scales[levelOf(choice, "estimator")];
  const familyOf = (choice) => grid.families[levelOf(choice, "status")];
  const isRatio = (scale) => scale !== "difference in probability";
  const every = cells.estimate.flatMap((estimate, index) => (estimate === null ? [] : [index]));

  /** The cells that a cell may be compared with, by rising value: one question on one scale, or all by t. */
  const known = new Map();
  function comparable(choice, by) {
    const key = by === "t" ? "t" : `${familyOf(choice)} ${scaleOf(choice)}`;
    if (!known.has(key)) {
      const values = by === "t" ? cells.t : cells.estimate;
      const chosen = by === "t" ? every : every.filter((index) => {
        const other = choiceOf(index);
        return familyOf(other) === familyOf(choice) && scaleOf(other) === scaleOf(choice);
      });
      known.set(key, { key, values, order: [...chosen].sort((a, b) => values[a] - values[b] || a - b) });
    }
    return known.get(key);
  }

  // ---- numbers in words ----

  const minus = (text) => text.replace(/^-(?=[0.]*$)/, "").replace("-", "−"); // a rounded zero has no sign
  const ratio = (v) => v >= 100 ? Number(v.toPrecision(3)).toLocaleString("en") : v >= 10 ? v.toFixed(1) : v >= 0.01 ? v.toFixed(2) : v.toPrecision(1);
  const shown = (v, scale) => isRatio(scale) ? ratio(v) : minus((100 * v).toFixed(1));
  const unit = (scale) => isRatio(scale) ? "" : " percentage points";
  const pValue = (p) => p < 0.001 ? "p\u00a0<\u00a00.001" : `p\u00a0=\u00a0${p.toFixed(p < 0.1 ? 3 : 2)}`;
  const upper = (text) => text[0].toUpperCase() + text.slice(1);
  const interval = (i, scale) => `${shown(cells.ci_low[i], scale)} to ${shown(cells.ci_high[i], scale)}`;
  const percent = (part, all) => `${(100 * part / all).toFixed(0)}%`;
  const why = (index) => reasons[cells.why[index]];

  function rankWords(index, set, what) {
    const smaller = set.order.filter((other) => set.values[other] < set.values[index]).length;
    return `${percent(smaller, set.order.length)} of ${what} (${smaller.toLocaleString("en")} of ${set.order.length.toLocaleString("en")})`;
  }

  return { cells, dimensions, indexOf, choiceOf, scaleOf, familyOf, isRatio, every, comparable, minus, shown, unit, pValue, upper, interval, why, rankWords };
}
