// The arithmetic of boxes: between screen and picture, and what a drag, a key or a typed number makes of a box.
//
// A box is [x1, y1, x2, y2], whole pixels of the original picture, 0 <= x1 < x2 <= width, 0 <= y1 < y2 <= height.
// Numbers called `shown` are CSS pixels from the shown picture's top left corner. A side that is not known is Infinity.

export const MAX_BOXES = 2;

export function clamp(value, low, high) {
  return Math.min(high, Math.max(low, value));
}

/** Return the place in the picture, not rounded, of a place in the window; beyond the border it is the border. */
export function toPicture(client, start, length, size) {
  return clamp(((client - start) / length) * size, 0, size);
}

/** Return the longest way a picture is shown, in CSS pixels: whole, and small ones large enough to draw on. */
export function shownWidth(width, height) {
  const fit = Math.min(1024 / width, 560 / height);
  return width * Math.min(fit, Math.max(1, 480 / Math.max(width, height)));
}

/** Return four numbers as a legal box: whole, uncrossed, inside the picture, at least one pixel each way. */
export function legal(box, width, height) {
  const [x1, x2] = span(Math.round(box[0]), Math.round(box[2]), width, 1);
  const [y1, y2] = span(Math.round(box[1]), Math.round(box[3]), height, 1);
  return [x1, y1, x2, y2];
}

// From a fixed edge to a moving one; where both meet, the moving one stays a pixel off on the given side.
function span(fixed, moving, size, side) {
  const a = clamp(fixed, 0, size);
  let b = clamp(moving, 0, size);
  if (a === b) {
    b = a + side < 0 || a + side > size ? a - side : a + side;
  }
  return a < b ? [a, b] : [b, a];
}

/** Return the box between two places of the picture, as a drag on an empty place draws it. */
export function drawn(from, to, width, height) {
  return legal([from.x, from.y, to.x, to.y], width, height);
}

/** Return the box moved by so many pixels, as far as the border lets it; its size stays. */
export function moved(box, dx, dy, width, height) {
  const x = clamp(box[0] + Math.round(dx), 0, width - (box[2] - box[0]));
  const y = clamp(box[1] + Math.round(dy), 0, height - (box[3] - box[1]));
  return [x, y, x + box[2] - box[0], y + box[3] - box[1]];
}

/** Return the box with the edges that a grip names ("e", "nw") at a place; over the opposite edge they swap. */
export function resized(box, grip, to, width, height) {
  let [x1, y1, x2, y2] = box;
  if (grip.includes("w")) [x1, x2] = span(x2, Math.round(to.x), width, -1);
  if (grip.includes("e")) [x1, x2] = span(x1, Math.round(to.x), width, 1);
  if (grip.includes("n")) [y1, y2] = span(y2, Math.round(to.y), height, -1);
  if (grip.includes("s")) [y1, y2] = span(y1, Math.round(to.y), height, 1);
  return [x1, y1, x2, y2];
}

/** Return the box with its right and bottom edges moved by so many pixels; they stop a pixel before the others. */
export function grown(box, dx, dy, width, height) {
  return [box[0], box[1], clamp(box[2] + dx, box[0] + 1, width), clamp(box[3] + dy, box[1] + 1, height)];
}

/** Return a box of a quarter of each side in the middle, a step aside if one of the others lies exactly there. */
export function middle(width, height, others) {
  const [w, h] = [Math.max(1, Math.round(width / 4)), Math.max(1, Math.round(height / 4))];
  const [x, y] = [Math.floor((width - w) / 2), Math.floor((height - h) / 2)];
  const box = [x, y, x + w, y + h];
  const taken = others.some((other) => same(other, box));
  return taken ? moved(box, Math.max(1, width / 16), Math.max(1, height / 16), width, height) : box;
}

export function same(a, b) {
  return a.length === b.length && a.every((value, index) => value === b[index]);
}

/**
 * Return what a place of the shown picture holds, the top one first: [{index, grip}, ...]; an empty place holds nothing.
 *
 * The selected box is on top, then the smaller ones, so that a box inside another can be taken. `reach` is how far an
 * edge can be taken from, outside and inside; inside it leaves the middle third of a box for moving.
 */
export function hits(boxes, selected, x, y, scaleX, scaleY, reach) {
  return order(boxes, selected)
    .map((index) => ({ index, grip: gripAt(boxes[index], x, y, scaleX, scaleY, reach) }))
    .filter(({ grip }) => grip);
}

/** Return the boxes' indexes from the top one down. */
export function order(boxes, selected) {
  const area = (index) => (boxes[index][2] - boxes[index][0]) * (boxes[index][3] - boxes[index][1]);
  const rank = (index) => (index === selected ? -1 : area(index));
  return boxes.map((_, index) => index).sort((a, b) => rank(a) - rank(b));
}

/** Return "move" inside a box, the edges' letters ("n", "se") near them, "" elsewhere. */
export function gripAt(box, x, y, scaleX, scaleY, reach) {
  const across = zone(x, box[0] * scaleX, box[2] * scaleX, reach);
  const down = zone(y, box[1] * scaleY, box[3] * scaleY, reach);
  if (across === null || down === null) return "";
  return ["n", "", "s"][down + 1] + ["w", "", "e"][across + 1] || "move";
}

// -1 near the low edge, 1 near the high one, 0 between them, null outside.
function zone(at, low, high, reach) {
  if (at < low - reach || at > high + reach) return null;
  const inside = Math.min(reach, (high - low) / 3);
  if (at <= low + inside) return -1;
  return at >= high - inside ? 1 : 0;
}

/** Return the least and the greatest legal number of a box's side, 0 to 3. */
export function bounds(box, side, width, height) {
  const size = side % 2 ? height : width;
  return side < 2 ? [0, box[side + 2] - 1] : [box[side - 2] + 1, size];
}

/** Return the box with a typed text in one side's place, or null while the text is no legal number there. */
export function typed(box, side, text, width, height) {
  const [low, high] = bounds(box, side, width, height);
  const number = Number(text);
  if (text.trim() === "" || !Number.isInteger(number) || number < low || number > high) return null;
  return box.map((value, index) => (index === side ? number : value));
}

/** Return the box with a typed text in one side's place, made legal; a text that is no number changes nothing. */
export function settled(box, side, text, width, height) {
  const number = text.trim() === "" ? NaN : Math.round(Number(text));
  if (!Number.isFinite(number)) return box;
  const [low, high] = bounds(box, side, width, height);
  return box.map((value, index) => (index === side ? clamp(number, low, high) : value));
}
