// Two pictures and the question which one is better, or one and what is asked of it: keys, buttons, the next at hand.

import { attend, element, fill, follow, send } from "./elements.js";

const PATIENCE = 3000;

export function render({ model, el }) {
  const stop = new AbortController();
  const text = (name, values) => fill(model.get("texts")[name], values);
  const question = element("div", { class: "wannb-judge-question", dir: "auto" });
  const progress = element("div", { class: "wannb-judge-progress", role: "status", "aria-live": "polite" });
  const bar = element("div");
  const places = model.get("sides");
  const answers = model.get("answers");
  const keyed = keysOf(answers);
  const buttons = Object.fromEntries(answers.map(({ name, keys }) => [name, button(name, keys[0].toUpperCase())]));
  const under = (place) => answers.filter(({ side }) => side === place).map(({ name }) => buttons[name]);
  const sides = Object.fromEntries(places.map((place) => [place, side(under(place))]));
  const origin = element("div", { class: "wannb-judge-origin" }); // what an edit was made from
  const reference = element("div", { class: "wannb-judge-reference", hidden: true }, element("span", { class: "wannb-judge-label" }), origin);
  const pair = element(
    "div", { class: "wannb-judge-pair", "data-sides": String(places.length) }, reference, ...places.map((place) => sides[place].root),
  );
  const choices = element("div", { class: "wannb-judge-row" }, ...under(""));
  const thanks = element("div", { class: "wannb-judge-thanks", role: "status" });
  const scores = element("button", { type: "button", class: "wannb-judge-button", click: () => send(model, { kind: "scores" }) });
  const scored = element("div", { class: "wannb-judge-scores", role: "status" });
  const after = element("div", { class: "wannb-judge-row" }, scores);
  const keys = element("span", { class: "wannb-judge-keys" });
  const focus = element("span", { class: "wannb-judge-focus" });
  const hint = element("div", { class: "wannb-judge-hint" }, keys, focus);
  const note = element("div", { class: "wannb-judge-note", dir: "auto" });
  const problem = element("div", { class: "wannb-judge-problem", role: "alert", dir: "auto" });
  const root = element(
    "div",
    { class: "wannb-judge", tabindex: "0", role: "group", keydown: pressed },
    element("div", { class: "wannb-judge-head" }, question, progress),
    element("div", { class: "wannb-judge-track", "aria-hidden": "true" }, bar),
    pair,
    thanks,
    after,
    scored,
    choices,
    problem,
    hint,
    note,
  );
  /** Pictures of the pair that is shown and of the next one: {number: {images, beside, ready}}. */
  const loaded = new Map();
  let shown = -1; // the pair whose pictures stand on the page
  let since = 0; // when they came
  let waiting = null; // the number that was answered and is not saved yet
  let timer = 0;

  el.classList.add("wannb-widget", "wannb-judge-root");
  el.append(root);
  follow(model, ["number", "total", "even", "odd", "question", "note", "problem", "counted", "texts", "answers", "scored"], show, stop.signal);
  model.on("msg:custom", answered);
  show();

  return () => {
    stop.abort();
    clearTimeout(timer);
    model.off("msg:custom", answered);
    root.remove();
  };

  function side(choices) {
    const frame = element("div", { class: "wannb-judge-frame" });
    return { frame, root: element("div", { class: "wannb-judge-side" }, frame, ...choices) };
  }

  function button(name, key) {
    const label = element("span");
    const made = element("button", { type: "button", class: "wannb-judge-button", click: () => say(name) }, label);
    made.append(element("kbd", { "aria-hidden": "true" }, key));
    made.rename = (words) => { label.textContent = words; };
    return made;
  }

  function show() {
    const number = model.get("number"), total = model.get("total");
    const over = number >= total;
    if (waiting !== null && waiting !== number) settle();
    root.setAttribute("aria-label", text("label"));
    el.dataset.gone = text("noKernel");
    question.textContent = model.get("question");
    note.textContent = model.get("note");
    note.hidden = !note.textContent;
    keys.textContent = text("keys");
    focus.textContent = text("focus");
    for (const { name, label } of model.get("answers")) buttons[name].rename(label);
    progress.textContent = text("progress", { number: Math.min(number + 1, total), total });
    bar.style.width = `${(100 * number) / Math.max(1, total)}%`;
    tell(model.get("problem"));
    buttons.undo.setAttribute("aria-disabled", String(number === 0));
    if (over && root.contains(document.activeElement) && document.activeElement !== buttons.undo) root.focus();
    for (const one of [pair, ...Object.values(buttons), hint]) one.hidden = over && one !== buttons.undo;
    thanks.hidden = !over;
    thanks.textContent = over ? text("thanks", { total, counted: model.get("counted") }) : "";
    const page = model.get("scored"); // undefined on a page without Python, which has no scores
    scores.textContent = text("scores");
    after.hidden = !over || page !== "";
    if (scored.innerHTML !== page) scored.innerHTML = over ? page ?? "" : "";
    load();
    if (over) shown = -1;
    else if (number !== shown) place(number);
  }

  /** Have the pictures of both pairs decoded, so that the next one comes without a flicker. */
  function load() {
    const slots = [model.get("even"), model.get("odd")].filter((slot) => Number.isInteger(slot?.number));
    for (const number of [...loaded.keys()]) {
      if (number !== shown && !slots.some((slot) => slot.number === number)) loaded.delete(number);
    }
    for (const slot of slots) {
      if (loaded.has(slot.number)) continue;
      const images = places.map((name) => {
        if (!slot[name]) return element("span", { class: "wannb-judge-wait" }, text("gone"));
        return element("img", { alt: text(`${name}Picture`), draggable: "false", src: slot[name] });
      });
      const beside = (slot.references ?? []).map((src) => element("img", { alt: text("reference"), draggable: "false", src }));
      const ready = Promise.all([...images, ...beside].map((image) => image.decode?.().catch(() => {})));
      loaded.set(slot.number, { images, beside, ready });
    }
  }

  async function place(number) {
    const pictures = loaded.get(number);
    if (!pictures) {
      for (const { frame } of Object.values(sides)) {
        frame.replaceChildren(element("span", { class: "wannb-judge-wait" }, text("loading")));
      }
      return;
    }
    await pictures.ready;
    if (stop.signal.aborted || model.get("number") !== number || loaded.get(number) !== pictures) return;
    places.forEach((place, n) => sides[place].frame.replaceChildren(pictures.images[n]));
    reference.firstChild.textContent = text("reference");
    reference.hidden = !pictures.beside.length;
    pair.classList.toggle("wannb-judge-of-edits", !reference.hidden);
    origin.replaceChildren(...pictures.beside.map((image) => element("div", { class: "wannb-judge-frame" }, image)));
    shown = number;
    since = performance.now();
    root.dataset.pair = String(number);
    load();
  }

  function pressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    const key = event.key.toLowerCase();
    const latin = /^[\x20-\x7e]$/.test(key);
    const verdict = keyed.keys[key] ?? keyed.digits[event.code] ?? (latin ? undefined : keyed.letters[event.code]);
    if (!verdict) return;
    event.preventDefault();
    event.stopPropagation();
    say(verdict);
  }

  /** Send a verdict on what is seen. Until it is saved the pair stays, and further presses count for nothing. */
  function say(verdict) {
    const number = model.get("number");
    const seen = verdict === "undo" ? number > 0 : number === shown && number < model.get("total");
    if (!seen || waiting === number) return;
    waiting = number;
    root.setAttribute("aria-busy", "true");
    clearTimeout(timer);
    timer = setTimeout(() => {
      settle();
      tell(text("slow"));
    }, PATIENCE);
    send(model, { verdict, number, seconds: (performance.now() - since) / 1000 });
  }

  function answered(content) {
    if (content?.kind !== "answered") return;
    settle();
    tell(model.get("problem"));
  }

  function settle() {
    waiting = null;
    clearTimeout(timer);
    root.removeAttribute("aria-busy");
  }

  function tell(words) {
    if (problem.textContent !== words) problem.textContent = words;
    problem.hidden = !words;
  }
}

/** Return the answers by key. Where a digit needs Shift, or an input method takes the letters, the place of the key counts. */
function keysOf(answers) {
  const keys = { backspace: "undo" }, digits = {}, letters = {};
  for (const { name, keys: own } of answers) {
    for (const key of own) {
      keys[key] = name;
      if (/[0-9]/.test(key)) digits[`Digit${key}`] = digits[`Numpad${key}`] = name;
      if (/[a-z]/.test(key)) letters[`Key${key.toUpperCase()}`] = name;
    }
  }
  return { keys, digits, letters };
}

export default { initialize: attend, render };
