
"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const { countries, grid } = JSON.parse($("data").textContent);
  const whole = (n) => n.toLocaleString("en");

  /** Return an element with attributes and children; text is always set as text, never as markup. */
  function make(tag, attributes = {}, ...children) {
    const svg = ["path", "line", "text", "g", "circle"].includes(tag);
    const element = svg ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  }

  // ---- countries: picker, sorting, filters ----

  function pickCountry() {
    const { name, links, command } = countries[$("country").value] ?? {};
    const places = (links ?? []).map(([label, address]) =>
      make("a", { href: address }, label, make("span", { class: "unseen" }, `, ${name}`)));
    if (!name) $("country-links").replaceChildren();
    else if (places.length) $("country-links").replaceChildren(`${name}: `, ...places.flatMap((a) => [a, " "]));
    else $("country-links").replaceChildren(`The annex of ${name} has not been made yet. `, make("code", {}, command), " writes it.");
  }

  function sortTable(table, column, kind, ascending) {
    const body = table.tBodies[0];
    const valueOf = (row) => row.cells[column].dataset.value ?? "";
    const inOrder = [...body.rows].sort((a, b) => {
      const [x, y] = [valueOf(a), valueOf(b)];
      if ((x === "") !== (y === "")) return x === "" ? 1 : -1; // unknown comes last either way
      const order = kind === "number" ? Number(x) - Number(y) : x.localeCompare(y, "en");
      return (ascending ? order : -order) || a.cells[0].dataset.value.localeCompare(b.cells[0].dataset.value, "en");
    });
    body.append(...inOrder);
  }

  function makeSortable(table) {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      const kind = head.dataset.sort;
      if (!kind) return;
      const button = make("button", { type: "button" }, ...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const now = head.getAttribute("aria-sort");
        const largestFirst = kind === "number" && head.classList.contains("right");
        const ascending = now ? now !== "ascending" : !largestFirst;
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", ascending ? "ascending" : "descending");
        sortTable(table, column, kind, ascending);
      });
    });
  }

  const folded = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

  function filterCountries() {
    const rows = [...$("country-table").tBodies[0].rows];
    const [wanted, group] = [folded($("find").value.trim()), $("group").value];
    for (const row of rows) {
      const found = folded(row.cells[0].textContent).includes(wanted);
      row.hidden = !(found && (!group || row.dataset.group === group));
    }
    $("count").textContent = `${rows.filter((row) => !row.hidden).length} of ${rows.length} countries`;
  }

  document.querySelectorAll("[data-script]").forEach((element) => { element.hidden = false; });
  $("country").addEventListener("change", pickCountry);
  makeSortable($("country-table"));
  $("find").addEventListener("input", filterCountries);
  $("group").addEventListener("change", filterCountries);
  pickCountry(); // a browser may restore the choices of a page that is opened again
  filterCountries();
  if (!grid) return;

  // ---- the grid of specifications ----

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

  const minus = (text) => text.replace("-", "−");
  const ratio = (v) => v >= 100 ? Number(v.toPrecision(3)).toLocaleString("en") : v >= 10 ? v.toFixed(1) : v >= 0.01 ? v.toFixed(2) : v.toPrecision(1);
  const shown = (v, scale) => isRatio(scale) ? ratio(v) : minus((100 * v).toFixed(1));
  const unit = (scale) => isRatio(scale) ? "" : " percentage points";
  const pValue = (p) => p < 0.001 ? "p < 0.001" : `p = ${p.toFixed(p < 0.1 ? 3 : 2)}`;
  const upper = (text) => text[0].toUpperCase() + text.slice(1);
  const interval = (i, scale) => `${shown(cells.ci_low[i], scale)} to ${shown(cells.ci_high[i], scale)}`;
  const percent = (part, all) => `${(100 * part / all).toFixed(0)}%`;
  const why = (index) => reasons[cells.why[index]];

  function rankWords(index, set, what) {
    const smaller = set.order.filter((other) => set.values[other] < set.values[index]).length;
    return `${percent(smaller, set.order.length)} of ${what} (${whole(smaller)} of ${whole(set.order.length)})`;
  }

  function tell(choice, index) {
    const [scale, family] = [scaleOf(choice), grid.questions[familyOf(choice)].toLowerCase()];
    if (cells.estimate[index] === null) {
      return [make("strong", {}, "Not run. "), `This combination has no estimate: ${why(index)}.`];
    }
    const same = `the ${scale.replace("difference", "differences").replace(/ratio$/, "ratios")} of the ${family}`;
    const per = family.includes("index") ? " for each unit of the index’s logarithm" : "";
    return [
      make("strong", {}, `${upper(scale)} ${shown(cells.estimate[index], scale)}${unit(scale)}${per}`),
      ` (95% interval ${interval(index, scale)}), ${pValue(cells.p_value[index])}, ${whole(cells.n_dyads[index])} pairs of country and IPCEI. `,
      `It is larger than ${rankWords(index, comparable(choice), same)}; its t of ${minus(cells.t[index].toFixed(2))} is larger than ${rankWords(index, comparable(choice, "t"), "all t values")}.`,
      index === grid.registered ? " This is the registered analysis; its test permutes whole countries, and the p-value of that test stands in the answer above." : "",
    ];
  }

  function parameters(choice, index) {
    const entries = dimensions.map((d, k) => {
      const level = d.levels[choice[k]];
      return [d.label, `${level.label}${level.meaning && level.meaning !== level.label ? `: ${level.meaning}` : ""} `, make("code", {}, `${d.name} = ${level.id}`)];
    });
    if (cells.estimate[index] !== null) {
      const count = (name) => whole(cells[name][index]);
      entries.push(
        ["Scale", scaleOf(choice)],
        ["t, p-value", `${minus(String(cells.t[index]))}, ${cells.p_value[index]}`],
        ["Used", `${count("n_dyads")} pairs of ${count("n_countries")} countries and ${count("n_ipceis")} IPCEIs; ${count("n_events")} participations`],
        [familyOf(choice) === "index" ? "Countries with an index" : "Countries ever with the label", count("n_treated")],
        ["Left out", grid.dropped[cells.dropped[index]] || "none"],
      );
    }
    return entries.flatMap(([term, ...texts]) => [make("dt", {}, term), make("dd", {}, ...texts)]);
  }

  function neighbours(choice) {
    return dimensions.flatMap((d, k) => d.levels.flatMap((level, l) => {
      if (l === choice[k]) return [];
      const other = choice.with(k, l);
      const [index, scale] = [indexOf(other), scaleOf(other)];
      const name = make("th", { scope: "row" }, `${d.label}: ${level.label}`);
      if (cells.estimate[index] === null) return [make("tr", {}, name, make("td", { colspan: 4 }, `not run: ${why(index)}`))];
      const button = make("button", { type: "button" }, "Show", make("span", { class: "unseen" }, ` ${d.label}: ${level.label}`));
      button.addEventListener("click", () => { set(other); $("result").scrollIntoView({ block: "nearest" }); selects[k].focus(); });
      const right = (text) => make("td", { class: "right" }, text);
      return [make("tr", {}, name, right(`${scale} ${shown(cells.estimate[index], scale)}`), right(interval(index, scale)), right(pValue(cells.p_value[index]).slice(2).replace("= ", "")), make("td", {}, button))];
    }));
  }

  // ---- the curve ----

  let drawn = {}; // what the curve shows now: set, width, height, places

  function ticksOf(low, high, log) {
    if (log) {
      const steps = Math.log10(high / low) > 4 ? [1] : Math.log10(high / low) > 2.2 ? [1, 3] : [1, 2, 5];
      const powers = Array.from({ length: 13 }, (_, k) => 10 ** (k - 6));
      return powers.flatMap((power) => steps.map((step) => step * power)).filter((v) => v >= low && v <= high);
    }
    const rough = (high - low) / 6, power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].find((s) => s * power >= rough) * power;
    const first = Math.ceil(low / step);
    return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, k) => Number(((first + k) * step).toPrecision(6)));
  }

  function drawCurve(choice, by) {
    const [set, scale, svg] = [comparable(choice, by), scaleOf(choice), $("curve")];
    const { width, height } = svg.getBoundingClientRect();
    const [log, left, bottom] = [by !== "t" && isRatio(scale), 52, height - 28];
    const ends = [set.values[set.order[0]], set.values[set.order.at(-1)]];
    const room = by === "t" ? 0.3 : (ends[1] - ends[0]) * 0.6;
    const [low, high] = log ? [ends[0] / 3.5, ends[1] * 3.5] : [ends[0] - room, ends[1] + room];
    const inner = (v) => Math.min(Math.max(v, low), high);
    const share = log ? (v) => Math.log(inner(v) / low) / Math.log(high / low) : (v) => (inner(v) - low) / (high - low);
    const y = (v) => bottom - share(v) * (bottom - 12);
    const x = (rank) => left + (rank + 0.5) / set.order.length * (width - left - 14);
    const at = (n) => n.toFixed(1);
    const bars = by === "t" ? "" : set.order.map((i, rank) => `M${at(x(rank))} ${at(y(cells.ci_low[i]))}V${at(y(cells.ci_high[i]))}`).join("");
    const dots = set.order.map((i, rank) => `M${at(x(rank))} ${at(y(set.values[i]))}h0`).join("");
    const name = by === "t" ? "t" : isRatio(scale) ? `${scale}, log scale` : `${scale}, percentage points`;
    const ticks = ticksOf(low, high, log).flatMap((v) => [
      make("line", { class: "grid", x1: left, x2: width - 14, y1: y(v), y2: y(v) }),
      make("text", { x: left - 6, y: y(v) + 4, "text-anchor": "end" }, by === "t" || !log ? minus(String(by === "t" ? v : Math.round(1000 * v) / 10)) : String(Number(v.toPrecision(3)))),
    ]);
    const zero = log ? 1 : 0;
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    svg.replaceChildren(
      ...ticks,
      make("path", { class: "intervals", d: bars }),
      make("line", { class: "none", x1: left, x2: width - 14, y1: y(zero), y2: y(zero) }),
      make("path", { class: "estimates", d: dots }),
      make("text", { x: left, y: 10 }, upper(name)),
      make("text", { x: left, y: height - 8 }, `${whole(set.order.length)} specifications, from lowest to highest`),
      mark("registered"), mark("chosen"),
    );
    drawn = { key: set.key, width, height, set, x, y, by, scale, left };
  }

  function mark(kind) {
    const shape = kind === "registered" ? make("path", { d: "M0 -7L7 0L0 7L-7 0Z" }) : make("circle", { r: 6 });
    return make("g", { class: kind }, make("line", { x1: 0, x2: 0 }), shape, make("text"));
  }

  function place(kind, index, words) {
    const group = $("curve").querySelector(`.${kind}`), { set, x, y, by, width } = drawn;
    const rank = set.order.indexOf(index);
    group.setAttribute("visibility", rank < 0 ? "hidden" : "visible");
    if (rank < 0) return rank;
    const [across, up] = [x(rank), y(set.values[index])];
    group.style.transform = `translate(${across}px, ${up}px)`;
    const [line, , text] = group.children;
    line.setAttribute("y1", by === "t" || kind === "registered" ? 0 : y(cells.ci_low[index]) - up);
    line.setAttribute("y2", by === "t" || kind === "registered" ? 0 : y(cells.ci_high[index]) - up);
    const end = across > width * 0.6;
    text.setAttribute("text-anchor", end ? "end" : "start");
    text.setAttribute("x", end ? -12 : 12);
    text.setAttribute("y", kind === "chosen" ? -10 : 22);
    text.textContent = words;
    return rank;
  }

  function showCurve(choice, index, by) {
    const { width, height } = $("curve").getBoundingClientRect();
    const set = comparable(choice, by);
    if (drawn.key !== set.key || drawn.width !== width || drawn.height !== height) drawCurve(choice, by);
    const value = (i) => by === "t" ? minus(set.values[i].toFixed(2)) : shown(set.values[i], scaleOf(choice));
    const present = cells.estimate[index] !== null;
    const registered = place("registered", grid.registered, index === grid.registered ? "" : "registered");
    const rank = place("chosen", index, present ? value(index) : "");
    $("curve").setAttribute("aria-label",
      `${whole(set.order.length)} ${by === "t" ? "t values" : `estimates (${scaleOf(choice)})`} in rising order, from ${value(set.order[0])} to ${value(set.order.at(-1))}. `
      + (rank < 0 ? "The chosen combination was not run. " : `The chosen one, ${value(index)}, is number ${whole(rank + 1)}. `)
      + (registered < 0 ? "" : `The registered one, ${value(grid.registered)}, is number ${whole(registered + 1)}.`));
    $("curve-notes").textContent = (by === "t" ? "All specifications, on the one scale that they share." : "One question on one scale; grey: 95% intervals, cut at the edge of the drawing.")
      + (registered < 0 ? " The registered analysis is not among them." : " The diamond is the registered analysis.") + " Dashed: no difference. A click on the curve chooses the nearest specification.";
    $("lower").disabled = rank <= 0;
    $("higher").disabled = rank < 0 || rank === set.order.length - 1;
  }

  // ---- state: menus, address, buttons ----

  let now = choiceOf(grid.registered ?? every[0]);
  const compare = make("select", { id: "compare" }, make("option", { value: "scale" }, "same question, same scale"), make("option", { value: "t" }, "all, by t value"));
  const selects = dimensions.map((d) => make("select", { id: `choice-${d.name}` }, ...levelOptions(d)));

  function levelOptions(d) {
    const options = d.levels.map((level, l) => make("option", { value: l }, level.label));
    if (d.name !== "status") return options;
    return Object.entries(grid.questions).map(([family, question]) =>
      make("optgroup", { label: question }, ...options.filter((_, l) => grid.families[d.levels[l].id] === family)));
  }

  function address() {
    const parts = dimensions.map((d, k) => [d.name, d.levels[now[k]].id]);
    if (compare.value === "t") parts.push(["compare", "t"]);
    return `#${new URLSearchParams(parts)}`;
  }

  /** Take the view from the address; return what it names that is not there. */
  function restore() {
    const wanted = new URLSearchParams(location.hash.slice(1)), unknown = [];
    if (!dimensions.some((d) => wanted.has(d.name))) return null; // the name of a section, or nothing
    dimensions.forEach((d, k) => {
      const level = d.levels.findIndex((one) => one.id === wanted.get(d.name));
      if (level >= 0) now[k] = level;
      else unknown.push(`${d.name} = ${wanted.get(d.name) ?? "(not given)"}`);
    });
    compare.value = wanted.get("compare") === "t" ? "t" : "scale";
    return unknown;
  }

  function show(unknown = []) {
    const index = indexOf(now), by = compare.value;
    selects.forEach((select, k) => {
      select.value = now[k];
      for (const option of select.options) {
        const level = Number(option.value), there = cells.estimate[indexOf(now.with(k, level))] !== null;
        option.textContent = dimensions[k].levels[level].label + (there ? "" : " (not run)");
      }
    });
    const lost = unknown.length ? [`The link names what is not in this grid: ${unknown.join("; ")}. These choices stay as they were. `] : [];
    $("result").replaceChildren(...lost, ...tell(now, index));
    $("parameters").replaceChildren(...parameters(now, index));
    $("neighbours").tBodies[0].replaceChildren(...neighbours(now));
    $("link").value = location.href.split("#")[0] + address();
    $("copied").textContent = "";
    showCurve(now, index, by);
  }

  function set(choice) {
    now = choice;
    history.replaceState(null, "", address());
    show();
  }

  function step(by) {
    const { order } = comparable(now, compare.value);
    set(choiceOf(order[order.indexOf(indexOf(now)) + by]));
  }

  async function copyLink() {
    try {
      await navigator.clipboard.writeText($("link").value);
      $("copied").textContent = "Link copied.";
    } catch { // not every browser lets a page that is a file write to the clipboard
      $("link").select();
      $("copied").textContent = document.execCommand("copy") ? "Link copied." : "The link is selected: copy it with Ctrl+C.";
    }
  }

  dimensions.forEach((d, k) => {
    $("choices").append(make("div", {}, make("label", { for: `choice-${d.name}` }, d.label), selects[k]));
    selects[k].addEventListener("change", () => set(now.with(k, Number(selects[k].value))));
  });
  $("choices").append(make("div", {}, make("label", { for: "compare" }, "Compare with"), compare));
  $("choices").addEventListener("submit", (event) => event.preventDefault());
  compare.addEventListener("change", () => set(now));
  $("lower").addEventListener("click", () => step(-1));
  $("higher").addEventListener("click", () => step(1));
  $("registered").addEventListener("click", () => set(choiceOf(grid.registered)));
  $("copy").addEventListener("click", copyLink);
  $("curve").addEventListener("click", (event) => {
    const { left, width } = $("curve").getBoundingClientRect(), { order } = drawn.set;
    const share = (event.clientX - left - drawn.left) / (width - drawn.left - 14);
    set(choiceOf(order[Math.min(Math.max(Math.floor(share * order.length), 0), order.length - 1)]));
  });
  function follow() {
    const unknown = restore();
    if (unknown) {
      show(unknown);
      $("explorer").scrollIntoView();
    }
    return unknown;
  }
  addEventListener("hashchange", follow);
  new ResizeObserver(() => showCurve(now, indexOf(now), compare.value)).observe($("curve").parentElement);
  follow() ?? show();
})();
