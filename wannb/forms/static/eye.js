// The eye of the Studio: says when somebody looks at the page, and asks before what is not yet written is left.

import { attend, follow, send } from "./elements.js";

function render({ model, el }) {
  const stop = new AbortController();
  const { signal } = stop;
  let unanswered = false; // typed since the kernel last said something
  let waiting = null; // a field whose text is sent when it is left
  el.style.display = "none";
  follow(model, ["shown"], look, signal);
  follow(model, ["unkept"], () => (unanswered = false), signal);
  window.addEventListener("focus", look, { signal });
  document.addEventListener("visibilitychange", look, { signal });
  document.addEventListener("input", typed, { signal, capture: true });
  document.addEventListener("change", () => (waiting = null), { signal, capture: true });
  // In JupyterLab the kernel, and the form with it, outlive the page.
  if (document.body.dataset.voila) window.addEventListener("beforeunload", leave, { signal });
  look();
  return () => stop.abort();

  function look() {
    if (document.visibilityState === "visible") send(model, { seen: model.get("shown") });
  }

  function typed({ target }) {
    if (!target.closest?.(".wannb-form")) return;
    unanswered = true;
    if (target.closest(".wannb-frames")) waiting = target;
  }

  function leave(event) {
    const gone = document.getElementById("gone")?.hidden === false;
    const field = waiting;
    field?.blur();
    if (model.get("unkept") || field || (gone && unanswered)) event.preventDefault();
  }
}

export default { initialize: attend, render };
