// The page: what is chosen, and what shows it. Each choice is a field of `state`; update() makes the
// views of it, as far as something changed.

const $ = (id) => document.getElementById(id);

class App {
  constructor(model) {
    this.model = model;
    this.facts = model.facts;
    this.state = {
      event: 0, view: 'graph', order: 'name', downward: false, inverted: false, range: null,
      baseline: null, threads: '', colourBy: 'kind', search: '', scope: 'name', chosen: NONE,
      theme: '',
    };
    this.edits = [];  // {kind: 'hidden' | 'focused' | 'dropped', frame}
    this.folded = false;
    this.colours = new Map();
    this.makeGraphs();
    this.table = new FunctionTable({
      root: $('functions'), model,
      onChoose: (frame) => this.choose(frame),
      onMenu: (frame, x, y) => this.menu(frame, x, y, null),
    });
    if (model.samples && model.time[model.samples - 1] > 0) {
      this.heat = new HeatMap({
        canvas: $('heat'), model,
        onRange: (range, isBaseline) => this.set({[isBaseline ? 'baseline' : 'range']: range}),
        onHover: (text) => $('heat-text').textContent = text,
      });
    } else {
      $('time').hidden = true;
      $('order').querySelector('[value=time]').hidden = true;
    }
    this.fillChoices();
    this.listen();
    this.readAddress();
    this.update({});
  }

  makeGraphs() {
    const make = (canvas, others) => new Graph({
      canvas, model: this.model,
      colourOf: (tree, node) => this.colourOf(tree, node),
      onHover: (node) => this.describe(graphOf(canvas), node),
      onMenu: (node, x, y) => this.menu(graphOf(canvas).tree.frame[node], x, y, graphOf(canvas)),
      onChoose: (node) => {
        if (canvas.id !== 'graph' && node > 1) this.choose(graphOf(canvas).tree.frame[node]);
        this.drawState();
      },
      ...others,
    });
    const graphOf = (canvas) => ({graph: this.graph, callers: this.callers, callees: this.callees})[canvas.id];
    this.graph = make($('graph'), {});
    this.callers = make($('callers'), {downward: false, emptyText: 'Nobody calls it here'});
    this.callees = make($('callees'), {downward: true, emptyText: 'It calls nothing here'});
  }

