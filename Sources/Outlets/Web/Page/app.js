// SPDX-License-Identifier: GPL-3.0-or-later

// The page: puts the feed's events where they are shown. Events only note what has changed; an animation frame draws it,
// so that a page in the background costs next to nothing, and no event waits for drawing.

import { Cards } from './cards.js';
import { Log, Shares } from './changes.js';
import { Feed } from './feed.js';
import { useLabels } from './palette.js';
import { Strip } from './strip.js';
import * as text from './text.js';
import { Timeline } from './timeline.js';

const parts = {};
for (const id of ['banner', 'connection', 'clock', 'trouble', 'find', 'search', 'nothing', 'source', 'about']) {
  parts[id] = document.getElementById(id);
}
const timelines = new Map();
const cards = new Cards(document.getElementById('cards'), (name) => choose(name === chosen ? '' : name));
const strip = new Strip(timelines, () => feed.now);
const log = new Log();
const shares = new Shares();

let chosen = new URLSearchParams(location.search).get('source') ?? '';
let onlyTrouble = false;
let lateLanes = new Set();
let isFrameDue = false;
let areSharesLate = true;

const feed = new Feed({
  start(description, sources, estimates) {
    useLabels(description.model.labels);
    timelines.clear();
    for (const source of sources) timelines.set(source.name, new Timeline());
    cards.use(sources, description.model.labels);
    for (const estimate of estimates) this.estimate(estimate);
    if (!timelines.has(chosen)) chosen = '';
    writeSources([...timelines.keys()]);
    const model = description.model.path.split('/').at(-1).replace(/\.safetensors$/, '');
    text.write(parts.about, `genred ${description.version} · model ${model}`);
    show();
    frame();
  },

  history(changes) {
    for (const name of timelines.keys()) timelines.set(name, new Timeline());
    for (const change of changes) timelines.get(change.source)?.add(change);
    for (const [name, timeline] of timelines) {
      const { estimate } = cards.all.get(name);
      if (estimate) timeline.hear(estimate, Date.parse(estimate.time));
    }
    log.start(changes);
    document.documentElement.dataset.history = 'read';
    show();
    frame();
    performance.mark('genred-ready');
  },

  estimate(estimate) {
    const card = cards.all.get(estimate.source);
    if (!card) return feed.restart();
    const isNew = card.estimate?.label !== estimate.label;
    card.hear(estimate);
    timelines.get(estimate.source).hear(estimate, Date.parse(estimate.time));
    if (isNew) {
      writeTitle();
      if (parts.search.value) filter();
    }
    later();
  },

  change(change) {
    const timeline = timelines.get(change.source);
    if (!timeline) return change.to === 'stopped' ? undefined : feed.restart();
    timeline.add(change);
    log.add(change);
    lateLanes.add(change.source);
    areSharesLate = true;
    later();
  },

  device(device) {
    const card = cards.all.get(device.source);
    if (!card) return;
    card.device({ ...card.source, state: device.state, message: device.message });
    writeTrouble();
    later();
  },

  sources(sources) {
    const isSame = sources.length === cards.all.size && sources.every((source) => cards.all.has(source.name));
    if (!isSame) return feed.restart();
    for (const source of sources) cards.all.get(source.name).device(source);
    writeTrouble();
    later();
  },

  state() { writeState(); },
});

// MARK: Drawing

function later() {
  if (isFrameDue) return;
  isFrameDue = true;
  requestAnimationFrame(frame);
}

function frame() {
  isFrameDue = false;
  const now = feed.now;
  cards.draw(now, feed.state === 'live');
  log.draw(now);
  for (const name of lateLanes) strip.draw(name);
  lateLanes.clear();
  if (!areSharesLate) return;
  areSharesLate = false;
  shares.draw(chosen ? [timelines.get(chosen)] : timelines.values(), now);
}

