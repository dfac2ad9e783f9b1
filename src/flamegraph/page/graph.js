// A tree on a canvas: drawing, zooming, and what is under the pointer. Only what can be seen is
// looked at: rows by number, in a row the frames by binary search, and frames that are narrower
// than a pixel as one.

const ROW = 18;         // px, with the line between rows
const PAD = 4;          // px, left and right of a text
const LEAST_TEXT = 24;  // px; narrower frames have none
const NARROW = 0.6;     // px; what is narrower is drawn together
const FADED = '~';      // before the colour of what was zoomed past

const FONT = '12px system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif';

class Graph {
  // options: {canvas, downward, onChoose(node), onHover(node, event), onMenu(node, event), colourOf}
  constructor(options) {
    Object.assign(this, options);
    this.context = this.canvas.getContext('2d');
    this.tree = null;
    this.from = 0;  // what is seen: weights from..to of the tree's whole
    this.to = 1;
    this.scroll = 0;
    this.zoomed = 0;   // a node
    this.focused = 0;  // a node that the keyboard is at
    this.hovered = NONE;
    this.matches = null;  // Uint8Array by frame
    this.widths = new Map();
    this.frameTime = 0;
    this.listen();
  }

  show(tree, keep) {
    const path = keep && this.tree ? this.pathOf(this.zoomed) : [];
    this.tree = tree;
    this.hovered = NONE;
    this.focused = 0;
    this.zoomed = this.nodeOf(path);
    [this.from, this.to] = this.spanOf(this.zoomed);
    this.scroll = 0;
    this.clampScroll();
    this.draw();
  }

  pathOf(node) {
    const path = [];
    for (; node > 0; node = this.tree.parent[node]) path.push(this.tree.frame[node]);
    return path.reverse();
  }

  // The node that a path of frames leads to, as far as there is one.
  nodeOf(path) {
    let node = 0;
    for (let row = 1; row <= path.length; row++) {
      const found = this.childrenOf(node, row).find((child) => this.tree.frame[child] === path[row - 1]);
      if (found === undefined) return node;
      node = found;
    }
    return node;
  }

  childrenOf(node, row) {
    const {tree} = this;
    if (row + 1 >= tree.rows.length) return [];
    const found = [];
    const end = tree.start[node] + tree.total[node];
    for (let at = firstAtLeast(tree.start, tree.start[node], tree.rows[row], tree.rows[row + 1]);
         at < tree.rows[row + 1] && tree.start[at] < end; at++) {
      if (tree.parent[at] === node) found.push(at);
    }
    return found;
  }

  spanOf(node) {
    const {tree} = this;
    return tree.whole ? [tree.start[node], tree.start[node] + tree.total[node]] : [0, 1];
  }

  depthOf(node) {
    let depth = 0;
    for (; node > 0; node = this.tree.parent[node]) depth++;
    return depth;
  }

  get rowsCount() {
    return this.tree ? this.tree.rows.length - 1 : 0;
  }

  resize() {
    const {canvas} = this;
    const ratio = window.devicePixelRatio || 1;
    this.width = canvas.clientWidth;
    this.height = canvas.clientHeight;
    const wide = Math.round(this.width * ratio);
    const high = Math.round(this.height * ratio);
    if (canvas.width !== wide || canvas.height !== high) {
      canvas.width = wide;
      canvas.height = high;
    }
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
  }

  draw() {
    if (this.pending) return;
    this.pending = requestAnimationFrame(() => {
      this.pending = 0;
      this.drawNow();
    });
  }

  // y of the upper edge of a row of frames.
  rowTop(row) {
    return this.downward ? row * ROW - this.scroll
                         : this.height - (row + 1) * ROW + this.scroll;
  }

  clampScroll() {
    this.resize();
    this.scroll = Math.max(0, Math.min(this.scroll, this.rowsCount * ROW - this.height));
  }

