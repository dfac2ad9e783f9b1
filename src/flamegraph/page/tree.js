// From weights to a tree that can be drawn. A raw tree has its nodes in any order in which parents
// come before children: {count, frame, parent, self, base}; `base` are the weights of the range
// that is compared with, or null. lay() makes of it what the graph draws.

class Growing {
  constructor(Type, capacity = 1024) {
    this.array = new Type(capacity);
    this.length = 0;
  }
  push(value) {
    if (this.length === this.array.length) {
      const more = new this.array.constructor(2 * this.length);
      more.set(this.array);
      this.array = more;
    }
    this.array[this.length++] = value;
  }
  done() {
    return this.array.subarray(0, this.length);
  }
}

// A raw tree in the making: equal frames under one parent are one node.
class Trie {
  constructor(withBase) {
    this.frame = new Growing(Int32Array);
    this.parent = new Growing(Int32Array);
    this.self = new Growing(Float64Array);
    this.base = withBase ? new Growing(Float64Array) : null;
    this.slots = new Int32Array(4096).fill(NONE);
  }
  child(parent, frame) {
    const {slots} = this;
    const mask = slots.length - 1;
    let at = this.hash(parent, frame) & mask;
    for (; slots[at] !== NONE; at = (at + 1) & mask) {
      const node = slots[at];
      if (this.parent.array[node] === parent && this.frame.array[node] === frame) return node;
    }
    const node = this.frame.length;
    slots[at] = node;
    this.frame.push(frame);
    this.parent.push(parent);
    this.self.push(0);
    if (this.base) this.base.push(0);
    if (2 * this.frame.length > slots.length) this.grow();
    return node;
  }
  add(node, self, base) {
    this.self.array[node] += self;
    if (this.base) this.base.array[node] += base;
  }
  raw() {
    return {count: this.frame.length, frame: this.frame.done(), parent: this.parent.done(),
            self: this.self.done(), base: this.base ? this.base.done() : null};
  }
  hash(parent, frame) {
    let hash = Math.imul(parent + 1, 0x9e3779b1) ^ Math.imul(frame + 1, 0x85ebca6b);
    hash ^= hash >>> 15;
    hash = Math.imul(hash, 0x2c1b3c6d);
    return hash ^ (hash >>> 13);
  }
  grow() {
    const mask = 2 * this.slots.length - 1;
    this.slots = new Int32Array(mask + 1).fill(NONE);
    for (let node = 0; node < this.frame.length; node++) {
      let at = this.hash(this.parent.array[node], this.frame.array[node]) & mask;
      while (this.slots[at] !== NONE) at = (at + 1) & mask;
      this.slots[at] = node;
    }
  }
}

function rawOf(model, self, base) {
  return {count: model.nodes, frame: model.frame, parent: model.parent, self, base, byName: true};
}

// edits: {hidden, focused, dropped: Sets of frames, folded: whether recursion is}.
//   hidden    stacks with such a frame are left out
//   focused   stacks without one of them are left out
//   dropped   such frames are left out, and what they weigh is their callers'; one without stays
//   folded    a frame that is on its own stack already is one with it
function edited(raw, edits) {
  const trie = new Trie(raw.base !== null);
  const image = new Int32Array(raw.count).fill(NONE);  // NONE of a node without: see `gone`
  const gone = new Uint8Array(raw.count);
  const inFocus = new Uint8Array(raw.count);
  for (let i = 0; i < raw.count; i++) {
    const parent = raw.parent[i];
    const frame = raw.frame[i];
    if ((parent !== NONE && gone[parent]) || edits.hidden.has(frame)) {
      gone[i] = 1;
      continue;
    }
    inFocus[i] = (parent !== NONE && inFocus[parent]) || edits.focused.has(frame) ? 1 : 0;
    const above = parent === NONE ? NONE : image[parent];
    const dropped = above !== NONE && edits.dropped.has(frame);
    image[i] = dropped ? above : NONE;
    if (edits.folded && !dropped) {
      for (let at = above; at !== NONE && image[i] === NONE; at = trie.parent.array[at]) {
        if (trie.frame.array[at] === frame) image[i] = at;
      }
    }
    if (image[i] === NONE) image[i] = trie.child(above, frame);
    if (edits.focused.size === 0 || inFocus[i]) {
      trie.add(image[i], raw.self[i], raw.base ? raw.base[i] : 0);
    }
  }
  return trie.raw();
}

// The same of one stack, root first; null if it is left out.
function editedPath(path, edits) {
  if (edits.focused.size && !path.some((frame) => edits.focused.has(frame))) return null;
  const kept = [];
  for (const frame of path) {
    if (edits.hidden.has(frame)) return null;
    if (kept.length && edits.dropped.has(frame)) continue;
    const before = edits.folded ? kept.indexOf(frame) : NONE;
    if (before === NONE) kept.push(frame);
    else kept.length = before + 1;
  }
  return kept;
}

