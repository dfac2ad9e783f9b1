// Colours, for light and for dark eyes. What a frame's colour tells is chosen by the user: the kind
// of its code, its binary, its share of self time, or the difference of two ranges.

const LIGHT = {
  background: '#ffffff', quiet: '#5c6470', frameText: '#15181d', outline: '#15181d', focus: '#1253c4',
  match: '#ee00ee', cell: '#f0f2f5', heat: ['#fde8d7', '#f7b583', '#ee7d3b', '#cf4a12', '#8c2304', '#3f0e00'],
  selection: '#1253c4', baseline: '#0b7a4b', lightness: 0,
};
const DARK = {
  background: '#15181d', quiet: '#9aa4b2', frameText: '#0d0f12', outline: '#f3f5f7', focus: '#7fb0ff',
  match: '#ff4dff', cell: '#20252c', heat: ['#3b2417', '#71381a', '#ad5220', '#e07a34', '#f6ae74', '#fde2c9'],
  selection: '#7fb0ff', baseline: '#4fd39b', lightness: -9,
};

let theme = LIGHT;

function themeNow() {
  return theme;
}

function chooseTheme(wanted) {
  const dark = wanted === 'dark' || (wanted !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
  theme = dark ? DARK : LIGHT;
  document.documentElement.dataset.theme = dark ? 'dark' : 'light';
}

// Hue and saturation of each of KINDS; the lightness of a name is one of SHADES.
const KIND_HUES = {
  process: [215, 14], user: [38, 88], kernel: [205, 62], jit: [140, 48], inlined: [58, 78],
  unknown: [0, 0], other: [28, 85], wall: [275, 45],
};
const KIND_NAMES = {
  process: 'process', user: 'user', kernel: 'kernel', jit: 'JIT', inlined: 'inlined',
  unknown: 'no symbol', other: 'function', wall: 'waiting',
};
const SHADES = 7;

function hashOf(text) {
  let hash = 2166136261;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 16777619);
  return (hash ^ (hash >>> 13)) >>> 0;
}

function hsl(hue, saturation, lightness) {
  return `hsl(${hue} ${saturation}% ${lightness + theme.lightness}%)`;
}

// Each frame's colour by kind or by binary, as an array; made once for each theme and choice.
function frameColours(model, by) {
  const shades = Array.from({length: model.frames}, (_, frame) => hashOf(model.frameName[frame]) % SHADES);
  return shades.map((shade, frame) => {
    const kind = KINDS[model.frameKind[frame]];
    let [hue, saturation] = KIND_HUES[kind];
    if (by === 'dso' && kind !== 'process' && kind !== 'wall') {
      if (!model.frameDso[frame]) [hue, saturation] = [0, 0];
      else [hue, saturation] = [hashOf(model.frameDso[frame]) % 36 * 10, 60];
    } else if (kind === 'user' || kind === 'other') {
      hue += shade * 2 - 8;
    }
    return hsl(hue, saturation, 62 + shade * 2.5);
  });
}

const SELF_STEPS = 24;

// From pale to strong: the part of a frame's total that is its own.
function shareColour(share) {
  const step = Math.round(Math.min(1, share) * SELF_STEPS) / SELF_STEPS;
  return hsl(40 - 34 * step, 20 + 70 * step, 84 - 30 * step);
}

// Red is more, blue is less, grey is what may be chance: within two standard deviations of Poisson's
// law, where `unit` is the weight of one sample.
function differenceColour(part, whole, basePart, baseWhole, unit) {
  if (!whole || !baseWhole) return hsl(0, 0, 80);
  const now = part / whole;
  const before = basePart / baseWhole;
  const noise = 2 * Math.sqrt(part * unit / whole ** 2 + basePart * unit / baseWhole ** 2);
  const change = now - before;
  if (Math.abs(change) <= noise) return hsl(0, 0, 82);
  const strength = Math.round(Math.min(1, Math.abs(change) / Math.max(now, before)) * 12) / 12;
  return change > 0 ? hsl(4, 85, 84 - 24 * strength) : hsl(216, 80, 86 - 22 * strength);
}
