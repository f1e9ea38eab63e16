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

/**
 * Begin a widget. anywidget gives a model two seconds, and one that begins later gets no message any more: each waits for
 * a promise that was broken. Such a model takes its messages past anywidget, and asks for the values that it missed.
 */
export function attend({ model }) {
  const own = model.set({}); // past anywidget's cover of it: a model itself is what its own `set` returns
  const straight = own && Object.getPrototypeOf(Object.getPrototypeOf(own))._handle_comm_msg;
  if (!straight || !own.comm) return;
  // A message that says nothing is refused as all others are.
  own._handle_comm_msg({ content: { data: {} } }).catch(() => {
    own.comm.on_msg(straight.bind(own));
    own.comm.send({ method: "request_state" }, {});
  });
}

let count = 0;

/** Return an id that no other element of the page has. */
export function uniqueId(word) {
  count += 1;
  return `wannb-${word}-${count}-${Math.random().toString(36).slice(2, 8)}`;
}
