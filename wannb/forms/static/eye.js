// The eye of the Studio: says when somebody looks at the page, asks before what is not yet written is left, and brings
// what the kernel did not hear of any more to the page that is loaded next.

import { attend, follow, send } from "./elements.js";

/** Where a page leaves for the next one of its tab what its kernel never heard. */
const TYPED = "wannb-typed";

function render({ model, el }) {
  const stop = new AbortController();
  const { signal } = stop;
  let unanswered = false; // typed since the kernel last said something
  let waiting = null; // a field of a frame, whose text is sent when it is left
  let last = null; // that field as the page was left: what it sent then may come too late
  let reloads = false; // by the button of the page, which loses nothing
  const fields = new Set(); // typed in since the page was loaded
  el.style.display = "none";
  follow(model, ["shown"], look, signal);
  follow(model, ["unkept"], () => (unanswered = false), signal);
  window.addEventListener("focus", look, { signal });
  document.addEventListener("visibilitychange", look, { signal });
  document.addEventListener("input", typed, { signal, capture: true });
  document.addEventListener("change", () => (waiting = null), { signal, capture: true });
  // In JupyterLab the kernel, and the form with it, outlive the page.
  if (document.body.dataset.voila) {
    window.addEventListener("beforeunload", leave, { signal });
    window.addEventListener("pagehide", () => keep(isGone() ? fields : new Set(), last), { signal });
    document.getElementById("gone")?.addEventListener("click", ({ target }) => (reloads = target.matches("button")), { signal, capture: true });
    bring(signal);
  }
  look();
  return () => stop.abort();

  function look() {
    if (document.visibilityState === "visible") send(model, { seen: model.get("shown") });
  }

  function typed({ target }) {
    if (!target.closest?.(".wannb-form")) return;
    unanswered = true;
    last = null;
    if (target.closest(".wannb-frames")) waiting = target;
    else fields.add(target);
  }

  function leave(event) {
    const field = waiting;
    last = field && ofFrame(field);
    field?.blur();
    if (field || (!reloads && (model.get("unkept") || (isGone() && unanswered)))) event.preventDefault();
    reloads = false;
  }
}

function isGone() {
  return document.getElementById("gone")?.hidden === false;
}

/** Return the fields of a page by a name that the next page has too: the form, the label, and which one of that label. */
function named() {
  const found = new Map(), count = {};
  for (const field of document.querySelectorAll(".wannb-form :is(input:not([type=file]), select, textarea)")) {
    if (field.closest(".wannb-frames")) continue;
    const form = /wannb-\w+form/.exec(field.closest(".wannb-form").className)?.[0];
    const name = `${form} ${field.ariaLabel ?? field.labels?.[0]?.textContent ?? ""}`;
    count[name] = (count[name] ?? 0) + 1;
    found.set(`${name} ${count[name]}`, field);
  }
  return found;
}

/** Return which field of which frame this is, what stands in it, and what tells that it is the same frame. */
function ofFrame(field) {
  const cards = [...document.querySelectorAll(".wannb-frames .wannb-frame")];
  const card = cards.findIndex((one) => one.contains(field));
  if (card < 0) return null;
  const fields = [...cards[card].querySelectorAll("input, textarea")];
  const place = fields.indexOf(field);
  return { card, place, value: field.value, rest: fields.filter((_, n) => n !== place).map((one) => one.value) };
}

function keep(fields, frame) {
  const written = [...named()].filter(([, field]) => fields.has(field));
  const values = written.map(([name, field]) => [name, field.type === "checkbox" ? field.checked : field.value]);
  try {
    sessionStorage.setItem(TYPED, JSON.stringify({ values, frame }));
  } catch (error) {
    console.warn(error); // a page that may keep nothing
  }
}

/** Write what an earlier page left into the fields, each as soon as it is there. */
function bring(signal) {
  let left, frame;
  try {
    const kept = JSON.parse(sessionStorage.getItem(TYPED) ?? "{}");
    left = new Map(kept.values);
    frame = kept.frame;
    sessionStorage.removeItem(TYPED);
  } catch {
    return;
  }
  const write = (field, value) => {
    if (field.type === "checkbox") field.checked !== value && field.click();
    else if (field.value !== value) {
      field.value = value;
      for (const event of ["input", "change"]) field.dispatchEvent(new Event(event, { bubbles: true }));
    }
  };
  const look = () => {
    const there = left.size ? named() : new Map();
    for (const [name, value] of left) {
      const field = there.get(name);
      if (!field) continue;
      left.delete(name);
      write(field, value);
    }
    const card = frame && document.querySelectorAll(".wannb-frames .wannb-frame")[frame.card];
    const field = card?.querySelectorAll("input, textarea")[frame.place];
    if (field && JSON.stringify(ofFrame(field).rest) === JSON.stringify(frame.rest)) {
      write(field, frame.value);
      frame = null;
    }
    if (!left.size && !frame) clearInterval(timer);
  };
  const timer = setInterval(look, 500);
  signal.addEventListener("abort", () => clearInterval(timer));
}

export default { initialize: attend, render };
