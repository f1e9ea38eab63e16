// Cards that a mouse, a pen or a finger drags by their grip to another place; buttons do the same for keys.

import { attend, element, follow, send } from "./elements.js";

// Pixels from the edge of what scrolls in which a drag scrolls it, and by how many.
const EDGE = 60;
const STEP = 14;

function render({ model, el }) {
  const stop = new AbortController();
  const said = element("div", { class: "wannb-sorter-said", role: "status", "aria-live": "polite" });
  el.classList.add("wannb-widget");
  el.append(said);
  let drag = null;

  follow(model, ["told"], () => { said.textContent = model.get("told"); }, stop.signal);
  // On the document, since the cards are other widgets, which come and go.
  const listening = { signal: stop.signal, capture: true };
  document.addEventListener("pointerdown", press, listening);
  document.addEventListener("pointermove", move, listening);
  document.addEventListener("pointerup", drop, listening);
  document.addEventListener("pointercancel", () => end(), listening);
  document.addEventListener("keydown", key, listening);
  return () => {
    end();
    stop.abort();
    said.remove();
  };

  function press(event) {
    const grip = event.target.closest?.(".wannb-grip");
    const form = el.closest(".wannb-form");
    if (!grip || !form || grip.closest(".wannb-form") !== form || model.get("disabled") || event.button > 0) return;
    const card = grip.closest(".wannb-frame");
    const cards = [...card.parentElement.children].filter((each) => each.classList.contains("wannb-frame"));
    event.preventDefault();
    end();
    drag = { card, cards, from: cards.indexOf(card), to: cards.indexOf(card), x: event.clientX, y: event.clientY };
    drag.pointer = event.pointerId;
    drag.scroller = scroller(card);
    drag.top = drag.scroller.scrollTop;
    card.classList.add("wannb-dragged");
  }

  function move(event) {
    if (!drag || event.pointerId !== drag.pointer) return;
    event.preventDefault();
    scroll(event.clientY);
    const down = drag.scroller.scrollTop - drag.top;
    drag.card.style.transform = `translate(${event.clientX - drag.x}px, ${event.clientY - drag.y + down}px)`;
    mark(place(event.clientX, event.clientY));
  }

  function drop(event) {
    if (!drag || event.pointerId !== drag.pointer) return;
    const { from, to } = drag;
    end();
    if (from !== to) send(model, { kind: "move", from: from + 1, to: to + 1 });
  }

  function key(event) {
    if (drag && event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      end();
    }
  }

  function end() {
    if (!drag) return;
    drag.card.classList.remove("wannb-dragged");
    drag.card.style.transform = "";
    mark(drag.from);
    drag = null;
  }

  /** Return the place that the card would have among the others. */
  function place(x, y) {
    const others = drag.cards.map((card, index) => ({ index, box: card.getBoundingClientRect() }));
    const far = ({ box }) => Math.hypot(Math.max(box.left - x, 0, x - box.right), Math.max(box.top - y, 0, y - box.bottom));
    const found = others.filter(({ index }) => index !== drag.from).sort((a, b) => far(a) - far(b))[0];
    if (!found || far({ box: home() }) < far(found)) return drag.from;
    return found.index;
  }

  /** Return where the card was taken from. */
  function home() {
    const shown = drag.card.style.transform;
    drag.card.style.transform = "";
    const box = drag.card.getBoundingClientRect();
    drag.card.style.transform = shown;
    return box;
  }

  function mark(to) {
    drag.to = to;
    drag.cards.forEach((card, index) => {
      card.classList.toggle("wannb-drop-before", index === to && to < drag.from);
      card.classList.toggle("wannb-drop-after", index === to && to > drag.from);
    });
  }

  function scroll(y) {
    const box = drag.scroller === document.scrollingElement
      ? { top: 0, bottom: window.innerHeight } : drag.scroller.getBoundingClientRect();
    if (y < box.top + EDGE) drag.scroller.scrollTop -= STEP;
    else if (y > box.bottom - EDGE) drag.scroller.scrollTop += STEP;
  }

  function scroller(from) {
    for (let each = from.parentElement; each; each = each.parentElement) {
      const { overflowY } = getComputedStyle(each);
      if (/auto|scroll/.test(overflowY) && each.scrollHeight > each.clientHeight + 4) return each;
    }
    return document.scrollingElement;
  }
}

export default { initialize: attend, render };
