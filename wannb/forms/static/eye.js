// The eye of the Studio: says when somebody looks at the page, asks before what is not yet written is left, and brings
// back what its kernel did not hear of any more, and what this window showed, when the Studio is there anew.

import { attend, follow, send } from "./elements.js";

/** Where a window leaves for its next Studio what no kernel has heard, for each runs folder, and what it showed. */
const TYPED = "wannb-typed-", PLACE = "wannb-place";

function render({ model, el }) {
  const stop = new AbortController();
  const { signal } = stop;
  let unanswered = false; // typed since the kernel last said something
  let waiting = null; // a field of a frame, whose text is sent when it is left
  let last = null; // that field as the page was left: what it sent then may come too late
  let reloads = false; // by the button of the page, which loses nothing
  const fields = new Set(); // typed in since the page was loaded; in JupyterLab, since a draft was written
  const alone = Boolean(document.body.dataset.voila);
  const home = TYPED + model.get("home");
  const root = () => el.closest(".wannb-studio");
  el.style.display = "none";
  follow(model, ["shown"], look, signal);
  follow(model, ["unkept"], answered, signal);
  window.addEventListener("focus", look, { signal });
  document.addEventListener("visibilitychange", look, { signal });
  document.addEventListener("input", typed, { signal, capture: true });
  document.addEventListener("change", () => (waiting = null), { signal, capture: true });
  // In JupyterLab the kernel, and the form with it, outlive the page, and each other; a Studio shows its window's place.
  if (alone) {
    window.addEventListener("beforeunload", leave, { signal });
    window.addEventListener("pagehide", () => keep(isGone() ? fields : new Set(), last), { signal });
    document.getElementById("gone")?.addEventListener("click", ({ target }) => (reloads = target.matches("button")), { signal, capture: true });
    stay(model, signal);
  }
  bring(home, root, signal);
  look();
  return () => stop.abort();

  function look() {
    if (document.visibilityState === "visible") send(model, { seen: model.get("shown") });
  }

  function answered() {
    unanswered = false;
    if (alone || model.get("unkept")) return;
    fields.clear();
    keep(fields, null);
  }

  function typed({ target }) {
    if (!root()?.contains(target)) return;
    unanswered = true;
    if (target.closest(".wannb-frames")) waiting = target;
    else fields.add(target);
    if (alone) last = null;
    else {
      // Nobody says that a kernel has ended or its server was stopped: what was typed is kept until it is written.
      if (waiting && root().matches(".jupyter-widgets-disconnected")) last = ofFrame(waiting, root());
      keep(fields, last);
    }
  }

  function keep(written, frame) {
    const values = [...named(root())].filter(([, field]) => written.has(field)).map(([name, field]) => [name, valueOf(field)]);
    store(home, { values, frame });
  }

  function leave(event) {
    const field = waiting;
    last = field && ofFrame(field, root());
    field?.blur();
    if (field || (!reloads && (model.get("unkept") || (isGone() && unanswered)))) event.preventDefault();
    reloads = false;
  }
}

function isGone() {
  return document.getElementById("gone")?.hidden === false;
}

function valueOf(field) {
  return field.type === "checkbox" ? field.checked : field.value;
}

function store(name, content) {
  try {
    sessionStorage.setItem(name, JSON.stringify(content));
  } catch (error) {
    console.warn(error); // a page that may keep nothing
  }
}

function stored(name) {
  try {
    return JSON.parse(sessionStorage.getItem(name)) ?? {};
  } catch {
    return {};
  }
}

/** Go back to the tab and the board that this window showed before, whatever another one showed since. */
function stay(model, signal) {
  const was = stored(PLACE);
  send(model, { place: was });
  follow(model, ["place"], () => store(PLACE, { ...stored(PLACE), ...model.get("place") }), signal);
}

/** Return the fields of a Studio by a name that the next one has too: the form, the label, and which one of that label. */
function named(root) {
  const found = new Map(), count = {};
  for (const field of root?.querySelectorAll(".wannb-form :is(input:not([type=file]), select, textarea)") ?? []) {
    if (field.closest(".wannb-frames")) continue;
    const form = /wannb-\w+form/.exec(field.closest(".wannb-form").className)?.[0];
    const name = `${form} ${field.ariaLabel ?? field.labels?.[0]?.textContent ?? ""}`;
    count[name] = (count[name] ?? 0) + 1;
    found.set(`${name} ${count[name]}`, field);
  }
  return found;
}

/** Return which field of which frame this is, what stands in it, and what tells that it is the same frame. */
function ofFrame(field, root) {
  const cards = [...root.querySelectorAll(".wannb-frames .wannb-frame")];
  const card = cards.findIndex((one) => one.contains(field));
  if (card < 0) return null;
  const fields = [...cards[card].querySelectorAll("input, textarea")];
  const place = fields.indexOf(field);
  return { card, place, value: field.value, rest: fields.filter((_, n) => n !== place).map((one) => one.value) };
}

/** Write what an earlier Studio left into the fields, each as soon as it is there. */
function bring(home, root, signal) {
  const kept = stored(home), left = new Map(kept.values);
  let frame = kept.frame;
  store(home, {});
  const write = (field, value) => {
    if (valueOf(field) === value) return;
    if (field.type === "checkbox") field.click();
    else {
      field.value = value;
      for (const event of ["input", "change"]) field.dispatchEvent(new Event(event, { bubbles: true }));
    }
  };
  const look = () => {
    const there = left.size ? named(root()) : new Map();
    for (const [name, value] of left) {
      const field = there.get(name);
      if (!field) continue;
      left.delete(name);
      write(field, value);
    }
    const card = frame && root()?.querySelectorAll(".wannb-frames .wannb-frame")[frame.card];
    const field = card?.querySelectorAll("input, textarea")[frame.place];
    if (field && JSON.stringify(ofFrame(field, root()).rest) === JSON.stringify(frame.rest)) {
      write(field, frame.value);
      frame = null;
    }
    if (!left.size && !frame) clearInterval(timer);
  };
  const timer = setInterval(look, 500);
  signal.addEventListener("abort", () => clearInterval(timer));
}

export default { initialize: attend, render };
