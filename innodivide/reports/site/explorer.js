/** The specification explorer: menus, the result in words, the curve, the exact parameters, the address of the view. */
function explore(grid) {
  const specifications = specificationsOf(grid);
  const { cells, dimensions, indexOf, choiceOf, scaleOf, familyOf, comparable, minus, shown, unit, pValue, upper, interval, why, rankWords } = specifications;
  const curve = curveOn($("curve"), specifications, grid.registered);
  const whole = (n) => n.toLocaleString("en");
  let now = choiceOf(grid.registered ?? specifications.every[0]);

  // ---- what is said of a choice ----

  const per = (choice) => familyOf(choice) === "index" ? " for each unit of the index’s logarithm" : "";

  function tell(choice, index) {
    const scale = scaleOf(choice), question = grid.questions[familyOf(choice)].toLowerCase();
    if (cells.estimate[index] === null) {
      return [make("strong", {}, "Not run. "), `This combination has no estimate: ${why(index)}. Change one of the choices to go on.`];
    }
    const same = `the ${scale.replace("difference", "differences").replace(/ratio$/, "ratios")} of the ${question}`;
    return [
      make("strong", {}, `${upper(scale)} ${shown(cells.estimate[index], scale)}${unit(scale)}${per(choice)}`),
      ` (95% interval ${interval(index, scale)}), ${pValue(cells.p_value[index])}, n = ${whole(cells.n_dyads[index])} pairs of country and IPCEI. `,
      `It is larger than ${rankWords(index, comparable(choice), same)}; its t of ${minus(cells.t[index].toFixed(2))} is larger than ${rankWords(index, comparable(choice, "t"), "all t values")}.`,
      index === grid.registered ? " This is the registered analysis; its test permutes whole countries, and the p-value of that test stands in the answer above." : "",
    ];
  }

  function parameters(choice, index) {
    const entries = dimensions.map((d, k) => {
      const level = d.levels[choice[k]];
      return [d.label, `${level.meaning || level.label} `, make("code", {}, `${d.name} = ${level.id}`)];
    });
    if (cells.estimate[index] !== null) {
      const scale = scaleOf(choice), count = (name) => whole(cells[name][index]);
      entries.push(
        [upper(scale), `${shown(cells.estimate[index], scale)}${unit(scale)}, 95% interval ${interval(index, scale)}`],
        ["t, p-value", `${minus(String(cells.t[index]))}, ${cells.p_value[index]}`],
        ["Used", `${count("n_dyads")} pairs of ${count("n_countries")} countries and ${count("n_ipceis")} IPCEIs; ${count("n_events")} participations`],
        [familyOf(choice) === "index" ? "Countries with an index" : "Countries ever with the label", count("n_treated")],
        ["Left out", grid.dropped[cells.dropped[index]] || "none"],
      );
    }
    return entries.flatMap(([term, ...texts]) => [make("dt", {}, term), make("dd", {}, ...texts)]);
  }

  /** One row for each specification that differs in one choice. */
  function neighbours(choice) {
    return dimensions.flatMap((d, k) => d.levels.flatMap((level, l) => l === choice[k] ? [] : [neighbour(choice.with(k, l), k, `${d.label}: ${level.label}`)]));
  }

  function neighbour(other, changed, name) {
    const index = indexOf(other), scale = scaleOf(other), head = make("th", { scope: "row" }, name);
    if (cells.estimate[index] === null) return make("tr", {}, head, make("td", { colspan: 4 }, `not run: ${why(index)}`));
    const button = make("button", { type: "button" }, "Show", make("span", { class: "unseen" }, ` ${name}`));
    button.addEventListener("click", () => {
      set(other);
      selects[changed].focus(); // the row of the button is gone
    });
    const texts = [`${scale} ${shown(cells.estimate[index], scale)}${unit(scale)}${per(other)}`, interval(index, scale), pValue(cells.p_value[index]).replace(/^p\s(=\s)?/, "")];
    return make("tr", {}, head, ...texts.map((text) => make("td", { class: "right" }, text)), make("td", {}, button));
  }

  // ---- menus and address ----

  const compare = make("select", { id: "compare" }, make("option", { value: "scale" }, "same question and scale"), make("option", { value: "t" }, "all, by their t value"));
  const selects = dimensions.map((d) => make("select", { id: `choice-${d.name}` }, ...options(d)));

  function options(d) {
    const all = d.levels.map((level, l) => make("option", { value: l }, level.label));
    if (d.name !== "status") return all;
    return Object.entries(grid.questions).map(([family, question]) =>
      make("optgroup", { label: question }, ...all.filter((_, l) => grid.families[d.levels[l].id] === family)));
  }

  function address() {
    const parts = dimensions.map((d, k) => [d.name, d.levels[now[k]].id]);
    return `#${new URLSearchParams(compare.value === "t" ? [...parts, ["compare", "t"]] : parts)}`;
  }

  /** Take the view from the address. Return what it names that is not there; null if it names no view. */
  function restore() {
    const wanted = new URLSearchParams(location.hash.slice(1)), unknown = [];
    if (!dimensions.some((d) => wanted.has(d.name))) return null;
    dimensions.forEach((d, k) => {
      const level = d.levels.findIndex((one) => one.id === wanted.get(d.name));
      if (level >= 0) now[k] = level;
      else unknown.push(`${d.name} = ${wanted.get(d.name) ?? "(not given)"}`);
    });
    compare.value = wanted.get("compare") === "t" ? "t" : "scale";
    return unknown;
  }

  /** Say in each menu which levels were not run with the other choices; choosing one switches another choice too, and says so. */
  function showMenus() {
    selects.forEach((select, k) => {
      select.value = now[k];
      for (const option of select.options) {
        const level = Number(option.value), run = cells.estimate[indexOf(now.with(k, level))] !== null;
        option.textContent = dimensions[k].levels[level].label + (run ? "" : " (switches another choice)");
      }
    });
  }

  function showCurve() {
    const { order, rank, withRegistered } = curve.show(now, indexOf(now), compare.value);
    $("curve-notes").textContent = (compare.value === "t" ? "All specifications, on the one scale that they share." : "One question on one scale; grey: 95% intervals, cut at the edge of the drawing.")
      + (withRegistered ? " The diamond is the registered analysis." : " The registered analysis is not among them.")
      + " Dashed: no difference. A click on the curve chooses the nearest specification.";
    $("lower").disabled = rank <= 0;
    $("higher").disabled = rank < 0 || rank === order.length - 1;
  }

  function show(unknown = [], told = []) {
    const index = indexOf(now), lost = unknown.length ? [`The link names what is not in this grid: ${unknown.join("; ")}. Those choices stay as they were. `] : [];
    showMenus();
    $("result").replaceChildren(...lost, ...told, ...tell(now, index));
    $("parameters").replaceChildren(...parameters(now, index));
    $("neighbours").tBodies[0].replaceChildren(...neighbours(now));
    $("link").value = location.href.split("#")[0] + address();
    $("copied").textContent = "";
    showCurve();
  }

  function set(choice, told = []) {
    now = choice;
    history.replaceState(null, "", address());
    show([], told);
  }

  /** The choice with level l of dimension k; where that was not run, with the first other choice that makes it one that was. */
  function choose(k, l) {
    const wanted = now.with(k, l), run = (choice) => cells.estimate[indexOf(choice)] !== null;
    if (run(wanted)) return set(wanted);
    for (const [other, d] of dimensions.entries()) {
      const level = other === k ? -1 : d.levels.findIndex((_, m) => run(wanted.with(other, m)));
      if (level < 0) continue;
      const label = dimensions[k].levels[l].label;
      return set(wanted.with(other, level), [`${d.label} was switched to “${d.levels[level].label}”, as “${label}” is not run otherwise: ${why(indexOf(wanted))}. `]);
    }
    return set(wanted);
  }

  function step(by) {
    const { order } = comparable(now, compare.value);
    set(choiceOf(order[order.indexOf(indexOf(now)) + by]));
  }

  function follow() {
    const unknown = restore();
    if (!unknown) return;
    show(unknown);
    $("explorer").scrollIntoView();
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
    selects[k].addEventListener("change", () => choose(k, Number(selects[k].value)));
  });
  $("choices").append(make("div", {}, make("label", { for: "compare" }, "Compare with"), compare));
  compare.addEventListener("change", () => set(now));
  $("lower").addEventListener("click", () => step(-1));
  $("higher").addEventListener("click", () => step(1));
  $("registered").addEventListener("click", () => set(choiceOf(grid.registered)));
  $("copy").addEventListener("click", copyLink);
  $("curve").addEventListener("click", (event) => set(choiceOf(curve.nearest(event.clientX))));
  addEventListener("hashchange", follow);
  show();
  follow();
  new ResizeObserver(showCurve).observe($("curve").parentElement);
}

if (grid) explore(grid);