// Leaf first: who called each function.
function inverted(raw) {
  const trie = new Trie(raw.base !== null);
  for (let i = 0; i < raw.count; i++) {
    const self = raw.self[i];
    const base = raw.base ? raw.base[i] : 0;
    if (self === 0 && base === 0) continue;
    let node = NONE;
    for (let at = i; at !== NONE; at = raw.parent[at]) node = trie.child(node, raw.frame[at]);
    trie.add(node, self, base);
  }
  return trie.raw();
}

function totalsOf(raw, weights) {
  const totals = Float64Array.from(weights);
  for (let i = raw.count - 1; i >= 0; i--) {
    if (raw.parent[i] !== NONE) totals[raw.parent[i]] += totals[i];
  }
  return totals;
}

// Nodes of a frame that are in no other node of it.
function outermost(raw, frame) {
  const inside = new Uint8Array(raw.count);
  const found = [];
  for (let i = 0; i < raw.count; i++) {
    const parent = raw.parent[i];
    if (parent !== NONE && inside[parent]) inside[i] = 1;
    else if (raw.frame[i] === frame) {
      inside[i] = 1;
      found.push(i);
    }
  }
  return {found, inside};
}

// What a function calls, as a raw tree with the function as its only root.
function calleesOf(raw, frame) {
  const {inside} = outermost(raw, frame);
  const trie = new Trie(raw.base !== null);
  const image = new Int32Array(raw.count).fill(NONE);
  for (let i = 0; i < raw.count; i++) {
    if (!inside[i]) continue;
    const parent = raw.parent[i];
    image[i] = trie.child(parent === NONE ? NONE : image[parent], raw.frame[i]);
    trie.add(image[i], raw.self[i], raw.base ? raw.base[i] : 0);
  }
  return trie.raw();
}

// Who calls it, leaf first.
function callersOf(raw, frame) {
  const total = totalsOf(raw, raw.self);
  const base = raw.base ? totalsOf(raw, raw.base) : null;
  const trie = new Trie(raw.base !== null);
  for (const i of outermost(raw, frame).found) {
    let node = NONE;
    for (let at = i; at !== NONE; at = raw.parent[at]) node = trie.child(node, raw.frame[at]);
    trie.add(node, total[i], base ? base[i] : 0);
  }
  return trie.raw();
}

// Stacks of one thread one after the other, edited: neighbours that begin alike are one node as far
// as they do. Weights are times, in ms; what no sample tells of is a gap, a node of frame NONE.
function inTimeOrder(model, event, thread, range, edits) {
  const first = range ? firstAtLeast(model.time, range.from) : 0;
  const last = range ? firstAtLeast(model.time, range.to) : model.samples;
  const taken = [];
  for (let i = first; i < last; i++) {
    if (model.sampleThread[i] === thread && model.event[model.sampleNode[i]] === event) {
      taken.push(i);
    }
  }
  const frame = new Growing(Int32Array);
  const parent = new Growing(Int32Array);
  const self = new Growing(Float64Array);
  const make = (its, above) => {
    frame.push(its);
    parent.push(above);
    self.push(0);
    return frame.length - 1;
  };
  const step = usualStep(model, taken);
  let open = [];  // the stack before: {frame, node}
  const begin = range ? range.from : taken.length ? model.time[taken[0]] : 0;
  let end = begin;
  for (let n = 0; n < taken.length; n++) {
    const time = model.time[taken[n]];
    const until = n + 1 < taken.length ? Math.min(model.time[taken[n + 1]], time + 2 * step)
                                       : time + step;
    const path = [];
    for (let at = model.sampleNode[taken[n]]; at !== NONE; at = model.parent[at]) {
      path.push(model.frame[at]);
    }
    const shown = editedPath(path.reverse(), edits);
    if (shown === null) continue;  // a gap
    if (time > end) {
      self.array[make(NONE, NONE)] = time - end;
      open = [];
    }
    let same = 0;
    while (same < shown.length && same < open.length && open[same].frame === shown[same]) same++;
    open.length = same;
    while (open.length < shown.length) {
      const above = open.length ? open[open.length - 1].node : NONE;
      const its = shown[open.length];
      open.push({frame: its, node: make(its, above)});
    }
    self.array[open[open.length - 1].node] += until - Math.max(time, end);
    end = until;
  }
  return {count: frame.length, frame: frame.done(), parent: parent.done(), self: self.done(),
          base: null, begin};
}

// The median time between neighbours, or 10 ms.
function usualStep(model, taken) {
  const steps = [];
  for (let n = 1; n < taken.length; n++) steps.push(model.time[taken[n]] - model.time[taken[n - 1]]);
  steps.sort((a, b) => a - b);
  return steps.length ? Math.max(steps[steps.length >> 1], 0.001) : 10;
}

