// The functions in a table: self and total, sorted by any column. Only the rows that can be seen are
// in the page.

const TABLE_ROW = 22;  // px

class FunctionTable {
  // options: {root, model, onChoose(frame), onMenu(frame, x, y)}; root holds .head and .body
  constructor(options) {
    Object.assign(this, options);
    this.sort = 'self';
    this.descending = true;
    this.rows = [];
    this.chosen = NONE;
    this.body = this.root.querySelector('.body');
    this.space = document.createElement('div');
    this.space.className = 'space';
    this.body.append(this.space);
    this.body.addEventListener('scroll', () => this.draw());
    this.body.addEventListener('keydown', (event) => this.key(event));
    this.root.querySelector('.head').addEventListener('click', (event) => {
      const key = event.target.closest('[data-key]')?.dataset.key;
      if (!key) return;
      this.descending = this.sort === key ? !this.descending : !['name', 'dso'].includes(key);
      this.sort = key;
      this.arrange();
    });
  }

  // sums: {self, total, baseSelf, baseTotal, whole, wholeBase}, by frame; the base may be null.
  show(sums, filter) {
    this.sums = sums;
    this.filter = filter;
    this.root.classList.toggle('with-base', sums.baseTotal !== null);
    this.arrange();
  }

  changeOf(frame, which) {
    const {sums} = this;
    const now = sums.whole ? sums[which][frame] / sums.whole : 0;
    const base = which === 'self' ? sums.baseSelf : sums.baseTotal;
    return base && sums.wholeBase ? now - base[frame] / sums.wholeBase : 0;
  }

  arrange() {
    const {sums, model} = this;
    const rows = [];
    for (let frame = 0; frame < model.frames; frame++) {
      if (sums.total[frame] === 0 && !(sums.baseTotal && sums.baseTotal[frame] > 0)) continue;
      if (this.filter && !this.filter[frame]) continue;
      rows.push(frame);
    }
    const change = sums.baseTotal ? Float64Array.from(sums.self, (_, f) => this.changeOf(f, 'total')) : null;
    const by = {
      self: (a, b) => sums.self[a] - sums.self[b] || sums.total[a] - sums.total[b],
      total: (a, b) => sums.total[a] - sums.total[b] || sums.self[a] - sums.self[b],
      change: (a, b) => Math.abs(change[a]) - Math.abs(change[b]),
      name: (a, b) => a - b,
      dso: (a, b) => model.frameDso[a].localeCompare(model.frameDso[b]),
    }[this.sort === 'change' && !change ? 'self' : this.sort];
    const sign = this.descending ? -1 : 1;
    rows.sort((a, b) => sign * by(a, b) || a - b);
    this.rows = rows;
    for (const head of this.root.querySelectorAll('.head [data-key]')) {
      const sorted = head.dataset.key === this.sort;
      head.setAttribute('aria-sort', !sorted ? 'none' : this.descending ? 'descending' : 'ascending');
    }
    this.body.setAttribute('aria-rowcount', rows.length);
    this.space.style.height = rows.length * TABLE_ROW + 'px';
    this.body.scrollTop = 0;
    this.draw();
  }

  choose(frame, reveal) {
    this.chosen = frame;
    const at = this.rows.indexOf(frame);
    if (reveal && at >= 0) {
      const top = at * TABLE_ROW;
      if (top < this.body.scrollTop) this.body.scrollTop = top;
      const lowest = top + TABLE_ROW - this.body.clientHeight;
      if (lowest > this.body.scrollTop) this.body.scrollTop = lowest;
    }
    this.draw();
  }

  key(event) {
    const steps = {ArrowDown: 1, ArrowUp: -1, PageDown: 20, PageUp: -20};
    if (event.key in steps && this.rows.length) {
      const at = Math.max(0, this.rows.indexOf(this.chosen));
      const next = this.chosen === NONE ? 0 : at + steps[event.key];
      this.choose(this.rows[Math.max(0, Math.min(this.rows.length - 1, next))], true);
    } else if (event.key === 'Enter' && this.chosen !== NONE) {
      this.onChoose(this.chosen);
    } else {
      return;
    }
    event.preventDefault();
  }

  draw() {
    if (!this.sums) return;
    const {sums, model} = this;
    const first = Math.max(0, Math.floor(this.body.scrollTop / TABLE_ROW) - 5);
    const last = Math.min(this.rows.length, first + Math.ceil((this.body.clientHeight || 600) / TABLE_ROW) + 10);
    const made = [];
    for (let at = first; at < last; at++) {
      const frame = this.rows[at];
      const row = document.createElement('div');
      row.className = 'row' + (frame === this.chosen ? ' chosen' : '');
      row.setAttribute('role', 'row');
      row.style.top = at * TABLE_ROW + 'px';
      const cell = (kind, text) => {
        const made = document.createElement('span');
        made.className = kind;
        made.setAttribute('role', 'cell');
        made.textContent = text;
        row.append(made);
        return made;
      };
      for (const part of [sums.self[frame], sums.total[frame]]) {
        cell('number', shareText(part, sums.whole))
            .style.setProperty('--part-size', sums.whole ? part / sums.whole : 0);
      }
      if (sums.baseTotal) {
        const change = 100 * this.changeOf(frame, 'total');
        cell('number change ' + (change > 0 ? 'more' : 'less'), (change > 0 ? '+' : '') + change.toFixed(2) + '%');
      }
      cell('name', model.frameName[frame]).title = model.frameName[frame];
      cell('dso', baseName(model.frameDso[frame])).title = model.frameDso[frame];
      row.addEventListener('click', () => this.onChoose(frame));
      row.addEventListener('contextmenu', (event) => {
        event.preventDefault();
        this.onMenu(frame, event.clientX, event.clientY);
      });
      made.push(row);
    }
    this.space.replaceChildren(...made);
  }
}

function shareText(part, whole) {
  return whole ? (100 * part / whole).toFixed(2) + '%' : '–';
}

function baseName(path) {
  return path.slice(path.lastIndexOf('/') + 1);
}
