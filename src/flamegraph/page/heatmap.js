// The heat map of time: a column is a span of time, its cells are parts of it, from below upwards,
// and the darker a cell the more was sampled in it. A range that is dragged over is selected; with
// Shift it becomes what the selection is compared with.

const CELL_ROWS = 40;
const CELL_HEIGHT = 3;       // px
const HEAT_LABELS = 16;      // px below
const LEAST_COLUMN = 4;      // px
const MOST_COLUMN = 60;      // px
const SPANS = [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600];  // s

class HeatMap {
  // options: {canvas, model, onRange(range, isBaseline), onHover(text)}
  constructor(options) {
    Object.assign(this, options);
    this.context = this.canvas.getContext('2d');
    this.range = null;
    this.baseline = null;
    this.cursor = null;  // a cell that the keyboard is at
    this.duration = this.model.samples ? this.model.time[this.model.samples - 1] : 0;
    this.listen();
  }

  get height() {
    return CELL_ROWS * CELL_HEIGHT + HEAT_LABELS;
  }

  // Counts the samples of an event and of threads in each cell.
  show(event, threads) {
    const {model} = this;
    this.event = event;
    this.threads = threads;
    const wide = this.canvas.clientWidth || 1000;
    const seconds = Math.max(this.duration / 1000, 0.001);
    // A second a column, or more where that were too many; less where there are samples enough for
    // cells that do not just tell the sampling clock.
    const most = Math.floor(wide / LEAST_COLUMN);
    const wanted = Math.min(most, 120, Math.max(seconds, model.samples / (6 * CELL_ROWS)));
    this.span = SPANS.find((span) => seconds / span <= wanted) ?? seconds / most;
    this.columns = Math.max(1, Math.floor(seconds / this.span) + 1);
    this.cellTime = this.span * 1000 / CELL_ROWS;
    this.cells = new Float64Array(this.columns * CELL_ROWS);
    for (let i = 0; i < model.samples; i++) {
      if (model.event[model.sampleNode[i]] !== event) continue;
      if (threads && !threads.has(model.sampleThread[i])) continue;
      this.cells[Math.min(this.cells.length - 1, Math.floor(model.time[i] / this.cellTime))] +=
          model.sampleWeight[i];
    }
    this.most = this.cells.reduce((a, b) => Math.max(a, b), 0);
    this.draw();
  }

  draw() {
    if (this.pending) return;
    this.pending = requestAnimationFrame(() => {
      this.pending = 0;
      this.drawNow();
    });
  }

  drawNow() {
    const {canvas, context: c} = this;
    if (!this.cells) return;
    const ratio = window.devicePixelRatio || 1;
    const wide = canvas.clientWidth;
    const high = this.height;
    canvas.style.height = high + 'px';
    canvas.width = Math.round(wide * ratio);
    canvas.height = Math.round(high * ratio);
    c.setTransform(ratio, 0, 0, ratio, 0, 0);
    const style = themeNow();
    c.fillStyle = style.background;
    c.fillRect(0, 0, wide, high);
    this.columnWidth = Math.min(MOST_COLUMN, wide / this.columns);
    const gap = this.columnWidth > 6 ? 1 : 0;
    for (let cell = 0; cell < this.cells.length; cell++) {
      if (cell * this.cellTime > this.duration) break;
      const {x, y} = this.placeOf(cell);
      const share = this.most ? this.cells[cell] / this.most : 0;
      c.fillStyle = share === 0 ? style.cell
                                : style.heat[Math.min(style.heat.length - 1, Math.floor(share * style.heat.length))];
      c.fillRect(x, y, this.columnWidth - gap, CELL_HEIGHT - (gap ? 0.5 : 0));
    }
    this.outline(this.baseline, style.baseline);
    this.outline(this.range, style.selection);
    if (this.cursor !== null && document.activeElement === canvas) {
      const {x, y} = this.placeOf(this.cursor);
      c.strokeStyle = style.focus;
      c.lineWidth = 2;
      c.strokeRect(x - 1, y - 1, this.columnWidth + 1, CELL_HEIGHT + 2);
    }
    this.drawLabels(wide, high, style);
  }