  drawNow() {
    const began = performance.now();
    this.resize();
    const {context: c, tree, width, height} = this;
    const style = themeNow();
    c.fillStyle = style.background;
    c.fillRect(0, 0, width, height);
    this.drawn = 0;
    if (!tree || tree.whole === 0) {
      c.fillStyle = style.quiet;
      c.font = FONT;
      c.fillText(this.emptyText ?? 'No stacks here', 8, 22);
      return;
    }
    c.font = FONT;
    c.textBaseline = 'middle';
    const batches = new Map();  // a colour → x, y, width, …
    const texts = [];
    const first = Math.max(0, Math.floor(this.scroll / ROW));
    const last = Math.min(this.rowsCount, Math.ceil((this.scroll + height) / ROW) + 1);
    for (let row = first; row < last; row++) this.collectRow(row, batches, texts);
    for (const [key, rects] of batches) {
      const faded = key.startsWith(FADED);
      c.globalAlpha = faded ? 0.45 : 1;
      c.fillStyle = faded ? key.slice(FADED.length) : key;
      for (let i = 0; i < rects.length; i += 3) c.fillRect(rects[i], rects[i + 1], rects[i + 2], ROW - 1);
      this.drawn += rects.length / 3;
    }
    c.fillStyle = style.frameText;
    for (const {text, x, y, faded} of texts) {
      c.globalAlpha = faded ? 0.6 : 1;
      c.fillText(text, x, y);
    }
    c.globalAlpha = 1;
    if (this.hovered !== NONE) this.outline(this.hovered, style.outline, 1);
    if (document.activeElement === this.canvas) this.outline(this.focused, style.focus, 2);
    this.frameTime = performance.now() - began;
  }

  collectRow(row, batches, texts) {
    const {tree, width, from, to} = this;
    const scale = width / (to - from);
    const y = this.rowTop(row);
    const end = tree.rows[row + 1];
    let at = firstAtLeast(tree.start, from, tree.rows[row], end);
    if (at > tree.rows[row]) at--;  // it may reach into what is seen
    const put = (colour, x, wide) => {
      let rects = batches.get(colour);
      if (!rects) batches.set(colour, (rects = []));
      rects.push(x, y, wide);
    };
    while (at < end) {
      const left = (tree.start[at] - from) * scale;
      if (left >= width) break;
      const right = left + tree.total[at] * scale;
      if (right <= 0 || tree.frame[at] === NONE && at !== 0) {
        at++;
        continue;
      }
      const faded = this.zoomed !== 0 && tree.start[at] <= tree.start[this.zoomed] &&
          tree.start[at] + tree.total[at] >= tree.start[this.zoomed] + tree.total[this.zoomed] &&
          row < this.zoomedDepth();
      if (right - left < NARROW) {
        // One rectangle for all that share this pixel.
        const edge = Math.floor(left) + 1;
        put(this.colourAt(at), Math.max(0, Math.floor(left)), 0.7);
        const beyond = firstAtLeast(tree.start, from + edge / scale, at + 1, end);
        at = beyond > at + 1 && tree.total[beyond - 1] * scale >= NARROW ? beyond - 1 : beyond;
        continue;
      }
      const x = Math.max(0, left);
      const wide = Math.max(Math.min(right, width) - x - (right - left > 3 ? 1 : 0.2), 0.4);
      put((faded ? FADED : '') + this.colourAt(at), x, wide);
      if (wide > LEAST_TEXT) {
        const text = this.fitting(at, wide - 2 * PAD);
        if (text) texts.push({text, x: x + PAD, y: y + ROW / 2, faded});
      }
      at++;
    }
  }

  zoomedDepth() {
    if (this.zoomedDepthOf !== this.zoomed || this.zoomedTree !== this.tree) {
      this.zoomedDepthOf = this.zoomed;
      this.zoomedTree = this.tree;
      this.zoomedDepthValue = this.depthOf(this.zoomed);
    }
    return this.zoomedDepthValue;
  }

  colourAt(node) {
    const frame = this.tree.frame[node];
    if (frame !== NONE && this.matches && this.matches[frame]) return themeNow().match;
    return this.colourOf(this.tree, node);
  }

  labelOf(node) {
    if (node === 0) return this.rootLabel ?? 'all';
    return this.model.frameName[this.tree.frame[node]];
  }

  widthOf(text) {
    let wide = this.widths.get(text);
    if (wide === undefined) this.widths.set(text, (wide = this.context.measureText(text).width));
    return wide;
  }

  // A frame's name, or as much of it as has room.
  fitting(node, room) {
    const text = this.labelOf(node);
    const known = text.length > 400 ? text.slice(0, 400) : text;
    const whole = this.widthOf(known);
    if (whole <= room && known === text) return text;
    const letters = Array.from(known);
    let fits = Math.floor(letters.length * Math.min(1, room / whole)) - 1;
    while (fits >= 2) {
      const cut = letters.slice(0, fits).join('') + '…';
      if (this.context.measureText(cut).width <= room) return cut;
      fits -= Math.max(1, Math.floor(fits / 8));
    }
    return '';
  }

