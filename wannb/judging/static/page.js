// The page without Python: what Python does for the widget, with the verdicts in the browser's storage and in a file.

import { element, fill } from "./elements.js";
import { render } from "./judge.js";

const data = JSON.parse(document.getElementById("data").textContent);
const STORE = `wannb-judging-${data.page}`;
const LANGUAGES = { en: "English", zh: "中文" };
let kept = true;
let handed = 0; // verdicts that the class has
let state = restored() ?? begun();
const values = {};
const listeners = new Map();
const model = {
  get: (name) => values[name],
  on: (event, call) => listeners.set(event, [...(listeners.get(event) ?? []), call]),
  off: (event, call) => listeners.set(event, (listeners.get(event) ?? []).filter((each) => each !== call)),
  send: take,
};

const name = element("input", { class: "wannb-page-name", type: "text", autocomplete: "off", maxlength: "60", input: renamed });
const whose = element("span");
const language = element("button", { type: "button", class: "wannb-judge-button", click: turned });
const save = element("button", { type: "button", class: "wannb-judge-button wannb-page-save", click: download });
const told = element("div", { class: "wannb-judge-note", role: "status" });
const widget = element("div");
document.body.append(
  element("main", {}, element("div", { class: "wannb-page-head" }, element("label", {}, whose, " ", name), language), widget,
    element("div", { class: "wannb-judge-row" }, save), told),
);
show();
render({ model, el: widget });
const root = widget.querySelector(".wannb-judge");
root.focus();
// Keys count wherever the focus is, but in the name, which Enter leaves, and those that press a button.
document.addEventListener("keydown", (event) => {
  if (event.target === name && event.key === "Enter") root.focus();
  const pressed = event.target.closest("button") && ["Enter", " ", "Tab"].includes(event.key);
  if (event.target === name || pressed || root.contains(event.target)) return;
  root.focus();
  root.dispatchEvent(new KeyboardEvent("keydown", event));
  if (event.key === "Backspace") event.preventDefault();
});

/**
 * Return a new state: every question asks all pairs, in an order and on sides of this person's own, and a share of the
 * first half again with sides swapped, half of the pairs later.
 */
function begun() {
  const chance = () => crypto.getRandomValues(new Uint32Array(1))[0] / 2 ** 32;
  const order = data.questions.flatMap((_, q) => {
    const pairs = data.pairs.map((_, n) => ({ q, n, left: data.sides.length > 1 && chance() < 0.5 ? 1 : 0, at: chance() }));
    const steps = pairs.sort((one, other) => one.at - other.at).map(({ q, n, left }) => ({ q, n, left }));
    const half = Math.floor(steps.length / 2);
    const places = steps.slice(0, half).map((_, place) => ({ place, at: chance() })).sort((one, other) => one.at - other.at);
    const again = new Set(places.slice(0, Math.floor(steps.length * data.repeats + 1e-9)).map(({ place }) => place));
    return steps.flatMap((step, place) => {
      const before = steps[place - half];
      if (!again.has(place - half)) return [step];
      return [step, { ...before, left: data.sides.length > 1 ? 1 - before.left : 0, again: true }];
    });
  });
  const code = Math.floor(chance() * 2 ** 16).toString(16).padStart(4, "0");
  const spoken = navigator.language?.toLowerCase().startsWith("zh") ? "zh" : data.language;
  return { order, verdicts: [], judge: "", code, language: spoken, saved: 0 };
}

function restored() {
  try {
    return JSON.parse(localStorage.getItem(STORE));
  } catch {
    kept = false;
    return null;
  }
}

function keep() {
  try {
    localStorage.setItem(STORE, JSON.stringify(state));
  } catch {
    kept = false;
  }
  // What does not arrive goes with the next verdict.
  const { length } = state.verdicts;
  const arrived = ({ ok }) => {
    handed = ok ? length : handed;
    show();
  };
  if (data.handed_in) fetch(location.pathname, { method: "POST", body: written() }).then(arrived).catch(() => {});
}

function written() {
  const judge = state.judge.trim() || state.code;
  const lines = [{ wannb_judging_page: 1, page: data.page, judge }, ...state.verdicts];
  return lines.map((each) => `${JSON.stringify(each)}\n`).join("");
}

function text(key, inserted) {
  return fill(data.texts[state.language][key], inserted);
}

function show() {
  const number = state.verdicts.length, total = state.order.length;
  const at = state.order[Math.min(number, total - 1)];
  const asked = data.questions[at.q][state.language];
  const several = { n: at.q + 1, of: data.questions.length, question: asked };
  const slots = { even: {}, odd: {} };
  for (const each of [number, number + 1].filter((each) => each < total)) {
    const { n, left } = state.order[each];
    const shown = left ? [...data.pairs[n]].reverse() : data.pairs[n];
    const pictures = Object.fromEntries(data.sides.map((side, place) => [side, data.pictures[shown[place]]]));
    const references = data.references[n].map((picture) => data.pictures[picture]);
    slots[each % 2 ? "odd" : "even"] = { number: each, ...pictures, references };
  }
  Object.assign(values, slots, {
    number,
    total,
    question: data.questions.length > 1 ? text("several", several) : asked,
    counted: state.verdicts.filter((each) => each.verdict !== "skip").length,
    note: data.note[state.language],
    problem: "",
    sides: data.sides,
    answers: data.answers[state.language],
    texts: data.texts[state.language],
  });
  document.documentElement.lang = state.language;
  document.title = text("label");
  whose.textContent = text("name");
  name.placeholder = state.code;
  if (name.value !== state.judge) name.value = state.judge;
  language.textContent = LANGUAGES[state.language === "zh" ? "en" : "zh"];
  save.textContent = text("save");
  save.classList.toggle("wannb-page-due", number === total && state.saved < total);
  save.hidden = Boolean(data.handed_in);
  told.hidden = save.hidden && !(number === total && handed === total);
  told.textContent = save.hidden ? text("handed") : kept ? (number === total && state.saved < total ? text("last") : text("kept")) : text("lost");
  for (const call of listeners.get("change:number") ?? []) call();
}

/** Take a verdict on the pair that is shown, or take the last one back. */
function take({ verdict, number, seconds }) {
  if (number === state.verdicts.length) {
    if (verdict === "undo") state.verdicts.pop();
    else if (number < state.order.length) {
      const time = new Date().toISOString().replace(/\.\d+/, "");
      const { q, n, left, again } = state.order[number];
      state.verdicts.push({ q, n: data.first[n], left, ...(again && { again }), verdict, seconds: Math.round(seconds * 100) / 100, time });
    }
    state.saved = Math.min(state.saved, state.verdicts.length);
    keep();
    show();
  }
  for (const call of listeners.get("msg:custom") ?? []) call({ kind: "answered", number });
}

function renamed() {
  state.judge = name.value;
  keep();
}

function turned() {
  state.language = state.language === "zh" ? "en" : "zh";
  keep();
  show();
}

function download() {
  const judge = state.judge.trim() || state.code;
  const url = URL.createObjectURL(new Blob([written()], { type: "application/jsonl" }));
  const file = `verdicts-${judge.replace(/[^\p{L}\p{N}_-]+/gu, "_")}.jsonl`;
  element("a", { href: url, download: file }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60000);
  state.saved = state.verdicts.length;
  keep();
  show();
}
