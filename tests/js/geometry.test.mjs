// The laws of boxes' arithmetic, over random pictures, windows and boxes. Run by `node --test tests/js`.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

// As a data URL it is a module for every version of node, also where a ".js" would be taken for CommonJS.
const source = readFileSync(new URL("../../wannb/forms/static/geometry.js", import.meta.url));
const {
  bounds, clamp, drawn, gripAt, grown, hits, legal, middle, moved, order, resized, same, settled, shownWidth, toPicture,
  typed,
} = await import(`data:text/javascript;base64,${source.toString("base64")}`);

// A small generator with a fixed seed, so that a failure can be seen again.
let state = 20270406;
function random() {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
}
/** Return the place in the window of a place in the picture. */
const toClient = (place, start, length, size) => start + (place / size) * length;
const between = (low, high) => low + random() * (high - low);
const whole = (low, high) => Math.floor(between(low, high + 1));

function picture() {
  return { width: whole(1, 8000), height: whole(1, 8000) };
}

function boxIn({ width, height }) {
  const x1 = whole(0, width - 1);
  const y1 = whole(0, height - 1);
  return [x1, y1, whole(x1 + 1, width), whole(y1 + 1, height)];
}

function isLegal(box, { width, height }) {
  return box.every(Number.isInteger) && 0 <= box[0] && box[0] < box[2] && box[2] <= width
    && 0 <= box[1] && box[1] < box[3] && box[3] <= height;
}

function assertLegal(box, of) {
  assert.ok(isLegal(box, of), `${box} in ${of.width} x ${of.height}`);
}

test("an edge's place on the screen leads back to the same pixel, however it is shown", () => {
  for (let turn = 0; turn < 20000; turn += 1) {
    const size = whole(1, 8000);
    const edge = whole(0, size);
    const [start, length] = [between(-5000, 20000), between(100, 3000)];
    const client = toClient(edge, start, length, size);
    assert.equal(Math.round(toPicture(client, start, length, size)), edge, `${edge} of ${size} at ${start} + ${length}`);
  }
});

test("a pointer on whole screen pixels is off by half a screen pixel at most", () => {
  for (let turn = 0; turn < 20000; turn += 1) {
    const size = whole(1, 8000);
    const edge = whole(0, size);
    const [start, length] = [between(-50, 2000), between(100, 3000)];
    const client = Math.round(toClient(edge, start, length, size));
    const off = Math.abs(toPicture(client, start, length, size) - edge);
    assert.ok(off <= (0.5 * size) / length + 1e-6, `${off} of ${size} at ${length}`);
  }
});

test("at the border and beyond it a place is exactly 0 or the side", () => {
  for (let turn = 0; turn < 2000; turn += 1) {
    const size = whole(1, 8000);
    const [start, length, beyond] = [between(-50, 2000), between(100, 3000), between(0, 4000)];
    assert.equal(toPicture(start - beyond, start, length, size), 0);
    assert.equal(Math.round(toPicture(start + length + beyond, start, length, size)), size);
  }
});

test("four numbers of any kind become a legal box, and a legal box stays", () => {
  for (let turn = 0; turn < 5000; turn += 1) {
    const of = picture();
    const wild = Array.from({ length: 4 }, () => between(-9000, 17000));
    assertLegal(legal(wild, of.width, of.height), of);
    const box = boxIn(of);
    assert.deepEqual(legal(box, of.width, of.height), box);
    assert.deepEqual(legal([box[2], box[3], box[0], box[1]], of.width, of.height), box);
  }
});

test("a drag draws the pixels under its two ends, in whatever direction it goes", () => {
  for (let turn = 0; turn < 5000; turn += 1) {
    const of = picture();
    const box = boxIn(of);
    const [a, b] = [{ x: box[0], y: box[1] }, { x: box[2], y: box[3] }];
    const [c, d] = [{ x: box[2], y: box[1] }, { x: box[0], y: box[3] }];
    for (const [from, to] of [[a, b], [b, a], [c, d], [d, c]]) {
      assert.deepEqual(drawn(from, to, of.width, of.height), box);
    }
  }
  assert.deepEqual(drawn({ x: 10, y: 10 }, { x: 10.2, y: 30 }, 100, 100), [10, 10, 11, 30]);
  assert.deepEqual(drawn({ x: 100, y: 100 }, { x: 100, y: 100 }, 100, 100), [99, 99, 100, 100]);
});