  placeOf(node) {
    const {tree, from, to, width} = this;
    const scale = width / (to - from);
    const left = Math.max(0, (tree.start[node] - from) * scale);
    const right = Math.min(width, (tree.start[node] + tree.total[node] - from) * scale);
    return {left, right, top: this.rowTop(this.depthOf(node))};
  }

  outline(node, colour, thick) {
    const {left, right, top} = this.placeOf(node);
    if (right <= left) return;
    this.context.strokeStyle = colour;
    this.context.lineWidth = thick;
    this.context.strokeRect(left + thick / 2, top + thick / 2,
                            Math.max(right - left - thick - 0.5, 1), ROW - 1 - thick);
  }

  nodeAt(x, y) {
    const {tree} = this;
    if (!tree || tree.whole === 0) return NONE;
    const row = Math.floor((this.downward ? y + this.scroll : this.height - y + this.scroll) / ROW);
    if (row < 0 || row >= this.rowsCount) return NONE;
    const weight = this.from + x / this.width * (this.to - this.from);
    const begin = tree.rows[row];
    let at = firstAtLeast(tree.start, weight, begin, tree.rows[row + 1]);
    if (at === tree.rows[row + 1] || tree.start[at] > weight) at--;
    if (at < begin || weight >= tree.start[at] + tree.total[at]) return NONE;
    return tree.frame[at] === NONE && at !== 0 ? NONE : at;
  }

  // Moves to another part of the tree, in a few steps where the user did not ask for less motion.
  moveTo(from, to) {
    const {tree} = this;
    const least = tree.whole * 1e-9;
    if (to - from < least) to = from + least;
    from = Math.max(0, from);
    to = Math.min(tree.whole, to);
    const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
    const began = performance.now();
    const [from0, to0] = [this.from, this.to];
    this.move = (this.move ?? 0) + 1;
    const mine = this.move;
    const step = () => {
      if (this.move !== mine || this.tree !== tree) return;
      const part = still ? 1 : Math.min(1, (performance.now() - began) / 160);
      const eased = 1 - (1 - part) ** 3;
      this.from = from0 + (from - from0) * eased;
      this.to = to0 + (to - to0) * eased;
      this.drawNow();
      if (part < 1) requestAnimationFrame(step);
    };
    step();
  }

  zoom(node) {
    this.zoomed = node;
    this.focused = node;
    const [from, to] = this.spanOf(node);
    this.reveal(node);
    this.moveTo(from, to);
    this.onChoose?.(node);
  }

  // Scrolls so that a node's row can be seen.
  reveal(node) {
    const row = this.depthOf(node);
    const lowest = (row + 2) * ROW - this.height;
    if (this.scroll > row * ROW) this.scroll = row * ROW;
    if (this.scroll < lowest) this.scroll = lowest;
    this.clampScroll();
  }

  zoomBy(factor, x) {
    const {tree, width} = this;
    if (!tree || !tree.whole) return;
    const at = this.from + (x / width) * (this.to - this.from);
    const span = Math.min(tree.whole, Math.max((this.to - this.from) * factor, tree.whole * 1e-9));
    let from = at - (x / width) * span;
    from = Math.max(0, Math.min(from, tree.whole - span));
    this.move = (this.move ?? 0) + 1;
    this.from = from;
    this.to = from + span;
    this.draw();
  }

  pan(dx, dy) {
    const {tree, width} = this;
    if (!tree || !tree.whole) return;
    const span = this.to - this.from;
    const from = Math.max(0, Math.min(this.from + (dx / width) * span, tree.whole - span));
    this.move = (this.move ?? 0) + 1;
    this.from = from;
    this.to = from + span;
    this.scroll += this.downward ? dy : -dy;
    this.clampScroll();
    this.draw();
  }