  fillChoices() {
    const {facts, model} = this;
    document.title = facts.title;
    $('title').textContent = facts.title;
    facts.events.forEach((event, index) => $('event').add(new Option(event.name, index)));
    $('event').hidden = facts.events.length < 2;
    const weights = new Float64Array(model.threads.length);
    for (let i = 0; i < model.samples; i++) weights[model.sampleThread[i]] += model.sampleWeight[i];
    const processes = new Map();
    model.threads.forEach((thread, index) => {
      const process = processes.get(thread.pid) ?? {weight: 0, threads: []};
      process.weight += weights[index];
      process.threads.push(index);
      processes.set(thread.pid, process);
    });
    this.busiest = weights.indexOf(weights.reduce((a, b) => Math.max(a, b), 0));
    this.processes = processes;
    const select = $('threads');
    select.add(new Option(`all threads (${model.threads.length})`, ''));
    const sorted = [...processes].sort((a, b) => b[1].weight - a[1].weight);
    for (const [pid, process] of sorted) {
      const leader = model.threads[process.threads.find((t) => model.threads[t].tid === pid) ?? process.threads[0]];
      if (process.threads.length > 1) {
        select.add(new Option(`${leader.comm} ${pid} (${process.threads.length} threads)`, 'p' + pid));
      }
      process.threads.sort((a, b) => weights[b] - weights[a]);
      for (const index of process.threads) {
        const thread = model.threads[index];
        const indent = process.threads.length > 1 ? '\u2003' : '';
        select.add(new Option(`${indent}${thread.comm} ${thread.tid}`, 't' + index));
      }
    }
    select.hidden = model.threads.length < 2;
    const facts_ = $('facts');
    for (const line of facts.account) {
      const item = document.createElement('li');
      item.textContent = line;
      facts_.append(item);
    }
    $('quality').textContent = facts.quality.replace(/^# ?/gm, '');
    $('quality').hidden = !facts.quality;
    $('losses').textContent = facts.losses;
    $('losses').hidden = !facts.losses;
    $('made-by').textContent = facts.generator;
  }

  listen() {
    const on = (id, type, action) => $(id).addEventListener(type, action);
    on('event', 'change', () => this.set({event: Number($('event').value)}));
    on('threads', 'change', () => this.set({threads: $('threads').value}));
    on('order', 'change', () => this.set({order: $('order').value}));
    on('colour-by', 'change', () => this.set({colourBy: $('colour-by').value}));
    on('inverted', 'change', () => this.set({inverted: $('inverted').checked}));
    on('downward', 'change', () => this.set({downward: $('downward').checked}));
    on('folded', 'change', () => {
      this.folded = $('folded').checked;
      this.update({edits: true});
    });
    on('theme', 'click', () => {
      const dark = document.documentElement.dataset.theme === 'dark';
      this.set({theme: dark ? 'light' : 'dark'});
    });
    on('swap', 'click', () => this.set({range: this.state.baseline, baseline: this.state.range}));
    on('clear-range', 'click', () => this.set({range: null, baseline: null}));
    for (const [id, field] of [['from', 'from'], ['to', 'to']]) {
      on(id, 'change', () => {
        const end = this.model.time[this.model.samples - 1] + 0.001;
        const range = {from: 0, to: end, ...this.state.range};
        range[field] = Math.max(0, Math.min(end, Number($(id).value) * 1000));
        if (range.to > range.from) this.set({range});
      });
    }
    for (const tab of document.querySelectorAll('[data-view]')) {
      tab.addEventListener('click', () => this.set({view: tab.dataset.view}));
    }
    on('search', 'input', () => {
      clearTimeout(this.searching);
      this.searching = setTimeout(() => this.set({search: $('search').value}), 120);
    });
    on('search', 'keydown', (event) => {
      if (event.key === 'Escape') {
        $('search').value = '';
        this.set({search: ''});
        this.graph.canvas.focus();
      }
      event.stopPropagation();
    });
    on('scope', 'change', () => this.set({scope: $('scope').value}));
    for (const id of ['about', 'losses']) on(id, 'click', () => $('about-box').showModal());
    on('close-about', 'click', () => $('about-box').close());
    document.addEventListener('keydown', (event) => this.key(event));
    document.addEventListener('pointerdown', (event) => {
      if (!event.target.closest('#menu')) $('menu').hidden = true;
    });
    window.addEventListener('resize', () => this.resized());
    window.addEventListener('beforeprint', () => this.print(true));
    window.addEventListener('afterprint', () => this.print(false));
    window.addEventListener('hashchange', () => {
      if (location.hash !== this.written) {
        this.readAddress();
        this.update({});
      }
    });
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.set({}));
  }

