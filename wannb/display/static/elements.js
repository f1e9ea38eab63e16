// Small pieces of every widget: elements, texts with values in them.

const FOCUSABLE = new Set(["button", "input", "summary", "textarea"]);

/** Return a new element; properties that are functions listen, the others are attributes (true: set, false: not). */
export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  // JupyterLab takes keys by a selector that ends in ":focus" and looks for this mark from the focused element upwards,
  // after it tried the element itself: a mark further up is too late, and "d d" on a box would delete the cell.
  if (FOCUSABLE.has(tag) || "tabindex" in properties) made.setAttribute("data-lm-suppress-shortcuts", "true");
  for (const [name, value] of Object.entries(properties)) {
    if (typeof value === "function") made.addEventListener(name, value);
    else if (value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children);
  return made;
}

/** Return a text with values in the place of its {names}. */
export function fill(text, values = {}) {
  return String(text ?? "").replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/** Call back when one of these traits changes, until the signal says stop. */
export function follow(model, names, changed, signal) {
  const events = names.map((name) => `change:${name}`);
  for (const event of events) model.on(event, changed);
  signal.addEventListener("abort", () => events.forEach((event) => model.off(event, changed)));
}

/** Send a message to Python; without its kernel a front end raises an error, or loses the message in silence. */
export function send(model, message) {
  try {
    model.send(message);
  } catch (error) {
    console.warn(error);
  }
}

let count = 0;

/** Return an id that no other element of the page has. */
export function uniqueId(word) {
  count += 1;
  return `wannb-${word}-${count}-${Math.random().toString(36).slice(2, 8)}`;
}
