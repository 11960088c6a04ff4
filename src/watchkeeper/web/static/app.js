// What do pages do with a script? They renew their main part when something changed, show times in the reader's zone,
// answer a few keys, and draw the chart of a budget. Everything else works without.
"use strict";

const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

// --- live

const live = $("[data-live]");
let heard = 0; // when the stream last said anything, in ms
let busy = false; // a finger is down or text is selected: nothing moves under the thumb

function showLive() {
  if (!heard) return;
  const seconds = Math.round((Date.now() - heard) / 1000);
  live.hidden = false;
  live.toggleAttribute("data-stale", seconds > 12);
  live.textContent = seconds > 12 ? `no news for ${seconds} s` : "live";
}

document.addEventListener("pointerdown", () => { busy = true; });
for (const name of ["pointerup", "pointercancel"]) document.addEventListener(name, () => { busy = false; });
document.addEventListener("htmx:sse:after:connection", () => { heard = Date.now(); showLive(); });
document.addEventListener("htmx:sse:before:message", (event) => {
  heard = Date.now();
  const selection = document.getSelection();
  if (busy || (selection && !selection.isCollapsed)) event.preventDefault();
});
document.addEventListener("htmx:after:swap", settle);
setInterval(showLive, 1000);

// --- times, in the reader's own zone

const today = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const day = new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric", month: "short" });
const dayMonth = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const minute = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const before = { format: (at) => `${day.format(at).replace(",", "")} ${minute.format(at)}` };
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

function localise(time) {
  const at = new Date(time.dateTime);
  const same = !("day" in time.dataset) && at.toDateString() === new Date().toDateString();
  const text = (same ? today : before).format(at);
  if (time.textContent !== text) time.textContent = text;
  if (!time.dataset.zone) {
    time.dataset.zone = zone;
    time.title = `${before.format(at)} ${zone}; ${time.title}`;
  }
}

// --- clocks that run: what the server said is left, less what went by since

const clocks = new WeakMap();

function run() {
  for (const clock of $$("[data-left]")) {
    let known = clocks.get(clock);
    if (!known || known.told !== clock.dataset.left) {
      known = { told: clock.dataset.left, at: performance.now() };
      clocks.set(clock, known);
    }
    const left = Number(known.told) - Math.floor((performance.now() - known.at) / 1000);
    const seconds = Math.abs(left);
    if (seconds >= 172800) continue; // in days: as the server wrote it
    const two = (number) => String(number).padStart(2, "0");
    const hours = Math.floor(seconds / 3600), minutes = Math.floor(seconds / 60) % 60;
    const text = hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
    if (clock.textContent !== text) clock.textContent = text;
  }
}
setInterval(run, 1000);

// --- the chart of a budget

const charts = new Map();

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

// Ticks as far apart as `step` seconds: no two of them read the same.
function clock(plot, ticks, axis, space, step) {
  return ticks.map((tick) => {
    const at = new Date(tick * 1000);
    if (step >= 86400 || (step >= 3600 && ticks.at(-1) - ticks[0] > 86400 && at.getHours() + at.getMinutes() === 0)) return dayMonth.format(at);
    return (step >= 60 ? minute : today).format(at);
  });
}

function draw(figure) {
  const told = JSON.parse(figure.dataset.chart);
  const known = charts.get(figure);
  if (known && known.told === figure.dataset.chart) return;
  if (known) {
    known.told = figure.dataset.chart;
    known.plot.setData([told.at, told.left]);
    return;
  }
  const box = $("[data-plot]", figure);
  const ink = colour("--soft"), line = colour("--line");
  const axis = { stroke: ink, grid: { stroke: line, width: 1 }, ticks: { show: false }, font: "12px system-ui, sans-serif" };
  const plot = new uPlot({
    width: box.clientWidth,
    height: 220,
    padding: [12, 28, 0, 0],
    cursor: { y: false, points: { size: 7 } },
    legend: { live: true },
    scales: { x: { time: true }, y: { range: (_, low, high) => [Math.min(0, low), Math.max(100, high)] } },
    axes: [{ ...axis, values: clock, space: 84, size: 26, gap: 6 }, { ...axis, size: 56, values: (_, ticks) => ticks.map((tick) => `${tick} %`) }],
    series: [
      { label: "at", value: (_, at) => (at === null ? "" : before.format(new Date(at * 1000))) },
      { label: "budget left", stroke: colour("--sea"), width: 2, fill: colour("--sea-wash"), value: (_, left) => (left === null ? "" : `${left.toFixed(1)} %`) },
    ],
  }, [told.at, told.left], box);
  charts.set(figure, { plot, told: figure.dataset.chart });
  figure.dataset.drawn = "";
  new ResizeObserver(() => plot.setSize({ width: box.clientWidth, height: 220 })).observe(box);
}

function settle() {
  $$("time").forEach(localise);
  run();
  if (window.uPlot) $$("figure[data-chart]").forEach(draw);
}

// --- what the server did not write stays as the reader left it

if (window.htmx) {
  htmx.registerExtension("keep", {
    htmx_before_morph_attr: (element, detail) => !(
      (detail.attrName === "open" && element.matches("details, dialog"))
      || detail.attrName === "data-drawn"
      || (element.matches("time") && ["title", "data-zone"].includes(detail.attrName))
    ),
  });
}

// What was taken folds up, and a note begins anew; what was refused stays as it was written, and says so where one looks.
let refused = false;
document.addEventListener("htmx:after:request", (event) => {
  const form = event.target, status = event.detail?.ctx?.response?.status ?? 0;
  if (!form.matches?.("form")) return;
  refused = status >= 400;
  if (refused || !form.matches("[data-clears]")) return;
  const fold = form.closest("details");
  if (fold) fold.open = false;
  else $("textarea", form).value = "";
  for (const reason of $$("input[name=reason]", form)) reason.value = "";
});
document.addEventListener("htmx:after:swap", () => {
  if (refused) $("main [role=alert]")?.scrollIntoView({ block: "center" });
  refused = false;
});

// --- keys

const help = $("[data-help]");
const opener = $("[data-help-open]");
opener.hidden = false;
opener.addEventListener("click", () => help.showModal());
const places = JSON.parse(help.dataset.places);
let going = 0;

// The titles of what needs a hand, one after the other.
function step(by) {
  const titles = $$(".hand h2 a, .alerts td:first-child > a, .objectives .name a");
  const at = titles.indexOf(document.activeElement);
  titles[at < 0 ? (by > 0 ? 0 : titles.length - 1) : Math.min(Math.max(at + by, 0), titles.length - 1)]?.focus();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select")) return;
  const place = places.find((one) => one.key === event.key);
  if (help.open) return;
  if (event.key === "/") { event.preventDefault(); $("[data-find]")?.focus(); }
  else if (event.key === "?") help.showModal();
  else if (event.key === "g") going = Date.now();
  else if (place && Date.now() - going < 1500) location.assign(place.href);
  else if (event.key === "j" || event.key === "k") step(event.key === "j" ? 1 : -1);
  else if (event.key === "a") ($("[data-acknowledge]", document.activeElement.closest(".hand") || document) || null)?.click();
});
$("[data-find]")?.addEventListener("keydown", (event) => { if (event.key === "Escape") event.target.blur(); });

settle();
$$("nav a[aria-current]").forEach((here) => { here.parentElement.scrollLeft = here.offsetLeft - here.parentElement.offsetLeft - 60; });
