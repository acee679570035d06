"use strict";
const $ = (id) => document.getElementById(id);
const { countries, figures, grid } = JSON.parse($("data").textContent);

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
    make("a", { href: address }, label, make("span", { class: "unseen" }, ` ${name}`)));
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
    const found = folded(`${row.cells[0].textContent} ${row.dataset.names}`).includes(wanted);
    row.hidden = !(found && (!group || row.dataset.group === group));
    document.querySelector(`.tile[data-geo="${row.dataset.geo}"]`).classList.toggle("aside", row.hidden);
  }
  $("count").textContent = `${rows.filter((row) => !row.hidden).length} of ${rows.length} countries`;
}

// ---- comparison of two to four countries ----

/** One row for each figure: the countries side by side, each with a bar on the scale of all countries. */
function compareCountries() {
  const chosen = [...new Set(compared.map((select) => select.value).filter(Boolean))];
  $("compared").parentElement.hidden = chosen.length < 2;
  $("compare-hint").hidden = chosen.length >= 2;
  const head = make("tr", {}, make("td"), ...chosen.map((geo) => make("th", { scope: "col" }, countries[geo].name)));
  const rows = figures.map((name, k) => {
    const largest = Math.max(...Object.values(countries).map((one) => Number(one.cells[k][0]) || 0));
    const cells = chosen.map((geo) => {
      const [value, text] = countries[geo].cells[k];
      const bar = value === "" ? [] : [make("meter", { min: 0, max: largest, value, "aria-hidden": "true" })];
      return make("td", {}, text, ...bar);
    });
    return make("tr", {}, make("th", { scope: "row" }, name), ...cells);
  });
  const groups = make("tr", {}, make("th", { scope: "row" }, "Innovation group"), ...chosen.map((geo) => make("td", {}, countries[geo].group)));
  $("compared").tHead.replaceChildren(head);
  $("compared").tBodies[0].replaceChildren(groups, ...rows);
}

const compared = [1, 2, 3, 4].map((n) => $(`compare-${n}`));
compared.forEach((select) => select.addEventListener("change", compareCountries));

document.querySelectorAll("[data-script]").forEach((element) => { element.hidden = false; });
$("country").addEventListener("change", pickCountry);
makeSortable($("country-table"));
$("find").addEventListener("input", filterCountries);
$("group").addEventListener("change", filterCountries);
pickCountry(); // a browser may restore the choices of a page that is opened again
filterCountries();
compareCountries();