test("moving keeps the size exactly and stops at the border", () => {
  for (let turn = 0; turn < 5000; turn += 1) {
    const of = picture();
    const box = boxIn(of);
    const [dx, dy] = [between(-9000, 9000), between(-9000, 9000)];
    const result = moved(box, dx, dy, of.width, of.height);
    assertLegal(result, of);
    assert.deepEqual([result[2] - result[0], result[3] - result[1]], [box[2] - box[0], box[3] - box[1]]);
    const free = box[0] + Math.round(dx);
    if (free >= 0 && free + box[2] - box[0] <= of.width) assert.equal(result[0], free);
    else assert.ok(result[0] === 0 || result[2] === of.width);
  }
});

test("resizing puts just the named edges at the pointer, swaps over the opposite one and never empties the box", () => {
  for (let turn = 0; turn < 5000; turn += 1) {
    const of = picture();
    const box = boxIn(of);
    const to = { x: between(0, of.width), y: between(0, of.height) };
    for (const grip of ["n", "ne", "e", "se", "s", "sw", "w", "nw"]) {
      const result = resized(box, grip, to, of.width, of.height);
      assertLegal(result, of);
      const [x, y] = [Math.round(to.x), Math.round(to.y)];
      const fixed = { x: grip.includes("w") ? box[2] : box[0], y: grip.includes("n") ? box[3] : box[1] };
      if (!/[we]/.test(grip)) assert.deepEqual([result[0], result[2]], [box[0], box[2]]);
      else if (x !== fixed.x) assert.deepEqual([result[0], result[2]], [Math.min(x, fixed.x), Math.max(x, fixed.x)]);
      if (!/[ns]/.test(grip)) assert.deepEqual([result[1], result[3]], [box[1], box[3]]);
      else if (y !== fixed.y) assert.deepEqual([result[1], result[3]], [Math.min(y, fixed.y), Math.max(y, fixed.y)]);
    }
  }
});

test("an edge on the opposite one stays a pixel off, on its own side while there is room", () => {
  assert.deepEqual(resized([10, 10, 20, 20], "e", { x: 10, y: 0 }, 100, 100), [10, 10, 11, 20]);
  assert.deepEqual(resized([10, 10, 20, 20], "w", { x: 20, y: 0 }, 100, 100), [19, 10, 20, 20]);
  assert.deepEqual(resized([10, 10, 20, 20], "nw", { x: 20, y: 20 }, 100, 100), [19, 19, 20, 20]);
  assert.deepEqual(resized([0, 0, 20, 20], "e", { x: 0, y: 0 }, 100, 100), [0, 0, 1, 20]);
  assert.deepEqual(resized([90, 0, 100, 20], "w", { x: 100, y: 0 }, 100, 100), [99, 0, 100, 20]);
});

test("keys grow a box by its right and bottom edges, between one pixel and the border", () => {
  assert.deepEqual(grown([10, 10, 20, 20], 1, 0, 100, 100), [10, 10, 21, 20]);
  assert.deepEqual(grown([10, 10, 20, 20], 0, -10, 100, 100), [10, 10, 20, 11]);
  assert.deepEqual(grown([10, 10, 20, 20], 999, 999, 100, 90), [10, 10, 100, 90]);
});

test("a made box is a quarter of each side in the middle, and not exactly on another one", () => {
  assert.deepEqual(middle(2048, 1536, []), [768, 576, 1280, 960]);
  for (let turn = 0; turn < 2000; turn += 1) {
    const of = { width: whole(240, 8000), height: whole(240, 8000) };
    const first = middle(of.width, of.height, []);
    const second = middle(of.width, of.height, [first]);
    assertLegal(first, of);
    assertLegal(second, of);
    assert.ok(!same(first, second));
  }
});

