// The recording as it lies in the page: names, frames, the tree of stacks, threads and samples, as
// flamegraph/page_data.cpp wrote them: gzip, in base64, numbers as LEB128.

const NONE = -1;

async function unpack(base64) {
  const text = atob(base64);
  const packed = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) packed[i] = text.charCodeAt(i);
  if (typeof DecompressionStream === 'undefined') {
    throw new Error('this browser cannot decompress (Chrome 80, Firefox 113 and Safari 16.4 can)');
  }
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

class Bytes {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }
  number() {
    const bytes = this.bytes;
    let byte = bytes[this.at++];
    if (byte < 128) return byte;
    let value = byte & 127;
    let scale = 128;
    do {
      byte = bytes[this.at++];
      value += (byte & 127) * scale;
      scale *= 128;
    } while (byte >= 128);
    return value;
  }
  column(Type, count) {
    const column = new Type(count);
    for (let i = 0; i < count; i++) column[i] = this.number();
    return column;
  }
  text(size) {
    const text = new TextDecoder().decode(this.bytes.subarray(this.at, this.at + size));
    this.at += size;
    return text;
  }
}

// What the facts of the page call the kinds of frames, in the order of FrameKind.
const KINDS = ['process', 'user', 'kernel', 'jit', 'inlined', 'unknown', 'other', 'wall'];

// frames: name, dso, file are strings; kind is an index of KINDS. Their numbers are in the order of
// their names.
// nodes: depth first, children in the order of their frames; parent is NONE for roots; event is of
// their root.
// samples, in the order of their times; in milliseconds since the first. Without samples, `self`
// has what the nodes weigh themselves.
function readModel(bytes, facts) {
  const input = new Bytes(bytes);
  const size = input.number();
  const strings = input.text(size).split('\0');
  const model = {facts, strings};

  const frames = input.number();
  const names = input.column(Uint32Array, frames);
  const dsos = input.column(Uint32Array, frames);
  const files = input.column(Uint32Array, frames);
  model.frameKind = input.column(Uint8Array, frames);
  const texts = (column) => Array.from(column, (number) => strings[number]);
  model.frameName = texts(names);
  model.frameDso = texts(dsos);
  model.frameFile = texts(files);
  model.frames = frames;

  const nodes = input.number();
  model.nodes = nodes;
  const up = input.column(Uint32Array, nodes);
  model.frame = input.column(Uint32Array, nodes);
  model.parent = new Int32Array(nodes);
  model.event = new Uint8Array(nodes);
  const path = [];
  for (let i = 0, depth = -1; i < nodes; i++) {
    depth += 1 - up[i];
    model.parent[i] = depth > 0 ? path[depth - 1] : NONE;
    path[depth] = i;
  }
  for (let i = 0; i < nodes; i++) {
    const parent = model.parent[i];
    model.event[i] = parent === NONE ? input.number() : model.event[parent];
  }

  const threads = input.number();
  model.threads = [];
  for (let i = 0; i < threads; i++) {
    const pid = input.number() - 1;
    const tid = input.number() - 1;
    model.threads.push({pid, tid, comm: strings[input.number()]});
  }
  const samples = input.number();
  model.samples = samples;
  if (samples === 0) {
    model.self = input.column(Float64Array, nodes);
    return model;
  }
  model.time = new Float64Array(samples);
  for (let i = 0, time = 0; i < samples; i++) model.time[i] = (time += input.number()) / 1000;
  model.sampleNode = input.column(Uint32Array, samples);
  model.sampleThread = input.column(Uint32Array, samples);
  model.sampleWeight = input.column(Float64Array, samples);
  return model;
}

// What each node weighs itself: the samples of an event in a range of time ([from, to) in ms, or
// null for all) and of chosen threads (a Set of their indices, or null for all).
function selfWeights(model, event, range, threads) {
  const self = new Float64Array(model.nodes);
  if (model.samples === 0) {
    for (let i = 0; i < model.nodes; i++) if (model.event[i] === event) self[i] = model.self[i];
    return self;
  }
  const first = range ? firstAtLeast(model.time, range.from) : 0;
  const last = range ? firstAtLeast(model.time, range.to) : model.samples;
  for (let i = first; i < last; i++) {
    const node = model.sampleNode[i];
    if (model.event[node] !== event) continue;
    if (threads && !threads.has(model.sampleThread[i])) continue;
    self[node] += model.sampleWeight[i];
  }
  return self;
}

// The index of the first of an ascending array that is not below value.
function firstAtLeast(array, value, low = 0, high = array.length) {
  while (low < high) {
    const middle = (low + high) >> 1;
    if (array[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