// A tree as it is drawn: node 0 is the root of everything. The nodes of a depth lie together, in
// the order of their places, rows[depth] to rows[depth + 1].
//   order: 'name', 'heavy' (most first), or 'given' (time)
function lay(raw, order) {
  const total = totalsOf(raw, raw.self);
  const base = raw.base ? totalsOf(raw, raw.base) : null;
  const sequence = order === 'given' || (order === 'name' && raw.byName)
      ? null : orderedSequence(raw, total, order);
  // Depth first, from here on by place in the sequence.
  const {count} = raw;
  const start = new Float64Array(count);
  const depth = new Int32Array(count);
  const next = new Float64Array(count);  // where a node's next child begins
  let whole = 0;
  let wholeBase = 0;
  let kept = 0;
  const perDepth = [1];
  for (let n = 0; n < count; n++) {
    const i = sequence ? sequence[n] : n;
    const parent = raw.parent[i];
    if (parent === NONE) wholeBase += base ? base[i] : 0;
    if (total[i] <= 0) continue;
    start[i] = parent === NONE ? whole : next[parent];
    next[i] = start[i];
    if (parent === NONE) whole += total[i];
    else next[parent] += total[i];
    depth[i] = parent === NONE ? 1 : depth[parent] + 1;
    perDepth[depth[i]] = (perDepth[depth[i]] ?? 0) + 1;
    kept++;
  }
  const tree = {
    count: kept + 1, rows: new Int32Array(perDepth.length + 1),
    frame: new Int32Array(kept + 1), parent: new Int32Array(kept + 1),
    start: new Float64Array(kept + 1), total: new Float64Array(kept + 1),
    self: new Float64Array(kept + 1), base: base ? new Float64Array(kept + 1) : null,
    whole, wholeBase, begin: raw.begin ?? 0,
  };
  for (let row = 0; row < perDepth.length; row++) tree.rows[row + 1] = tree.rows[row] + perDepth[row];
  tree.frame[0] = tree.parent[0] = NONE;
  tree.total[0] = whole;
  if (base) tree.base[0] = wholeBase;
  const cursor = tree.rows.slice();
  const place = new Int32Array(count);
  for (let n = 0; n < count; n++) {
    const i = sequence ? sequence[n] : n;
    if (total[i] <= 0) continue;
    const at = cursor[depth[i]]++;
    place[i] = at;
    tree.frame[at] = raw.frame[i];
    tree.parent[at] = raw.parent[i] === NONE ? 0 : place[raw.parent[i]];
    tree.start[at] = start[i];
    tree.total[at] = total[i];
    tree.self[at] = raw.self[i];
    if (base) tree.base[at] = base[i];
  }
  return tree;
}

// Depth first, children by name or by weight.
function orderedSequence(raw, total, order) {
  const {count, frame, parent} = raw;
  const byOrder = order === 'heavy' ? (a, b) => total[b] - total[a] || frame[a] - frame[b]
                                    : (a, b) => frame[a] - frame[b];
  const begin = new Int32Array(count + 2);  // children of node i: begin[i + 1] to begin[i + 2]
  for (let i = 0; i < count; i++) begin[parent[i] + 2]++;
  for (let i = 1; i < begin.length; i++) begin[i] += begin[i - 1];
  const children = new Int32Array(count);
  const cursor = begin.slice();
  for (let i = 0; i < count; i++) children[cursor[parent[i] + 1]++] = i;
  for (let i = -1; i < count; i++) {
    const few = children.subarray(begin[i + 1], begin[i + 2]);
    if (few.length > 1) few.sort(byOrder);
  }
  const sequence = new Int32Array(count);
  const pending = [];
  const push = (i) => {
    for (let c = begin[i + 2] - 1; c >= begin[i + 1]; c--) pending.push(children[c]);
  };
  push(NONE);
  let filled = 0;
  while (pending.length) {
    const i = pending.pop();
    sequence[filled++] = i;
    push(i);
  }
  return sequence;
}

// Self and total of each frame; what is on a stack more than once counts once.
function functionTotals(raw, weights, frames) {
  const total = totalsOf(raw, weights);
  const self = new Float64Array(frames);
  const totals = new Float64Array(frames);
  // The innermost node of each frame on the current path decides: nodes that have their own frame
  // above them are marked, in one walk with the path's frames counted.
  const {count, frame, parent} = raw;
  const onPath = new Int32Array(frames);
  const path = [];
  const sequence = raw.byName ? null : orderedSequence(raw, total, 'name');
  for (let n = 0; n < count; n++) {
    const i = sequence ? sequence[n] : n;
    while (path.length && path[path.length - 1] !== parent[i]) onPath[frame[path.pop()]]--;
    if (onPath[frame[i]]++ === 0) totals[frame[i]] += total[i];
    self[frame[i]] += weights[i];
    path.push(i);
  }
  return {self, total: totals};
}