setInterval(() => {
  text.write(parts.clock, text.clock(Date.now()));
  if (document.hidden) return;
  strip.follow();
  later();
}, 1000);

setInterval(() => {
  const now = feed.now;
  for (const timeline of timelines.values()) timeline.forget(now);
  log.forget(now);
  if (document.hidden) return;
  areSharesLate = true;
  strip.tick();
  later();
}, 10000);

document.addEventListener('visibilitychange', () => {
  if (document.hidden) return;
  areSharesLate = true;
  strip.tick();
  later();
});

// MARK: What is shown

/** Shows the chosen source below, or all. */
function choose(name) {
  chosen = name;
  const address = new URL(location.href);
  if (name) address.searchParams.set('source', name);
  else address.searchParams.delete('source');
  history.replaceState(null, '', address);
  show();
}

function show() {
  parts.source.value = chosen;
  for (const [name, card] of cards.all) {
    card.parts.pick.setAttribute('aria-pressed', name === chosen);
    card.root.classList.toggle('chosen', name === chosen);
  }
  log.use(chosen, timelines.size > 1);
  areSharesLate = true;
  parts.find.hidden = timelines.size <= 6;
  writeTitle();
  writeTrouble();
  filter();
  later();
}

function filter() {
  const wanted = parts.search.value.trim().toLowerCase();
  const names = [];
  for (const [name, card] of cards.all) {
    const matches = card.words.includes(wanted) && (!onlyTrouble || card.needsAttention);
    if (card.root.hidden === matches) card.root.hidden = !matches;
    if (chosen ? name === chosen : matches) names.push(name);
  }
  const found = names.length > 0 || chosen !== '';
  parts.nothing.hidden = found;
  if (!found) text.write(parts.nothing, cards.all.size ? 'No source matches.' : 'genred has no sources.');
  strip.use(names);
}

function writeSources(names) {
  const options = [['', 'all'], ...names.map((name) => [name, name])];
  parts.source.replaceChildren(...options.map(([value, name]) => new Option(name, value)));
  parts.source.parentElement.hidden = names.length < 2;
}

function writeTitle() {
  const first = cards.all.values().next().value;
  const name = first?.source.name ?? 'genred';
  const word = feed.state === 'live' || feed.state === 'connecting' ? first?.estimate?.label : 'away';
  const title = word ? `${word} · ${name}` : name;
  if (document.title !== title) document.title = title;
}

function writeTrouble() {
  const count = [...cards.all.values()].filter((card) => card.needsAttention).length;
  if (!count && onlyTrouble) {
    onlyTrouble = false;
    filter();
  }
  parts.trouble.hidden = count === 0;
  parts.trouble.setAttribute('aria-pressed', onlyTrouble);
  text.write(parts.trouble, count === 1 ? '1 source has no signal' : `${count} sources have no signal`);
}

let wasLive = false;

function writeState() {
  const { state, reason } = feed;
  wasLive ||= state === 'live';
  const words = { connecting: 'Connecting', live: 'Live', 'daemon-away': 'genred is away', 'server-away': 'No connection' };
  parts.connection.dataset.state = state;
  text.write(parts.connection.lastElementChild, words[state]);
  document.documentElement.dataset.state = state;
  const isAway = state.endsWith('-away');
  parts.banner.hidden = !isAway;
  const problem = state === 'daemon-away'
    ? `genred is away${reason ? `: ${reason.replace(/\.+$/, '')}` : ''}.`
    : 'This page has lost its connection to genred-outlet.';
  text.write(parts.banner, isAway ? `${problem} The page tries again by itself${wasLive ? '; what it shows is from before' : ''}.` : '');
  writeTitle();
  later();
}

parts.source.addEventListener('change', () => choose(parts.source.value));
parts.search.addEventListener('input', filter);
parts.trouble.addEventListener('click', () => {
  onlyTrouble = !onlyTrouble;
  writeTrouble();
  filter();
});
text.write(parts.clock, text.clock(Date.now()));
