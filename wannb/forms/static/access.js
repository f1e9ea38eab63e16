// What ipywidgets leaves out for people who use a keyboard or a screen reader, done in one place for a form and all that
// is in it: states and names of buttons, tabs and their panels, Ctrl+Enter, presses that come after what was written
// before them, the focus when a button goes away, and one voice that says what has changed.

import { attend, element, follow, send, uniqueId } from "./elements.js";

const REACHABLE = "button, input, select, textarea, summary, a[href], [tabindex='0']";
const TYPED = "input:not([type='checkbox']), select, textarea";
/** Milliseconds in which the voice speaks once, and in which a button may follow on one that went away. */
const PAUSE = 3000;
const FOLLOW = 150;

function render({ model, el }) {
  const stop = new AbortController();
  const voice = element("div", { class: "wannb-voice", role: "status", "aria-live": "polite" });
  el.append(voice);
  (function begin() {
    if (stop.signal.aborted) return;
    const root = el.isConnected && el.closest(".wannb-form");
    if (!root) setTimeout(begin, 30);
    // The form that this one stands in sees to both.
    else if (!root.parentElement?.closest(".wannb-form")) tend(model, root, voice, stop.signal);
  })();
  return () => {
    stop.abort();
    voice.remove();
  };
}

/** Look after a form until the signal says stop. */
function tend(model, root, voice, signal) {
  let due = 0;
  const say = speaker(root, voice);
  const held = holder(root, signal);
  const look = () => {
    due = 0;
    mend(root);
    say();
    held();
  };
  const observer = new MutationObserver(() => (due ||= requestAnimationFrame(look)));
  observer.observe(root, { subtree: true, childList: true, attributeFilter: ["class", "title", "disabled", "style"] });
  take(model, root, signal);
  const press = presses(model, root, signal);
  root.addEventListener("keydown", (event) => go(event, press), { signal, capture: true });
  keepInSight(root, signal);
  signal.addEventListener("abort", () => (observer.disconnect(), cancelAnimationFrame(due)));
  look();
}

/** Let the viewer hand a picture of the form over to another form, or to the form itself. */
function take(model, root, signal) {
  const tell = () => (root.dataset.wannbTakers = JSON.stringify(model.get("takers")));
  follow(model, ["takers"], tell, signal);
  root.addEventListener("wannb-use", ({ detail }) => send(model, detail), { signal });
  tell();
}

/** Press the button of the form that has the focus, on Ctrl+Enter or Cmd+Enter. */
function go(event, press) {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  event.stopPropagation();
  // A field that tells its value only when it is left tells it now.
  if (event.target.matches("input, textarea")) event.target.dispatchEvent(new Event("change", { bubbles: true }));
  for (let place = event.target; place; place = place.parentElement) {
    const button = [...place.querySelectorAll("button.wannb-go")].find(inSight);
    if (button) {
      press(button); // one that is off may be on as soon as Python has what was typed
      return;
    }
    if (place.matches(".wannb-form")) return;
  }
}

/**
 * Let presses of buttons come to Python after what was written before them. ipywidgets holds back what is typed while
 * Python is busy with an earlier letter, but sends a press at once, so that half a prompt would be asked and paid for.
 * Python's first answer shows that it is done with the earlier letter, and that the rest is sent; its second one comes
 * after the rest. Until Python was heard once, presses go as they are.
 */
