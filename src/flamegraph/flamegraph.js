(function () {
  'use strict';
  // The picture stands without this script; with it frames zoom, are searched and fill the window.
  var script = document.currentScript;
  var root = (script && script.closest && script.closest('svg.prof')) || document.querySelector('svg.prof');
  var alone = root === document.documentElement;
  var byId = function (id) { return root.querySelector('#' + id); };
  var number = function (name) { return Number(root.getAttribute('data-' + name)); };
  var pad = number('pad');
  var whole = number('whole');
  var frameHeight = number('frame-height');
  var fluid = root.getAttribute('data-fluid') === '1';
  var nameType = root.getAttribute('data-name-type');
  var right = byId('right'), status = byId('status'), bar = byId('bar'), details = byId('details');
  var matched = byId('matched'), unzoomButton = byId('unzoom'), ignoreCaseButton = byId('ignorecase');
  var statusHome = number('status');
  var cutLeft = root.getAttribute('data-cut') === 'left';

  var fontSize = Number(root.getAttribute('font-size'));

  // Frames as the file gives them: x and w in units of weight, d the distance from the root. What a
  // differential has below, in a panel of its own, counts d from BELOW on, and has its own whole.
  var frames = [];
  var BELOW = 1e6;
  var rootY = null, belowY = null, belowRoot = -1;
  var below = byId('below');
  Array.prototype.forEach.call(root.querySelectorAll('#frames g, #below g'), function (g, index) {
    var rect = g.querySelector('rect'), title = g.querySelector('title');
    var y = Number(rect.getAttribute('y'));
    var isBelow = below !== null && below.contains(g);
    if (!isBelow && rootY === null) rootY = y;
    if (isBelow && belowY === null) {
      belowY = y;
      belowRoot = index;
    }
    g.prof_index = index;
    frames.push({
      below: isBelow,
      g: g, rect: rect, text: g.querySelector('text'), title: title.textContent,
      name: title.textContent.replace(/ \([^()]*%\)$/, ''),
      x: Number(g.getAttribute('data-x')), w: Number(g.getAttribute('data-w')),
      d: isBelow ? BELOW + Math.round(Math.abs(y - belowY) / frameHeight) :
          Math.round(Math.abs(y - rootY) / frameHeight),
      shown: true,
      textY: (y + (frameHeight - 1) / 2 + fontSize * .35).toFixed(1)
    });
  });
  if (!frames.length) return;

  var state = { zoom: 0, query: '', ignoreCase: false };
  var width = Number(root.getAttribute('width'));
  var legendLines = Array.prototype.reduce.call(root.querySelectorAll('#legend > g'), function (most, entry) {
    return Math.max(most, Number(entry.getAttribute('transform').split(',')[1].slice(0, -1)) / 16);
  }, 0);

  // --- text -----------------------------------------------------------------------------------

  var advances = new Map();
  var pen = (function () {
    var canvas = document.createElementNS('http://www.w3.org/1999/xhtml', 'canvas');
    var context = canvas.getContext && canvas.getContext('2d');
    if (!context) return null;
    var style = window.getComputedStyle(details);
    context.font = style.fontSize + ' ' + style.fontFamily;
    return context;
  })();

  function advance(character) {
    var known = advances.get(character);
    if (known === undefined) {
      known = pen ? pen.measureText(character).width : number('font-width');
      advances.set(character, known);
    }
    return known;
  }

  // As much of the name as fits, ".." for the rest; nothing where not even a few letters do.
  function fitted(name, room) {
    var dots = 2 * advance('.');
    if (room < dots + 6) return '';
    var used = 0, keep = '', whole_fits = true;
    for (var character of cutLeft ? Array.from(name).reverse() : name) {
      var next = used + advance(character);
      if (next > room) { whole_fits = false; break; }
      if (next + dots <= room) keep = cutLeft ? character + keep : keep + character;
      used = next;
    }
    if (whole_fits) return name;
    return !keep.length ? '' : cutLeft ? '..' + keep : keep + '..';
  }

  // Frames that had no room for a text get one once they have.
  function label(frame, left, text) {
    if (!frame.text) {
      if (text === '') return;
      frame.text = document.createElementNS('http://www.w3.org/2000/svg', 'text');
      frame.text.setAttribute('y', frame.textY);
      frame.g.appendChild(frame.text);
    }
    frame.text.setAttribute('x', (left + 4).toFixed(2));
    if (text !== frame.text.textContent) frame.text.textContent = text;
  }

  // --- geometry -------------------------------------------------------------------------------

  // What the full width shows of a panel: all, but for the panel of the frame that was zoomed into.
  function view(isBelow) {
    var frame = frames[state.zoom];
    if (state.zoom !== 0 && frame.below === isBelow) return frame;
    return isBelow ? { x: 0, w: Number(below.getAttribute('data-whole')), d: BELOW } : { x: 0, w: whole, d: 0 };
  }

  function place(frame, v, scale) {
    var isAncestor = frame.d < v.d && frame.x <= v.x && frame.x + frame.w >= v.x + v.w;
    var isInside = frame.d >= v.d && frame.x >= v.x && frame.x + frame.w <= v.x + v.w;
    var show = isAncestor || isInside;
    if (show !== frame.shown) {
      frame.g.classList.toggle('hide', !show);
      frame.shown = show;
    }
    if (!show) return;
    frame.g.classList.toggle('ancestor', isAncestor);
    var left = pad + (isAncestor ? 0 : (frame.x - v.x) * scale);
    var wide = isAncestor ? v.w * scale : frame.w * scale;
    frame.rect.setAttribute('x', left.toFixed(2));
    frame.rect.setAttribute('width', wide.toFixed(2));
    label(frame, left, fitted(frame.name, wide - 7));
  }

  function draw() {
    [false, true].slice(0, below ? 2 : 1).forEach(function (isBelow) {
      var v = view(isBelow);
      var scale = (width - 2 * pad) / v.w;
      frames.forEach(function (frame) { if (frame.below === isBelow) place(frame, v, scale); });
    });
    unzoomButton.classList.toggle('hide', state.zoom === 0);
    if (field) field.setAttribute('x', fieldX());
  }

  function measure() {
    if (fluid) {
      var room = alone ? root.clientWidth || window.innerWidth : root.getBoundingClientRect().width;
      if (room > 0) width = Math.max(room, 200);
    }
    right.setAttribute('transform', 'translate(' + width + ',0)');
    matched.setAttribute('x', width - pad);
    bar.setAttribute('width', width);
    placeLegend();
  }

  // The entries below the picture go on in the next line where the window ends.
  function placeLegend() {
    var legend = byId('legend');
    if (!legend) return;
    var x = pad, line = 0;
    Array.prototype.forEach.call(legend.children, function (entry) {
      var wide = 13 + entry.querySelector('text').getComputedTextLength();
      if (x > pad && x + wide > width - pad) {
        x = pad;
        ++line;
      }
      entry.setAttribute('transform', 'translate(' + x.toFixed(1) + ',' + 16 * line + ')');
      x += wide + 15;
    });
    var lower = 16 * (line - legendLines);
    if (lower === 0) return;
    legendLines = line;
    Array.prototype.forEach.call(root.querySelectorAll('.note'), function (note) {
      note.setAttribute('y', Number(note.getAttribute('y')) + lower);
    });
    root.setAttribute('height', Number(root.getAttribute('height')) + lower);
  }

  // The line with the details stays in sight when the picture is taller than the window.
  function keepStatusInSight() {
    var box = root.getBoundingClientRect();
    var lowest = window.innerHeight - box.top - 25;
    var floats = lowest < statusHome && lowest > 0;
    var busy = details.textContent.trim() !== '' || matched.textContent !== '';
    status.setAttribute('transform', 'translate(0,' + (floats ? lowest : statusHome) + ')');
    bar.classList.toggle('hide', !(floats && busy));
  }

  // --- zoom and search ------------------------------------------------------------------------

  function zoom(index) {
    state.zoom = index;
    draw();
  }

  function pattern() {
    try {
      return new RegExp(state.query, state.ignoreCase ? 'i' : '');
    } catch (error) {
      return null;
    }
  }

  // Nested matches count once: what lies in the range of a match to the left is already counted.
  function share(matches) {
    matches.sort(function (a, b) { return a.x - b.x || b.w - a.w; });
    var sum = 0, end = -1;
    matches.forEach(function (frame) {
      if (frame.x + frame.w <= end) return;
      sum += frame.w;
      end = frame.x + frame.w;
    });
    return 100 * sum / frames[0].w;
  }

  function search() {
    var regex = state.query === '' ? null : pattern();
    var matches = [];
    frames.forEach(function (frame, index) {
      var hit = regex !== null && index > 0 && index !== belowRoot && regex.test(frame.name);
      frame.g.classList.toggle('match', hit);
      if (hit && !frame.below) matches.push(frame);
    });
    var bad = state.query !== '' && regex === null;
    if (query) query.classList.toggle('bad', bad);
    var percent = share(matches);
    matched.textContent = state.query === '' ? '' : bad ? 'Not a regular expression' :
        'Matched: ' + (percent === 100 ? '100' : percent.toFixed(1)) + '%';
    byId('search').classList.toggle('on', state.query !== '');
    ignoreCaseButton.classList.toggle('on', state.ignoreCase);
    keepStatusInSight();
  }

  function toggleIgnoreCase() {
    state.ignoreCase = !state.ignoreCase;
    search();
    remember(false);
  }

  // --- the search field -----------------------------------------------------------------------

  var field = null, query = null;

  function fieldX() {  // left of the buttons that are shown
    return state.zoom === 0 ? -316 : -406;
  }

  function openSearch() {
    if (!field) makeField();
    field.classList.remove('hide');
    query.value = state.query;
    query.focus({ preventScroll: true });
    query.select();
  }

  function closeSearch() {
    if (field) field.classList.add('hide');
    if (query) query.blur();
  }

  function makeField() {
    field = document.createElementNS('http://www.w3.org/2000/svg', 'foreignObject');
    field.setAttribute('x', fieldX());
    field.setAttribute('y', '10');
    field.setAttribute('width', '200');
    field.setAttribute('height', '22');
    query = document.createElementNS('http://www.w3.org/1999/xhtml', 'input');
    query.id = 'query';
    query.type = 'text';
    query.placeholder = 'regular expression';
    query.setAttribute('aria-label', 'Search for a regular expression');
    query.spellcheck = false;
    query.autocomplete = 'off';
    field.appendChild(query);
    right.appendChild(field);
    query.addEventListener('input', function () {
      state.query = query.value;
      search();
      remember(false);
    });
  }

  // --- state in the address -------------------------------------------------------------------

  // ?x= and y= name the zoomed frame by its place, s= is the search, i=1 ignores case.
  function remember(asNewEntry) {
    if (!alone) return;
    var url = new URL(window.location.href);
    var set = function (name, value) {
      if (value === null) url.searchParams.delete(name);
      else url.searchParams.set(name, value);
    };
    var frame = frames[state.zoom];
    set('x', state.zoom === 0 ? null : frame.x);
    set('y', state.zoom === 0 ? null : frame.d);
    set('s', state.query === '' ? null : state.query);
    set('i', state.ignoreCase ? '1' : null);
    try {
      window.history[asNewEntry ? 'pushState' : 'replaceState'](null, '', url.href);
    } catch (error) {
      // Some browsers keep the address of a local file as it is. Nothing else depends on it.
    }
  }

  function restore() {
    if (alone) {
      var from = new URL(window.location.href).searchParams;
      var x = Number(from.get('x')), d = Number(from.get('y'));
      state.zoom = 0;
      if (from.has('x') && from.has('y')) {
        frames.forEach(function (frame, index) {
          if (frame.d === d && frame.x === x) state.zoom = index;
        });
      }
      state.query = from.get('s') || '';
      state.ignoreCase = from.get('i') === '1';
    }
    draw();
    search();
  }

  // --- keys -------------------------------------------------------------------------------------

  // The frame that arrows move from: marked, described below the picture, and so read out.
  var focused = -1;
  var rootIsLow = frames.length < 2 || Number(frames[1].rect.getAttribute('y')) < rootY;

  function focusOn(index) {
    if (focused >= 0) frames[focused].g.classList.remove('focus');
    focused = index;
    details.textContent = index < 0 ? ' ' : describe(index);
    if (index >= 0) {
      frames[index].g.classList.add('focus');
      var box = frames[index].rect.getBoundingClientRect();
      if (box.top < 0) window.scrollBy(0, box.top - frameHeight);
      else if (box.bottom > window.innerHeight - 30) window.scrollBy(0, box.bottom - window.innerHeight + 30 + frameHeight);
    }
    keepStatusInSight();
  }

  function describe(index) {
    return nameType + ' ' + frames[index].title;
  }

  function parentOf(index) {
    var frame = frames[index];
    for (var i = index - 1; i >= 0; --i) {
      var other = frames[i];
      if (other.d === frame.d - 1 && other.x <= frame.x && other.x + other.w >= frame.x + frame.w) return i;
    }
    return -1;
  }

  function widestChildOf(index) {
    var frame = frames[index], best = -1;
    frames.forEach(function (other, i) {
      var inside = other.d === frame.d + 1 && other.x >= frame.x && other.x + other.w <= frame.x + frame.w;
      if (inside && other.shown && (best < 0 || other.w > frames[best].w)) best = i;
    });
    return best;
  }

  // The next frame of the same level that is shown; levels lie in the file from left to right.
  function besides(index, step) {
    for (var i = index + step; i >= 0 && i < frames.length && frames[i].d === frames[index].d; i += step) {
      if (frames[i].shown) return i;
    }
    return -1;
  }

  function move(key) {
    if (focused < 0 || !frames[focused].shown) {
      focusOn(state.zoom);
      return;
    }
    var outwards = key === (rootIsLow ? 'ArrowUp' : 'ArrowDown');
    var next = key === 'ArrowLeft' ? besides(focused, -1) : key === 'ArrowRight' ? besides(focused, 1) :
        outwards ? widestChildOf(focused) : parentOf(focused);
    if (next >= 0) focusOn(next);
  }

  // --- events ---------------------------------------------------------------------------------

  function frameOf(event) {
    var g = event.target.closest ? event.target.closest('.frame') : null;
    return g ? g.prof_index : -1;
  }

  function resetZoom() {
    if (state.zoom === 0) return;
    zoom(0);
    remember(true);
  }

  var buttons = { unzoom: resetZoom, search: openSearch, ignorecase: toggleIgnoreCase };

  root.addEventListener('click', function (event) {
    var button = event.target.closest ? event.target.closest('.button') : null;
    if (button) {
      buttons[button.id]();
      return;
    }
    var index = frameOf(event);
    if (index < 0 || index === state.zoom) return;
    zoom(index);
    remember(true);
  });

  root.addEventListener('mouseover', function (event) {
    var index = frameOf(event);
    details.textContent = index >= 0 ? describe(index) : focused >= 0 ? describe(focused) : ' ';
    keepStatusInSight();
  });

  root.addEventListener('mouseleave', function () {
    details.textContent = focused >= 0 ? describe(focused) : ' ';
    keepStatusInSight();
  });

  window.addEventListener('keydown', function (event) {
    var typing = event.target === query;
    var control = (event.ctrlKey || event.metaKey) && !event.altKey;
    var key = event.key;
    if (event.target.classList && event.target.classList.contains('button') &&
        (key === 'Enter' || key === ' ')) {
      event.preventDefault();
      buttons[event.target.id]();
    } else if (key === 'F3' || (control && key === 'f') || (key === '/' && !typing && !control)) {
      if (!alone && !root.matches(':hover')) return;
      event.preventDefault();
      openSearch();
    } else if (control && key === 'i') {
      event.preventDefault();
      toggleIgnoreCase();
    } else if (key === 'Enter' && typing) {
      closeSearch();
    } else if (/^Arrow/.test(key) && !typing && !control && !event.altKey) {
      if (!alone && document.activeElement !== root) return;
      event.preventDefault();
      move(key);
    } else if (key === 'Enter' && focused >= 0 && !control) {
      if (focused === state.zoom) return;
      zoom(focused);
      remember(true);
    } else if (key === 'Escape') {
      if (state.query !== '' || typing) {
        state.query = '';
        closeSearch();
        search();
        remember(false);
      } else if (state.zoom !== 0) {
        resetZoom();
      } else {
        focusOn(-1);
      }
    }
  });

  window.addEventListener('resize', function () {
    measure();
    draw();
    keepStatusInSight();
  });
  window.addEventListener('scroll', keepStatusInSight);
  window.addEventListener('popstate', restore);

  if (fluid) {
    root.removeAttribute('viewBox');
    // An <object> takes its size from the width attribute, and already made the root as wide as
    // itself: there the attribute stays.
    var embedded = alone && window.parent !== window &&
        Math.abs(root.getBoundingClientRect().width - window.innerWidth) < 1;
    if (!embedded) root.setAttribute('width', '100%');
  }
  // Without the script this is an image; with it, something to move about in.
  root.setAttribute('role', 'application');
  root.setAttribute('aria-roledescription', 'flame graph');
  root.setAttribute('aria-describedby', 'details');
  root.setAttribute('tabindex', '0');
  details.setAttribute('aria-live', 'polite');
  byId('tools').classList.remove('hide');
  measure();
  restore();
})();
