// Asks Python for what is not shown yet, one thing after the other, while nobody types or clicks.

import { attend, send } from "./elements.js";

/** Milliseconds without a key or a click before the first, and between two. */
const QUIET = 1500, BETWEEN = 200;

function render({ model, el }) {
  const stop = new AbortController();
  const { signal } = stop;
  let timer, due = true; // false while Python makes something, and when nothing is left
  el.style.display = "none";
  for (const kind of ["keydown", "pointerdown", "wheel"]) {
    document.addEventListener(kind, () => later(QUIET), { signal, capture: true, passive: true });
  }
  model.on("msg:custom", answered);
  later(QUIET);
  return () => {
    stop.abort();
    clearTimeout(timer);
    model.off("msg:custom", answered);
  };

  function later(milliseconds) {
    if (!due) return;
    clearTimeout(timer);
    timer = setTimeout(ask, milliseconds);
  }

  function ask() {
    due = false;
    send(model, { next: true });
  }

  function answered({ more }) {
    due = more;
    later(BETWEEN);
  }
}

export default { initialize: attend, render };