function presses(model, root, signal) {
  const held = new Map();
  let written = 0;
  let arrived = 0;
  let free = null;
  let hears = false;
  const pressed = (event) => event.target.closest("button.widget-button:not(.wannb-get)");
  for (const name of ["input", "change", "keydown", "click", "pointerup"]) {
    root.addEventListener(name, (event) => (written += !pressed(event) && event.key !== "Tab"), { signal, capture: true });
  }
  const ask = (button, last = false) => {
    const id = uniqueId("press");
    held.set(id, { button, upTo: written, last });
    send(model, { kind: "press", id });
  };
  root.addEventListener("click", (event) => {
    const button = pressed(event);
    if (!hears || !button || button === free || (arrived === written && !held.size)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    ask(button);
  }, { signal, capture: true });
  const heard = ({ id }) => {
    hears = true;
    const press = held.get(id);
    if (!held.delete(id)) return;
    arrived = Math.max(arrived, press.upTo);
    // A person who goes on to write is waited for.
    if (arrived < written) return ask(press.button);
    if (!press.last) return ask(press.button, true);
    // After the changes of the page that came before this answer.
    setTimeout(() => {
      free = press.button;
      free.click();
      free = null;
    });
  };
  model.on("msg:custom", heard);
  signal.addEventListener("abort", () => model.off("msg:custom", heard));
  send(model, { kind: "press" });
  return (button) => (hears ? ask(button) : button.click());
}

/** Buttons, and what they show, which may be far from them on a phone. */
const SHOWN_BY = {
  ".wannb-historyform :is(.wannb-run, .wannb-chosen) button": ".wannb-results",
  ".wannb-go": ".wannb-status",
  ".wannb-open": ".wannb-columns",
};

/**
 * Keep a button in sight that was pressed by a key, and what has the focus after it, when what comes of the press needs
 * room above, and bring into sight what a click shows; a person may scroll away.
 */
function keepInSight(root, signal) {
  let pressed = null, shows = null;
  const stay = () => pressed === document.activeElement && pressed?.scrollIntoView({ block: "nearest" });
  root.addEventListener("keydown", ({ key, target }) => {
    pressed = key === "Enter" || key === " " ? target : null;
  }, { signal, capture: true });
  root.addEventListener("focusin", ({ target }) => (pressed &&= target), { signal });
  root.addEventListener("click", ({ target }) => {
    const place = Object.entries(SHOWN_BY).find(([button]) => target.closest(button))?.[1];
    const shown = place && target.closest(".wannb-form").querySelector(place);
    if (!shown) return;
    shows?.disconnect();
    shows = new MutationObserver(() => {
      const { top, bottom, height } = shown.getBoundingClientRect();
      if (!height) return;
      shows.disconnect();
      if (top < innerHeight - 60 && bottom > 60) return;
      pressed = null;
      shown.scrollIntoView();
    });
    shows.observe(shown, { subtree: true, childList: true, attributeFilter: ["style"] });
  }, { signal });
  for (const name of ["wheel", "pointerdown"]) addEventListener(name, () => (pressed = null), { signal, capture: true, passive: true });
  const sizes = new ResizeObserver(stay);
  sizes.observe(root);
  signal.addEventListener("abort", () => (sizes.disconnect(), shows?.disconnect()));
}

/** Give every part the state and the name that a screen reader says. */
function mend(root) {
  const all = (selector, act) => root.querySelectorAll(selector).forEach(act);
  const title = root.querySelector(".wannb-heading :is(h2, h3)");
  if (title) put(root, { role: "region", "aria-label": title.textContent });
  // JupyterLab takes the keys of a focused element that has no such mark.
  all(":is(input, textarea, select, button):not([data-lm-suppress-shortcuts])", (one) => put(one, { "data-lm-suppress-shortcuts": "true" }));
  all("[title='null'], [title='']", (one) => one.removeAttribute("title"));
  all("[tabbable='null']", (one) => one.removeAttribute("tabbable"));
  all(".widget-toggle-buttons", (one) => put(one, { role: "group", "aria-label": one.querySelector("label")?.textContent }));
  all(".widget-toggle-button:not(.wannb-disclosure), .wannb-choice", (one) => {
    put(one, { "aria-pressed": String(one.matches(".mod-active, .wannb-chosen")) });
  });
  all(".wannb-disclosure", (one) => {
    put(one, { "aria-expanded": String(one.matches(".mod-active")), "aria-controls": idOf(one.nextElementSibling) });
  });
  all(".widget-tab", (one) => {
    const panels = [...(one.querySelector(":scope > .widget-tab-contents")?.children ?? [])];
    [...one.querySelectorAll(":scope > .lm-TabBar .lm-TabBar-tab")].forEach((tab, place) => {
      put(tab, { "aria-selected": String(tab.matches(".lm-mod-current")), "aria-controls": idOf(panels[place]) });
      if (panels[place]) put(panels[place], { role: "tabpanel", "aria-labelledby": idOf(tab) });
    });
  });
  all(".wannb-control", (one) => {
    const told = [...one.querySelectorAll(".wannb-problems, .wannb-reason")].filter((text) => text.textContent);
    const about = told.filter((text) => text.closest(".wannb-control") === one).map(idOf).join(" ");
    const input = one.querySelector("input:not([type='file']), textarea");
    if (input?.closest(".wannb-control") === one) {
      put(input, { "aria-describedby": about, "aria-invalid": told.some((text) => text.matches(".wannb-problems")) && "true" });
    }
  });
}

/** Set attributes that are not so yet; an empty value takes one away. */
function put(one, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (!value) one.removeAttribute(name);
    else if (one.getAttribute(name) !== value) one.setAttribute(name, value);
  }
}