  key(event) {
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName) &&
        event.target.type !== 'checkbox';
    if ((event.key === '/' && !typing) || event.key === 'F3' ||
        ((event.ctrlKey || event.metaKey) && event.key === 'f')) {
      event.preventDefault();
      $('search').focus();
      $('search').select();
      return;
    }
    if (event.key === 'Escape' && !$('menu').hidden) {
      $('menu').hidden = true;
      this.graph.canvas.focus();
      return;
    }
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    const views = {1: 'graph', 2: 'sandwich', 3: 'table'};
    if (event.key in views) this.set({view: views[event.key]});
    else if (event.key === 'i') this.set({downward: !this.state.downward});
    else if (event.key === 'r') $('folded').click();
    else if (event.key === 'u' && this.edits.length) {
      this.edits.pop();
      this.update({edits: true});
    } else if (event.key === '?') $('about-box').showModal();
    else if (['graph', 'sandwich'].includes(this.state.view) && event.target === document.body) this.graph.key(event);
  }

  // ---- what is chosen

  set(changes) {
    Object.assign(this.state, changes);
    this.update(changes);
  }

  chosenThreads() {
    const {threads} = this.state;
    if (!threads) return null;
    if (threads[0] === 't') return new Set([Number(threads.slice(1))]);
    return new Set(this.processes.get(Number(threads.slice(1)))?.threads ?? []);
  }

  readAddress() {
    const asked = new URLSearchParams(location.hash.slice(1));
    const range = (text) => {
      const [from, to] = (text ?? '').split('-').map(Number);
      return to > from ? {from, to} : null;
    };
    const one = (value, of, otherwise) => (of.includes(value) ? value : otherwise);
    const {state} = this;
    state.view = one(asked.get('view'), ['graph', 'sandwich', 'table'], 'graph');
    state.order = one(asked.get('order'), ['name', 'heavy', this.heat ? 'time' : ''], 'name');
    state.colourBy = one(asked.get('colour'), ['kind', 'dso', 'self'], 'kind');
    state.scope = one(asked.get('in'), ['name', 'dso', 'file'], 'name');
    state.search = asked.get('s') ?? '';
    state.range = this.heat ? range(asked.get('t')) : null;
    state.baseline = this.heat ? range(asked.get('b')) : null;
    state.threads = [...$('threads').options].some((o) => o.value === asked.get('threads')) ? asked.get('threads') : '';
    const {facts} = this;
    state.event = Math.min(Number(asked.get('event') ?? facts.event) || 0, facts.events.length - 1);
    for (const flag of ['inverted', 'downward']) {
      state[flag] = asked.has(flag) ? asked.get(flag) === '1' : facts[flag];
    }
    state.chosen = this.model.frameName.indexOf(asked.get('f') ?? '\0');
  }

  writeAddress() {
    const {state} = this;
    const parts = new URLSearchParams();
    const put = (key, value, usual) => value !== usual && parts.set(key, value);
    const range = (range) => (range ? `${+range.from.toFixed(3)}-${+range.to.toFixed(3)}` : '');
    put('view', state.view, 'graph');
    put('order', state.order, 'name');
    put('colour', state.colourBy, 'kind');
    put('s', state.search, '');
    put('in', state.scope, 'name');
    put('t', range(state.range), '');
    put('b', range(state.baseline), '');
    put('threads', state.threads, '');
    put('event', state.event, this.facts.event);
    for (const flag of ['inverted', 'downward']) put(flag, state[flag] ? '1' : '0', this.facts[flag] ? '1' : '0');
    put('f', state.chosen === NONE ? '' : this.model.frameName[state.chosen], '');
    this.written = parts.size || String(parts) ? '#' + parts : '';
    history.replaceState(null, '', this.written || location.pathname + location.search);
  }

  // ---- from the choice to the views

  update(changes) {
    chooseTheme(this.printing ? 'light' : this.state.theme);
    const {state, model} = this;
    const was = this.shown ?? {};
    const key = JSON.stringify([state.event, state.range, state.baseline, state.threads, this.edits, this.folded]);
    if (was.key !== key) {
      const threads = this.chosenThreads();
      const self = selfWeights(model, state.event, state.range, threads);
      const base = state.baseline ? selfWeights(model, state.event, state.baseline, threads) : null;
      let raw = rawOf(model, self, base);
      if (this.edits.length || this.folded) raw = edited(raw, this.editSets());
      this.raw = raw;
      this.sums = null;
      this.graphKey = '';
      this.sandwichKey = '';
    }
    const heatKey = JSON.stringify([state.event, state.threads]);
    this.shown = {key, heatKey};
    this.find();
    $('views').dataset.view = state.view;
    this.drawState();
    if (this.heat) {
      this.heat.range = state.range;
      this.heat.baseline = state.baseline;
      if (was.heatKey !== heatKey) this.heat.show(state.event, this.chosenThreads());
      else this.heat.draw();
    }
    if (state.view === 'graph') this.showGraph();
    else this.showFunctions(was.key !== key || 'search' in changes || 'scope' in changes);
    this.writeAddress();
  }

  editSets() {
    const of = (kind) => new Set(this.edits.filter((edit) => edit.kind === kind).map((edit) => edit.frame));
    return {hidden: of('hidden'), focused: of('focused'), dropped: of('dropped'), folded: this.folded};
  }

  showGraph() {
    const {state, graph} = this;
    const timed = state.order === 'time' && this.heat;
    const key = JSON.stringify([timed, state.order, state.inverted, state.threads]);
    graph.downward = state.downward;
    graph.matches = this.matches;
    graph.clampScroll();
    if (this.graphKey !== key) {
      this.graphKey = key;
      if (timed) {
        const threads = this.chosenThreads();
        this.timeThread = threads ? [...threads][0] : this.busiest;
        let raw = inTimeOrder(this.model, state.event, this.timeThread, state.range, this.editSets());
        graph.rootLabel = this.threadText(this.timeThread);
        graph.show(lay(raw, 'given'), false);
      } else {
        graph.rootLabel = 'all';
        const raw = state.inverted ? inverted(this.raw) : this.raw;
        graph.show(lay(raw, state.order), true);
      }
    }
    graph.draw();
    this.drawState();
  }

  threadText(index) {
    const thread = this.model.threads[index];
    return thread ? `${thread.comm} ${thread.tid}` : 'all';
  }

  showFunctions(changed) {
    const {state, model, raw} = this;
    if (!this.sums) {
      const now = functionTotals(raw, raw.self, model.frames);
      const base = raw.base ? functionTotals(raw, raw.base, model.frames) : null;
      const sum = (weights) => weights.reduce((a, b) => a + b, 0);
      this.sums = {self: now.self, total: now.total, whole: sum(raw.self),
                   baseSelf: base?.self ?? null, baseTotal: base?.total ?? null,
                   wholeBase: raw.base ? sum(raw.base) : 0};
      changed = true;
    }
    if (changed) this.table.show(this.sums, state.search ? this.matches : null);
    if (state.chosen === NONE && this.table.rows.length) state.chosen = this.table.rows[0];
    this.table.choose(state.chosen, changed);
    if (state.view !== 'sandwich' || state.chosen === NONE) return;
    const key = String(state.chosen);
    if (this.sandwichKey === key) {
      this.callers.draw();
      this.callees.draw();
      return;
    }
    this.sandwichKey = key;
    for (const [graph, tree] of [[this.callers, callersOf(raw, state.chosen)], [this.callees, calleesOf(raw, state.chosen)]]) {
      graph.matches = this.matches;
      graph.rootLabel = model.frameName[state.chosen];
      graph.show(lay(tree, 'heavy'), false);
    }
    $('chosen').textContent = model.frameName[state.chosen];
  }

  choose(frame) {
    if (frame === NONE) return;
    this.state.chosen = frame;
    if (this.state.view === 'table') this.state.view = 'sandwich';
    this.update({});
  }

  find() {
    const {state, model} = this;
    const key = state.search + '\0' + state.scope;
    if (this.foundKey === key) return;
    this.foundKey = key;
    this.matches = null;
    $('search').classList.remove('wrong');
    if (!state.search) return;
    let expression;
    try {
      // As with "smart case" elsewhere: capitals only where one was typed.
      expression = new RegExp(state.search, /[A-Z]/.test(state.search) ? 'u' : 'iu');
    } catch {
      $('search').classList.add('wrong');
      return;
    }
    const texts = {name: model.frameName, dso: model.frameDso, file: model.frameFile}[state.scope];
    const known = new Map();
    this.matches = new Uint8Array(model.frames);
    for (let frame = 0; frame < model.frames; frame++) {
      let matches = known.get(texts[frame]);
      if (matches === undefined) known.set(texts[frame], (matches = expression.test(texts[frame])));
      this.matches[frame] = matches ? 1 : 0;
    }
  }

  // Of the outermost frames that match, so that none counts twice.
  matchedShare() {
    const {raw, matches} = this;
    if (!matches) return 0;
    const total = totalsOf(raw, raw.self);
    const inside = new Uint8Array(raw.count);
    let found = 0;
    let whole = 0;
    for (let i = 0; i < raw.count; i++) {
      const parent = raw.parent[i];
      if (parent === NONE) whole += total[i];
      inside[i] = matches[raw.frame[i]] || (parent !== NONE && inside[parent]) ? 1 : 0;
      if (inside[i] && !(parent !== NONE && inside[parent])) found += total[i];
    }
    return whole ? found / whole : 0;
  }

  colourOf(tree, node) {
    const {state, model} = this;
    const frame = tree.frame[node];
    if (tree.base) {
      const event = this.facts.events[state.event];
      return differenceColour(tree.total[node], tree.whole, tree.base[node], tree.wholeBase, event.sampleWeight);
    }
    if (frame === NONE) return hsl(215, 14, 72);
    if (state.colourBy === 'self') return shareColour(tree.self[node] / tree.total[node]);
    const key = state.colourBy + theme.background;
    let colours = this.colours.get(key);
    if (!colours) this.colours.set(key, (colours = frameColours(model, state.colourBy)));
    return colours[frame];
  }

  // ---- words

  describe(graph, node) {
    if (node === NONE || node === undefined || !graph.tree) {
      $('status').textContent = '';
      return;
    }
    const {tree} = graph;
    const frame = tree.frame[node];
    const timed = graph === this.graph && this.state.order === 'time' && this.heat;
    const amount = timed ? `${secondsText(tree.start[node] + tree.begin)} + ${secondsText(tree.total[node])}`
                         : weightText(tree.total[node], this.state.event);
    let text = `${graph.labelOf(node)} (${amount}, ${shareText(tree.total[node], tree.whole)}` +
        (tree.self[node] ? `, self ${shareText(tree.self[node], tree.whole)}` : '') + ')';
    if (tree.base) {
      text += ` – compared: ${shareText(tree.base[node], tree.wholeBase)}`;
    }
    if (frame !== NONE) {
      if (this.model.frameDso[frame]) text += ` – ${this.model.frameDso[frame]}`;
      if (this.model.frameFile[frame]) text += ` – ${this.model.frameFile[frame]}`;
    }
    $('status').textContent = text;
  }

  drawState() {
    const {state, model} = this;
    $('event').value = state.event;
    $('threads').value = state.threads;
    $('order').value = state.order;
    $('colour-by').value = state.colourBy;
    $('colour-by').disabled = state.baseline !== null;
    $('scope').value = state.scope;
    $('inverted').checked = state.inverted;
    $('downward').checked = state.downward;
    $('folded').checked = this.folded;
    if ($('search') !== document.activeElement) $('search').value = state.search;
    for (const tab of document.querySelectorAll('[data-view]')) {
      tab.setAttribute('aria-selected', tab.dataset.view === state.view);
    }
    $('matched').textContent = state.search && this.matches ? `matched ${(100 * this.matchedShare()).toFixed(2)}%` : '';
    $('swap').hidden = !state.baseline || !state.range;
    $('clear-range').hidden = !state.range && !state.baseline;
    if (this.heat) {
      $('from').value = state.range ? +(state.range.from / 1000).toFixed(4) : '';
      $('to').value = state.range ? +(state.range.to / 1000).toFixed(4) : '';
      const {baseline} = state;
      $('compared').textContent = baseline
          ? `compared with ${secondsText(baseline.from)} – ${secondsText(baseline.to)}: red is more, blue less, grey within the noise` : '';
    }
    const chips = this.edits.map((edit, index) => {
      const chip = document.createElement('button');
      const word = {hidden: 'without', focused: 'only through', dropped: 'merged'}[edit.kind];
      chip.textContent = `${word} ${model.frameName[edit.frame].slice(0, 60)} ✕`;
      chip.title = 'Undo';
      chip.addEventListener('click', () => {
        this.edits.splice(index, 1);
        this.update({edits: true});
      });
      return chip;
    });
    $('chips').replaceChildren(...chips);
    this.drawLegend();
  }

  drawLegend() {
    const {state, model} = this;
    const legend = $('legend');
    const compared = state.baseline !== null && !(state.view === 'graph' && state.order === 'time');
    const key = `${state.colourBy} ${compared} ${theme.background}`;
    if (this.legendKey === key) return;
    this.legendKey = key;
    const entry = (colour, text) => {
      const made = document.createElement('span');
      const box = document.createElement('i');
      box.style.background = colour;
      made.append(box, text);
      return made;
    };
    let entries = [];
    if (compared) {
      entries = [entry(hsl(4, 85, 60), 'more'), entry(hsl(216, 80, 64), 'less'), entry(hsl(0, 0, 82), 'within the noise')];
    } else if (state.colourBy === 'self') {
      entries = [entry(shareColour(0), 'its callees'), entry(shareColour(1), 'itself')];
    } else if (state.colourBy === 'kind') {
      this.kinds ??= new Set(Array.from(model.frame, (frame) => model.frameKind[frame]));
      entries = KINDS.map((kind, index) => this.kinds.has(index) &&
          entry(hsl(...KIND_HUES[kind], 67), KIND_NAMES[kind])).filter(Boolean);
    }
    legend.replaceChildren(...entries);
  }

  menu(frame, x, y, graph) {
    if (frame === NONE) return;
    const menu = $('menu');
    const name = this.model.frameName[frame];
    const edit = (kind) => () => {
      this.edits.push({kind, frame});
      this.update({edits: true});
    };
    const actions = [
      ['Callers and callees', () => {
        this.state.view = 'sandwich';
        this.choose(frame);
      }],
      ['Only stacks through it', edit('focused')],
      ['Without stacks through it', edit('hidden')],
    ];
    if (KINDS[this.model.frameKind[frame]] !== 'process') actions.push(['Merge it into its callers', edit('dropped')]);
    actions.push(['Find it everywhere', () => this.set({search: '^' + name.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&') + '$', scope: 'name'})]);
    if (this.model.frameDso[frame]) {
      actions.push([`Find ${baseName(this.model.frameDso[frame])}`,
                    () => this.set({search: this.model.frameDso[frame].replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'), scope: 'dso'})]);
    }
    actions.push(['Copy the name', () => navigator.clipboard?.writeText(name)]);
    const title = document.createElement('b');
    title.textContent = name;
    menu.replaceChildren(title, ...actions.map(([text, action]) => {
      const item = document.createElement('button');
      item.setAttribute('role', 'menuitem');
      item.textContent = text;
      item.addEventListener('click', () => {
        menu.hidden = true;
        action();
      });
      return item;
    }));
    menu.hidden = false;
    const box = menu.getBoundingClientRect();
    menu.style.left = Math.max(0, Math.min(x, innerWidth - box.width - 4)) + 'px';
    menu.style.top = Math.max(0, Math.min(y, innerHeight - box.height - 4)) + 'px';
    menu.querySelector('button').focus();
    menu.onkeydown = (event) => {
      const items = [...menu.querySelectorAll('button')];
      const step = {ArrowDown: 1, ArrowUp: -1}[event.key];
      if (!step) return;
      event.preventDefault();
      items[(items.indexOf(document.activeElement) + step + items.length) % items.length].focus();
    };
  }

  // Paper is light, and does not wait for the next frame.
  print(starts) {
    this.printing = starts;
    this.update({});
    for (const graph of [this.graph, this.callers, this.callees]) {
      if (graph.tree) graph.drawNow();
    }
  }

  resized() {
    if (this.heat) this.heat.show(this.state.event, this.chosenThreads());
    for (const graph of [this.graph, this.callers, this.callees]) {
      if (!graph.tree) continue;
      graph.clampScroll();
      graph.draw();
    }
    this.table.draw();
  }
}

function weightText(weight, event) {
  const {unit, scale} = app.facts.events[event];
  const value = weight * scale;
  if (unit === 'ns') {
    if (value >= 1e9) return (value / 1e9).toFixed(3) + ' s';
    return value >= 1e6 ? (value / 1e6).toFixed(2) + ' ms' : (value / 1e3).toFixed(1) + ' µs';
  }
  const text = value.toLocaleString('en-US', {maximumFractionDigits: scale === 1 ? 0 : 2});
  return `${text} ${value === 1 && unit === 'samples' ? 'sample' : unit}`;
}

let app = {facts: JSON.parse($('page-facts').textContent)};

(async () => {
  const began = performance.now();
  try {
    const data = $('page-data');
    const bytes = await unpack(data.textContent.trim());
    data.remove();
    const model = readModel(bytes, app.facts);
    document.body.classList.remove('loading');
    app = new App(model);
    requestAnimationFrame(() => requestAnimationFrame(() => {
      app.firstPicture = performance.now();
      app.loading = app.firstPicture - began;
    }));
    window.prof = app;  // for the console, and for tests
  } catch (error) {
    document.body.classList.remove('loading');
    document.body.classList.add('failed');
    $('status').textContent = 'This page cannot be shown: ' + error.message;
    console.error(error);
  }
})();