test("edges and corners are taken from outside and inside, the middle moves", () => {
  for (let turn = 0; turn < 5000; turn += 1) {
    const reach = random() < 0.5 ? 10 : 22;
    const [sx, sy] = [between(0.05, 3), between(0.05, 3)];
    const box = [whole(100, 1000), whole(100, 1000), 0, 0];
    box[2] = box[0] + Math.ceil((between(3, 12) * reach) / sx);
    box[3] = box[1] + Math.ceil((between(3, 12) * reach) / sy);
    const [x1, y1, x2, y2] = [box[0] * sx, box[1] * sy, box[2] * sx, box[3] * sy];
    const [mx, my] = [(x1 + x2) / 2, (y1 + y2) / 2];
    const at = (x, y) => gripAt(box, x, y, sx, sy, reach);
    const off = reach * between(-0.98, 0.98);
    assert.equal(at(x1 + off, my), "w");
    assert.equal(at(x2 + off, my), "e");
    assert.equal(at(mx, y1 + off), "n");
    assert.equal(at(mx, y2 + off), "s");
    assert.equal(at(x1 + off, y1 - off), "nw");
    assert.equal(at(x2 + off, y1 + off), "ne");
    assert.equal(at(x1 - off, y2 + off), "sw");
    assert.equal(at(x2 + off, y2 + off), "se");
    assert.equal(at(mx, my), "move");
    assert.equal(at(x1 - reach - 0.1, my), "");
    assert.equal(at(mx, y2 + reach + 0.1), "");
  }
});

test("a box smaller than the reach can still be moved by its middle", () => {
  assert.equal(gripAt([10, 10, 16, 16], 13, 13, 1, 1, 22), "move");
});

test("of two boxes the selected one is hit first, then the one inside the other", () => {
  const [outer, inner] = [[100, 100, 900, 900], [400, 400, 500, 500]];
  const at = (boxes, selected, x, y) => hits(boxes, selected, x, y, 1, 1, 10).map((hit) => hit.index);
  for (const boxes of [[outer, inner], [inner, outer]]) {
    const [o, i] = [boxes.indexOf(outer), boxes.indexOf(inner)];
    assert.deepEqual(at(boxes, -1, 450, 450), [i, o]);
    assert.deepEqual(at(boxes, o, 450, 450), [o, i]);
    assert.deepEqual(at(boxes, i, 450, 450), [i, o]);
    assert.deepEqual(at(boxes, -1, 200, 200), [o]);
    assert.deepEqual(at(boxes, -1, 50, 50), []);
    assert.deepEqual(order(boxes, -1), [i, o]);
  }
});

test("a typed number counts as soon as it is legal, and never moves another side", () => {
  const box = [200, 100, 900, 800];
  assert.deepEqual(typed(box, 2, "1000", 2048, 1536), [200, 100, 1000, 800]);
  for (const text of ["", " ", "-", "200", "199", "2049", "12.5", "1e", "NaN", "Infinity"]) {
    assert.equal(typed(box, 2, text, 2048, 1536), null, text);
  }
  assert.deepEqual(typed(box, 2, "9999", Infinity, Infinity), [200, 100, 9999, 800]);
  assert.deepEqual(bounds(box, 0, 2048, 1536), [0, 899]);
  assert.deepEqual(bounds(box, 3, 2048, 1536), [101, 1536]);
});

test("a left field holds the nearest legal number, or the one before if it held none", () => {
  const box = [200, 100, 900, 800];
  assert.deepEqual(settled(box, 2, "5", 2048, 1536), [200, 100, 201, 800]);
  assert.deepEqual(settled(box, 0, "99999", 2048, 1536), [899, 100, 900, 800]);
  assert.deepEqual(settled(box, 1, "-7", 2048, 1536), [200, 0, 900, 800]);
  assert.deepEqual(settled(box, 3, "700.6", 2048, 1536), [200, 100, 900, 701]);
  for (const text of ["", " ", "-", "abc"]) assert.deepEqual(settled(box, 2, text, 2048, 1536), box);
  for (let turn = 0; turn < 3000; turn += 1) {
    const of = picture();
    const any = boxIn(of);
    const result = settled(any, whole(0, 3), String(between(-9999, 19999)), of.width, of.height);
    assertLegal(result, of);
    assert.ok(result.filter((value, index) => value !== any[index]).length <= 1);
  }
});

test("a picture is shown no larger than 1024 by 560, and a small one large enough to draw on", () => {
  for (let turn = 0; turn < 2000; turn += 1) {
    const { width, height } = { width: whole(240, 8000), height: whole(240, 8000) };
    const shown = shownWidth(width, height);
    assert.ok(shown <= 1024 + 1e-9 && (shown * height) / width <= 560 + 1e-9);
    assert.ok(Math.max(shown, (shown * height) / width) >= 480 - 1e-9);
  }
  assert.equal(clamp(5, 0, 3), 3);
});