/** Return the id of an element, which gets one if it has none. */
function idOf(one) {
  if (one && !one.id) one.id = uniqueId("part");
  return one?.id;
}

function inSight(one) {
  return one.isConnected && one.getClientRects().length > 0;
}

/** Return a function that says, once and not too often, what elements with the class `wannb-say` have come to say. */
function speaker(root, voice) {
  let heard = null;
  let timer = 0;
  let last = 0;
  return () => {
    const told = [...root.querySelectorAll(".wannb-say")].filter(inSight).map((one) => one.textContent.trim());
    const news = heard && told.filter((text) => text && !heard.includes(text)).join(". ");
    heard = told;
    if (!news) return;
    clearTimeout(timer);
    timer = setTimeout(() => {
      last = performance.now();
      voice.textContent = news;
    }, Math.max(0, last + PAUSE - performance.now()));
  };
}

/**
 * Return a function that finds another place for the focus when the element that had it went away, and brings it back
 * when that one can be used again, as a button after its work, unless a person has done something meanwhile.
 */
function holder(root, signal) {
  let last = null;
  let path = [];
  let timer = 0;
  let home = null;
  let found = null;
  const usable = (one) => inSight(one) && !one.disabled;
  // Where the focus goes that nobody has: the page, or what of JupyterLab stands around the form.
  const lost = () => document.activeElement === null || document.activeElement.contains(root) || document.activeElement === last;
  const give = (one) => {
    one?.focus({ preventScroll: true });
    if (one?.matches(":focus-visible")) one.scrollIntoView({ block: "nearest" });
  };
  root.addEventListener("focusin", ({ target }) => {
    [last, path] = [target, []];
    if (target !== found) home = null;
    for (let one = target; one !== root; one = one.parentElement) {
      path.push([one.parentElement, [...one.parentElement.children].indexOf(one)]);
    }
  }, { signal });
  for (const name of ["keydown", "pointerdown"]) root.addEventListener(name, () => (home = null), { signal, capture: true });
  root.addEventListener("focusout", ({ target }) => {
    // A person went elsewhere.
    setTimeout(() => target === last && usable(target) && document.activeElement !== target && (last = null));
  }, { signal });
  return () => {
    if (home && usable(home) && document.activeElement === found) return give(home);
    if (last === null || usable(last) || timer) return;
    timer = setTimeout(() => {
      timer = 0;
      if (last === null || !lost() || signal.aborted) return;
      // It was off for a moment only, and the browser took the focus away from it all the same.
      if (usable(last)) return void (document.activeElement !== last && give(last));
      home ??= last;
      found = usable(home) ? home : successor(path, usable);
      give(found);
    }, FOLLOW);
  };
}

/** Return what can be used next to the place of an element: after it, before it, or further out. */
function successor(path, usable) {
  // On a screen that is touched a text field would open the keyboard.
  const apt = (one) => usable(one) && !(matchMedia("(pointer: coarse)").matches && one.matches(TYPED));
  for (const [place, at] of path) {
    if (!inSight(place)) continue;
    const children = [...place.children];
    for (const one of [...children.slice(at), ...children.slice(0, at).reverse()]) {
      const found = [one, ...one.querySelectorAll(REACHABLE)].find((each) => each.matches(REACHABLE) && apt(each));
      if (found) return found;
    }
  }
  return null;
}

export default { initialize: attend, render };
