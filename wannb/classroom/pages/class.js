// Shared by both pages: words, requests with a code in place of a cookie, and news as server-sent events.
const zh = document.documentElement.lang === "zh";
export const say = (en, chinese, values = {}) =>
  (zh ? chinese : en).replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);
export const $ = id => document.getElementById(id);

export function element(name, facts = {}, ...inside) {
  const made = Object.assign(document.createElement(name), facts);
  made.append(...inside.filter(one => one !== ""));
  return made;
}

export async function ask(code, path, body) {
  const answer = await fetch(path, {
    method: body === undefined ? "GET" : "POST", cache: "no-store",
    headers: { authorization: `Bearer ${code}`, ...(body === undefined ? {} : { "content-type": "application/json" }) },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const said = await answer.json().catch(() => ({}));
  if (!answer.ok) throw Object.assign(new Error(said.message || `HTTP ${answer.status}`), { status: answer.status });
  return said;
}

// EventSource sends no header, and a code in an address would stand in logs.
export async function news(code, hear, lost) {
  for (;;) {
    try {
      const answer = await fetch("class/events", { headers: { authorization: `Bearer ${code}` } });
      if (answer.status === 401) return lost(true);
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      for (let text = "";;) {
        const { value, done } = await reader.read();
        if (done) break;
        const parts = (text += value).split("\n\n");
        text = parts.pop();
        if (parts.length) { lost(false); hear(JSON.parse(parts.at(-1).replace(/^data: /, ""))); }
      }
    } catch { /* the class is stopped, or the network is */ }
    lost(null);
    await new Promise(done => setTimeout(done, 2000));
  }
}

// Writes only what changed: a screen reader says what is written, and what has the focus stays.
export function list(place, rows, key, make) {
  const before = new Map([...place.children].map(one => [one.dataset.key, one]));
  rows.forEach((row, number) => {
    const name = String(key(row)), text = JSON.stringify(row);
    let one = before.get(name);
    before.delete(name);
    if (!one || one.dataset.row !== text) {
      const fresh = make(row);
      Object.assign(fresh.dataset, { key: name, row: text });
      if (one) one.replaceWith(fresh);
      one = fresh;
    }
    if (place.children[number] !== one) place.insertBefore(one, place.children[number] ?? null);
  });
  before.forEach(one => one.remove());
}