  drawLabels(wide, high, style) {
    const {context: c} = this;
    c.fillStyle = style.quiet;
    c.font = '11px system-ui, sans-serif';
    c.textBaseline = 'bottom';
    let free = 0;
    for (let column = 0; column < this.columns; column++) {
      const x = column * this.columnWidth;
      if (x < free) continue;
      const text = secondsText(column * this.span * 1000);
      const width = c.measureText(text).width;
      if (x + width > wide) break;
      c.fillText(text, x, high - 1);
      free = x + width + 24;
    }
  }

  // A range has the cells that begin in it.
  outline(range, colour) {
    if (!range) return;
    const {context: c} = this;
    const first = Math.floor(range.from / this.cellTime);
    const last = Math.min(this.cells.length, Math.ceil(range.to / this.cellTime - 1e-9));
    c.fillStyle = colour;
    c.globalAlpha = 0.3;
    for (let cell = first; cell < last; cell++) {
      const {x, y} = this.placeOf(cell);
      c.fillRect(x, y, this.columnWidth, CELL_HEIGHT);
    }
    c.globalAlpha = 1;
    for (const cell of [first, last - 1]) {
      const {x, y} = this.placeOf(cell);
      c.fillRect(x, y, this.columnWidth, CELL_HEIGHT);
    }
  }

  placeOf(cell) {
    return {x: Math.floor(cell / CELL_ROWS) * this.columnWidth,
            y: (CELL_ROWS - 1 - cell % CELL_ROWS) * CELL_HEIGHT};
  }

  cellAt(x, y) {
    const column = Math.max(0, Math.min(this.columns - 1, Math.floor(x / this.columnWidth)));
    const row = Math.max(0, Math.min(CELL_ROWS - 1, CELL_ROWS - 1 - Math.floor(y / CELL_HEIGHT)));
    return Math.min(column * CELL_ROWS + row, Math.floor(this.duration / this.cellTime));
  }

  rangeOf(a, b) {
    return {from: Math.min(a, b) * this.cellTime, to: (Math.max(a, b) + 1) * this.cellTime};
  }

  listen() {
    const {canvas} = this;
    let held = null;
    canvas.addEventListener('pointerdown', (event) => {
      if (event.button !== 0 || !this.cells) return;
      held = {cell: this.cellAt(event.offsetX, event.offsetY), baseline: event.shiftKey};
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener('pointermove', (event) => {
      if (!this.cells) return;
      const cell = this.cellAt(event.offsetX, event.offsetY);
      this.onHover?.(this.describe(cell));
      if (!held) return;
      this[held.baseline ? 'baseline' : 'range'] = this.rangeOf(held.cell, cell);
      this.draw();
    });
    canvas.addEventListener('pointerup', (event) => {
      if (!held) return;
      const range = this.rangeOf(held.cell, this.cellAt(event.offsetX, event.offsetY));
      const {baseline} = held;
      held = null;
      this.onRange(range, baseline);
    });
    canvas.addEventListener('pointerleave', () => this.onHover?.(''));
    canvas.addEventListener('focus', () => {
      this.cursor ??= 0;
      this.draw();
    });
    canvas.addEventListener('blur', () => this.draw());
    canvas.addEventListener('keydown', (event) => this.key(event));
  }

  // Arrows move, with Shift they extend, Enter selects, b takes it as what is compared with.
  key(event) {
    if (!this.cells || event.ctrlKey || event.metaKey || event.altKey) return;
    const steps = {ArrowUp: 1, ArrowDown: -1, ArrowRight: CELL_ROWS, ArrowLeft: -CELL_ROWS};
    const last = Math.floor(this.duration / this.cellTime);
    if (event.key in steps) {
      this.mark = event.shiftKey ? this.mark ?? this.cursor : null;
      this.cursor = Math.max(0, Math.min(last, this.cursor + steps[event.key]));
      if (this.mark !== null) this.range = this.rangeOf(this.mark, this.cursor);
      this.onHover?.(this.describe(this.cursor));
      this.draw();
    } else if (event.key === 'Enter' || event.key === 'b') {
      this.onRange(this.rangeOf(this.mark ?? this.cursor, this.cursor), event.key === 'b');
      this.mark = null;
    } else if (event.key === 'Escape') {
      this.onRange(null, false);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  describe(cell) {
    const from = cell * this.cellTime;
    return `${secondsText(from)} – ${secondsText(from + this.cellTime)}: ${weightText(this.cells[cell], this.event)}`;
  }
}

function secondsText(ms) {
  return (ms / 1000).toFixed(3).replace(/\.?0+$/, '') + ' s';
}