  listen() {
    const {canvas} = this;
    canvas.addEventListener('wheel', (event) => {
      event.preventDefault();
      const unit = event.deltaMode === 1 ? 16 : 1;
      const x = event.offsetX;
      if (event.ctrlKey || event.metaKey || event.altKey) {
        this.zoomBy(Math.exp(event.deltaY * unit / 300), x);
      } else if (event.shiftKey) {
        this.pan((event.deltaY + event.deltaX) * unit, 0);
      } else {
        this.pan(event.deltaX * unit, event.deltaY * unit);
      }
    }, {passive: false});
    let held = null;
    canvas.addEventListener('pointerdown', (event) => {
      if (event.button === 0) held = {x: event.offsetX, y: event.offsetY, moved: false};
    });
    canvas.addEventListener('pointermove', (event) => {
      if (held) {
        const dx = event.offsetX - held.x;
        const dy = event.offsetY - held.y;
        if (held.moved || Math.abs(dx) + Math.abs(dy) > 4) {
          held.moved = true;
          canvas.setPointerCapture(event.pointerId);
          canvas.classList.add('held');
          this.pan(-dx, -dy);
          held.x = event.offsetX;
          held.y = event.offsetY;
          return;
        }
      }
      this.hover(this.nodeAt(event.offsetX, event.offsetY), event);
    });
    canvas.addEventListener('pointerleave', () => this.hover(NONE));
    canvas.addEventListener('pointerup', (event) => {
      canvas.classList.remove('held');
      if (held && !held.moved && event.button === 0) {
        const node = this.nodeAt(event.offsetX, event.offsetY);
        if (node !== NONE) this.zoom(node);
      }
      held = null;
    });
    canvas.addEventListener('contextmenu', (event) => {
      event.preventDefault();
      const node = this.nodeAt(event.offsetX, event.offsetY);
      if (node > 0) this.onMenu?.(node, event.clientX, event.clientY);
    });
    canvas.addEventListener('keydown', (event) => this.key(event));
    canvas.addEventListener('focus', () => this.draw());
    canvas.addEventListener('blur', () => this.draw());
  }

  hover(node, event) {
    if (node !== this.hovered) {
      this.hovered = node;
      this.canvas.style.cursor = node === NONE ? '' : 'pointer';
      this.draw();
    }
    this.onHover?.(node, event);
  }

  key(event) {
    if (!this.tree || event.ctrlKey || event.metaKey || event.altKey) return;
    const up = this.downward ? 'ArrowUp' : 'ArrowDown';      // towards the root
    const down = this.downward ? 'ArrowDown' : 'ArrowUp';
    const {tree} = this;
    const go = (node) => {
      if (node === undefined || node === NONE) return;
      this.focused = node;
      this.reveal(node);
      const [from, to] = this.spanOf(node);
      if (to <= this.from || from >= this.to) this.moveTo(...this.spanOf(this.zoomed = 0));
      this.draw();
      this.onHover?.(node);
    };
    const beside = (step) => {
      const row = this.depthOf(this.focused);
      for (let at = this.focused + step; at >= tree.rows[row] && at < tree.rows[row + 1]; at += step) {
        if (tree.frame[at] !== NONE) return at;
      }
      return NONE;
    };
    const actions = {
      [up]: () => go(this.focused > 0 ? tree.parent[this.focused] : 0),
      [down]: () => {
        const below = this.childrenOf(this.focused, this.depthOf(this.focused) + 1)
            .filter((child) => tree.frame[child] !== NONE);
        if (below.length) go(below.reduce((a, b) => (tree.total[b] > tree.total[a] ? b : a)));
      },
      ArrowLeft: () => go(beside(-1)),
      ArrowRight: () => go(beside(1)),
      Enter: () => this.zoom(this.focused),
      Home: () => this.zoom(0),
      Escape: () => this.zoom(0),
      '0': () => this.zoom(0),
      '+': () => this.zoomBy(0.7, this.width / 2),
      '=': () => this.zoomBy(0.7, this.width / 2),
      '-': () => this.zoomBy(1 / 0.7, this.width / 2),
      w: () => this.zoomBy(0.7, this.width / 2),
      s: () => this.zoomBy(1 / 0.7, this.width / 2),
      a: () => this.pan(-this.width / 8, 0),
      d: () => this.pan(this.width / 8, 0),
      m: () => {
        if (this.focused <= 0) return;
        const {left, top} = this.placeOf(this.focused);
        const box = this.canvas.getBoundingClientRect();
        this.onMenu?.(this.focused, box.left + left + 8, box.top + top + ROW);
      },
    };
    const action = actions[event.key];
    if (!action) return;
    event.preventDefault();
    event.stopPropagation();
    action();
  }
}
